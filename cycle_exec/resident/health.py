"""What `cycle-exec health` concludes from what it can see, as a pure function.

A health check that fails makes the platform restart or avoid the instance: it must not fail in all
instances at once because the platform itself has a bad day.
"""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.resident import status as statuses
from cycle_exec.resident.link import OUTAGE
from cycle_exec.resident.status import FAILING, RESTARTING, RUNNING, STARTING, STOPPING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.resident.status import Facts, Status

RELOAD, INIT, PLAIN, SILENT = "reload", "init", "plain", "unknown"
_DAY = 86_400.0
_DOWN = {
    STARTING: "the app has not been started yet",
    STOPPING: "the app is being stopped",
    RESTARTING: "the app is being started again",
    FAILING: "the app cannot be started again; this is retried",
}
# What nobody can tell, and what would.
_UNKNOWN = {
    INIT: ("contact with the platform", "--reload"),
    PLAIN: ("whether it is being stopped, and contact with the platform", "--init or --reload"),
    SILENT: ("how the app is", "a kernel that lets the supervisor write to its command line"),
}


class Seen(Record):
    """What can be seen. status: what a supervisor tells; None: nothing. mode: which of the four.

    now: of the monotonic clock. wall: the same moment of the other one.
    """

    mode: str
    status: Status | None
    now: float
    wall: float


class Verdict(Record):
    """What comes of it: whether all is well, in a line, and in members for programs."""

    healthy: bool
    line: str
    members: dict[str, object]


def judged(seen: Seen, *, strict: bool = False, max_age: float | None = None) -> Verdict:
    """Return the verdict. strict: what is unwell with the platform or its data counts. max_age: the
    last proof of contact may be this old.
    """
    app = seen.status.app if seen.status else ""
    has_watcher = seen.mode == RELOAD and seen.status is not None
    facts = seen.status.facts if seen.status and has_watcher else statuses.Facts()
    age = _age(facts, seen.now) if has_watcher else None
    concerns = _concerns(seen, facts) if has_watcher else []
    failures = [_DOWN[app]] if app in _DOWN else []
    if not failures and strict:
        failures += concerns
    if not failures and max_age is not None:
        failures += _too_old(age, max_age)
    said = failures or [_running(app), *concerns]
    if not failures and has_watcher:
        said.append(_contact(facts, age))
    what, by = _UNKNOWN.get(seen.mode, ("", ""))
    if not failures and what:
        said.append(f"not known: {what} (that takes {by})")
    members: dict[str, object] = {
        "healthy": not failures,
        "app": app or None,
        "mode": seen.mode,
        "watcher": seen.status.watcher == statuses.UP if seen.status and has_watcher else None,
        "connected": facts.connected if has_watcher else None,
        "contact_age_seconds": None if age is None else round(age, 1),
        "outage_seconds": _since(_outage(facts), seen.now),
        "refused_seconds": _since(facts.refused, seen.now),
        "days_left": None if facts.ends is None else int((facts.ends - seen.wall) // _DAY),
        "concerns": concerns,
        "failures": failures,
        "unknown": what or None,
    }
    word = "unhealthy" if failures else "healthy"
    return Verdict(healthy=not failures, line=f"{word}: {'; '.join(said)}", members=members)


def _running(app: str) -> str:
    return "the app is running" if app == RUNNING else "PID 1 is running"


def _concerns(seen: Seen, facts: Facts) -> list[str]:
    """Return what is no reason to restart an app, and yet not as it should be."""
    assert seen.status is not None
    found = []
    if seen.status.watcher != statuses.UP:
        found.append("there is no watcher; another one is about to be started")
    outage = _since(_outage(facts), seen.now)
    if outage is not None and outage >= OUTAGE:
        found.append(f"no connection to the platform for {_duration(outage)}")
    refused = _since(facts.refused, seen.now)
    if refused is not None:
        found.append(f"no reload has worked for {_duration(refused)}")
    if not facts.connected and facts.contact is None:
        found.append("no contact with the platform since the start")
    if facts.ends is not None and facts.few is not None and seen.wall >= facts.few:
        left = facts.ends - seen.wall
        what = f"expires in {_duration(left)}" if left > 0 else "has expired"
        found.append(f"a certificate {what}")
    return found


def _outage(facts: Facts) -> float | None:
    return None if facts.connected else facts.outage


def _age(facts: Facts, now: float) -> float | None:
    return 0.0 if facts.connected else _since(facts.contact, now)


def _since(moment: float | None, now: float) -> float | None:
    return None if moment is None else round(max(0.0, now - moment), 1)


def _too_old(age: float | None, most: float) -> list[str]:
    if age is None:
        return ["the age of the last contact with the platform is not known"]
    if age > most:
        return [f"the last contact with the platform was {_duration(age)} ago"]
    return []


def _contact(facts: Facts, age: float | None) -> str:
    if facts.connected:
        return "connected to the platform"
    return f"last contact {'unknown' if age is None else _duration(age) + ' ago'}"


def _duration(seconds: float) -> str:
    for unit, length in (("days", _DAY), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
