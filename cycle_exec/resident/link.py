"""The connection for notifications: when it is made, and what is said of its absence."""

from __future__ import annotations

from cycle_exec.resident.schedule import reconnect_delay
from cycle_exec.resident.watching import Connect, Say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.resident.watching import Action, Connected, Lost, Rules, Watching

    Step = tuple[Watching, tuple[Action, ...]]

OUTAGE = 10.0  # seconds without a connection before that is said
LASTING = 5.0  # seconds after which a connection counts
# What the platform answers for a while, and what it means for good.
_PASSING = (0, 401, 403, 408, 425, 429)


def connected(state: Watching, event: Connected, rules: Rules) -> Step:
    """Note that notifications arrive from now on."""
    state = state.replace(
        connected=event.now,
        reconnect=None,
        schedule=state.schedule.connected(event.now, rules.pace),
    )
    return state, (Say(level="info", words="listening for notifications"),)


def lost(state: Watching, event: Lost, rules: Rules) -> Step:
    """Note that none arrive, and when the next connection is made."""
    lasted = state.connected is not None and event.now - state.connected >= LASTING
    failures = 0 if lasted else state.lost
    for_good = event.status not in _PASSING and event.status < 500
    says = for_good and not state.told
    found = state.replace(
        connected=None,
        contact=state.contact if state.connected is None else event.now,
        reconnect=event.now + reconnect_delay(failures, event.jitter),
        lost=failures + 1,
        outage=event.now if state.outage is None else state.outage,
        told=state.told or says,
        why=event.reason,
        schedule=state.schedule.alone(event.now, rules.pace),
    )
    if says:
        return found, (Say(level="warning", words=f"no notifications: {event.reason}; retrying"),)
    return found, (Say(level="info", words=f"notifications: {event.reason}"),)


def moments(state: Watching) -> list[float]:
    """Return the moments at which there is something to do or to say."""
    found = []
    if state.reconnect is not None:
        found.append(state.reconnect)
    if state.outage is not None:
        if not state.told:
            found.append(state.outage + OUTAGE)
        if state.connected is not None:
            found.append(state.connected + LASTING)
    return found


def due(state: Watching, now: float) -> Step:
    """Do what is due: end an outage, say that there is one, connect."""
    actions: list[Action] = []
    outage, connected = state.outage, state.connected
    if outage is not None and connected is not None and now >= connected + LASTING:
        if state.told:
            words = f"notifications arrive again, after {connected - outage:.0f} s without"
            actions.append(Say(level="notice", words=words))
        state = state.replace(outage=None, told=False, lost=0, why="")
    if state.outage is not None and not state.told and now >= state.outage + OUTAGE:
        words = (
            f"no notifications for {OUTAGE:.0f} s: {state.why}; the app keeps running, and the "
            "connection is retried"
        )
        actions.append(Say(level="warning", words=words))
        state = state.replace(told=True)
    if state.reconnect is not None and now >= state.reconnect:
        actions.append(Connect())
        state = state.replace(reconnect=None)
    return state, tuple(actions)
