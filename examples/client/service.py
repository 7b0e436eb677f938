"""A service that calls the platform's API: it registers itself in the object cache, finds its
peers, follows changes, and reports a metric. Run it on the platform, or with the emulator:

    cd examples/client && cycle-exec dev --state state.toml --keep-token -- python service.py
"""

import os
from datetime import UTC, datetime

from cycle_exec import Client, NotFound

LIFETIME = "5m"


def register(cycle: Client, name: str) -> None:
    """Register this instance; the registration expires unless it is repeated."""
    cycle.object_cache_put(
        {"scope": "environment", "key": f"service/{name}", "value": "here", "expires": LIFETIME}
    )


def peers(cycle: Client, name: str) -> list[str]:
    """The other instances of this container that have registered."""
    found = []
    for instance in cycle.container_instances():
        other = instance["hostname"]
        try:
            cycle.object_cache_get("environment", f"service/{other}")
        except NotFound:
            continue
        if other != name:
            found.append(other)
    return found


def report(cycle: Client, changes: int) -> None:
    """Send one gauge: the number of changes that this service has seen."""
    moment = datetime.now(UTC).isoformat()
    points = [{"time": moment, "values": [changes]}]
    cycle.post_metrics([{"metric": "service.changes", "type": "gauge", "points": points}])


def main() -> None:
    """Run until SERVICE_CHANGES changes have been seen, or forever if it is not set."""
    last = int(os.environ.get("SERVICE_CHANGES", "0"))
    seen = 0
    with Client() as cycle:
        name = os.environ.get("SERVICE_NAME") or cycle.container_instances()[0]["hostname"]
        for change in cycle.notifications():
            if change.connected:
                # Changes before the connection were not reported: read the current state.
                register(cycle, name)
                print(f"{name}: peers {peers(cycle, name)}", flush=True)
                continue
            seen += 1
            print(f"{name}: {change.topic}", flush=True)
            report(cycle, seen)
            if seen == last:
                return


if __name__ == "__main__":
    main()
