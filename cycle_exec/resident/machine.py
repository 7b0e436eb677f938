"""The life of the process above the app as a pure function of what happens."""

from __future__ import annotations

from cycle_exec.resident.model import (
    Arrived,
    Asked,
    Deserted,
    Ended,
    Expired,
    Foreground,
    Halted,
    Leave,
    Pause,
    Say,
    Send,
    Start,
    State,
    Wait,
    WatcherEnded,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.resident.model import Action, Event, Terms

    Step = tuple[State, tuple[Action, ...]]

# What a terminal sends to its foreground group: the app has it already.
_OF_THE_TERMINAL = frozenset(("INT", "QUIT", "TSTP", "TTIN", "TTOU", "WINCH"))
_STOPS = frozenset(("TERM", "INT", "QUIT"))
NONE = "NONE"


def step(terms: Terms, state: State, event: Event) -> Step:
    """Return what is done about an event, and where it stands then."""
    match event:
        case Arrived():
            return _arrived(terms, state, event)
        case Asked():
            return _asked(terms, state)
        case WatcherEnded():
            return _watcher_ended(state, _code(event.code))
        case Ended() if state.phase == "restarting" and not state.stopped:
            # Whoever is left of the old group could hold a port that the new app needs.
            restarted = (Send(signal="KILL"), Wait(seconds=0.0), Start())
            return state.replace(phase="running"), restarted
        case Ended():
            return _ended(terms, state, _code(event.code))
        case Halted():
            return _halted(terms, state, event)
        case Expired() if state.phase == "leaving":
            return state, (Send(signal="KILL"), *_leave(terms, state.code))
        case Expired() if state.phase == "restarting":
            return state, (Send(signal="KILL"),)
        case Deserted() if state.phase == "leaving":
            return state, _leave(terms, state.code)
    return state, ()


def _arrived(terms: Terms, state: State, event: Arrived) -> Step:
    with_app = terms.terminal and state.phase != "launching"
    if event.kernel and with_app and event.signal in _OF_THE_TERMINAL:
        return state, ()
    if event.watcher:
        return state, (Send(signal=event.signal),)
    passed_on = terms.signal_map.get(event.signal, event.signal)
    actions: tuple[Action, ...] = () if passed_on == NONE else (Send(signal=passed_on),)
    if event.signal in _STOPS and actions:
        state = state.replace(stopped=True)
    if event.signal == "CONT" and state.phase == "paused":
        return state.replace(phase="running"), (Foreground(app=True), *actions)
    return state, actions


def _asked(terms: Terms, state: State) -> Step:
    match state.phase:
        case "launching":
            return state.replace(phase="running"), (Start(),)
        case "running" | "paused" if not state.stopped:
            wake = (Send(signal="CONT"),) if state.phase == "paused" else ()
            ending = (Send(signal="TERM"), *wake, Wait(seconds=terms.patience))
            return state.replace(phase="restarting"), ending
    # While it restarts, the new plan takes the place of the one that was to be started.
    return state, ()


def _watcher_ended(state: State, code: int) -> Step:
    if state.phase == "launching":
        return state.replace(phase="leaving", code=code), (Leave(code=code),)
    if state.phase == "leaving":
        return state, ()
    return state, (
        Say(words="the watcher has exited: files and environment are no longer updated"),
    )


def _halted(terms: Terms, state: State, event: Halted) -> Step:
    if not terms.terminal or state.phase != "running":
        return state, ()
    if terms.alone:
        # The kernel lets no terminal stop a group that nobody could continue. The app's would
        # be such a group if it were not for us, so its stop is undone.
        return state, (Send(signal="CONT"),) if event.signal == "TSTP" else ()
    return state.replace(phase="paused"), (Foreground(app=False), Pause())


def _ended(terms: Terms, state: State, code: int) -> Step:
    left = state.replace(phase="leaving", code=code)
    if not terms.grace:
        return left, _leave(terms, code)
    return left, (Send(signal="TERM"), Wait(seconds=terms.grace))


def _leave(terms: Terms, code: int) -> tuple[Action, ...]:
    return (*((Foreground(app=False),) if terms.terminal else ()), Leave(code=code))


def _code(code: int) -> int:
    """As a shell has it: 128 and the number of the signal."""
    return code if code >= 0 else 128 - code
