"""Signals for an app that may not listen yet: kept until it has a handler, never sent before."""

from __future__ import annotations

from cycle_exec.resident.model import DEAF as DEAF_TIMER
from cycle_exec.resident.model import HANDLER, LISTEN, Deliver, Say, Wait

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.resident.model import Action, Delivered, State, Wanted

    Step = tuple[State, tuple[Action, ...]]

PACE = 0.2  # seconds between two looks
DEAF = 30.0  # seconds until nobody waits any more
_SURVIVES = 2.0  # seconds after which an app has survived a signal
_WITH_APP = ("running", "paused")


def kept(state: State, signal: str) -> State:
    """Return the state with a signal for the app that is to be started."""
    return state.replace(kept=_with(state.kept, (signal, False)))


def _with(
    kept: tuple[tuple[str, bool], ...], held: tuple[str, bool]
) -> tuple[tuple[str, bool], ...]:
    return kept if held in kept else (*kept, held)


def waiting(state: State) -> tuple[Action, ...]:
    """Return the timers of an app that has signals to come."""
    if not state.kept:
        return ()
    return Wait(timer=LISTEN, seconds=PACE), Wait(timer=DEAF_TIMER, seconds=DEAF)


def forgotten(state: State) -> State:
    """Return the state without the watcher's signals: who is started again needs none."""
    others = tuple(held for held in state.kept if not held[1])
    return state.replace(kept=others, tried=())


def wanted(state: State, event: Wanted) -> Step:
    """Send the app a signal of the watcher's."""
    if state.phase not in _WITH_APP or state.deferred:
        # It will be started with the new data.
        return state, ()
    if event.signal in state.deaf:
        words = f"{event.signal} was not sent: the app has no handler for it"
        return state, (Say(words=words),)
    if state.stopping:
        # If it ends now, it has to be clear by what.
        return state.replace(kept=_with(state.kept, (event.signal, True))), ()
    return state, (Deliver(signal=event.signal),)


def delivered(state: State, event: Delivered) -> Step:
    """Remember what the app was sent, or keep it until there is a handler."""
    mine = (event.signal, True)
    waits = mine in state.kept
    if not event.heard:
        if waits or state.phase not in _WITH_APP or (event.signal, False) in state.kept:
            return state, ()
        started = (Wait(timer=LISTEN, seconds=PACE), Wait(timer=DEAF_TIMER, seconds=DEAF))
        timers = started if not state.kept else (Wait(timer=DEAF_TIMER, seconds=DEAF),)
        return state.replace(kept=(*state.kept, mine)), timers
    left = tuple(held for held in state.kept if held[0] != event.signal)
    tried = tuple(pair for pair in state.tried if pair[0] != event.signal)
    sent = state.replace(kept=left, tried=(*tried, (event.signal, event.number)))
    done = () if left else (Wait(timer=LISTEN, seconds=0.0), Wait(timer=DEAF_TIMER, seconds=0.0))
    return sent, (Wait(timer=HANDLER, seconds=_SURVIVES), *done)


def look(state: State) -> Step:
    """See whether the app listens by now."""
    if state.phase not in _WITH_APP or state.stopping or not state.kept:
        return state, ()
    again = Wait(timer=LISTEN, seconds=PACE)
    return state, (again, *(Deliver(signal=signal) for signal, _ in state.kept))


def given_up(state: State) -> Step:
    """Nobody waits any more for the app to listen."""
    if state.phase not in _WITH_APP or state.stopping:
        return state, ()
    words = [
        f"{signal} of on_change was not sent: the app has had no handler for it for {DEAF:.0f} s"
        for signal, is_ours in state.kept
        if is_ours
    ]
    done = Wait(timer=LISTEN, seconds=0.0)
    return state.replace(kept=()), (*(Say(words=line) for line in words), done)
