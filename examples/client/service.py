"""A service that talks to the platform: it registers itself in the object cache, finds its peers,
follows what changes, and reports a metric. Run it beside the platform or its emulator:

    cd examples/client && cycle-exec dev --state state.toml --keep-token -- python service.py
"""

import os
from datetime import UTC, datetime

from cycle_exec import Client, NotFound

LIFETIME = "5m"


def register(cycle: Client, name: str) -> None:
    """Say that this instance is here, until that is not repeated."""
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
    """One gauge: how many changes this service has seen."""
    moment = datetime.now(UTC).isoformat()
    points = [{"time": moment, "values": [changes]}]
    cycle.post_metrics([{"metric": "service.changes", "type": "gauge", "points": points}])


def main() -> None:
    """Until as many changes have been seen as SERVICE_CHANGES says; for ever without it."""
    last = int(os.environ.get("SERVICE_CHANGES", "0"))
    seen = 0
    with Client() as cycle:
        name = os.environ.get("SERVICE_NAME") or cycle.container_instances()[0]["hostname"]
        for change in cycle.notifications():
            if change.connected:
                # What happened while nobody listened is not told: look.
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
