"""The life of the process above the app as a pure function of what happens."""

from __future__ import annotations

from cycle_exec.resident import listening
from cycle_exec.resident.model import (
    DRAIN,
    GRACE,
    HANDLER,
    START,
    STEADY,
    STOP,
    WATCHER,
    Arrived,
    Delivered,
    Deserted,
    Ended,
    Expired,
    Foreground,
    Halted,
    Leave,
    NewPlan,
    NotStarted,
    Pause,
    Prepare,
    Ready,
    Say,
    Send,
    Start,
    StartWatcher,
    State,
    Wait,
    Wanted,
    WatcherEnded,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.resident.model import Action, Event, Terms

    Step = tuple[State, tuple[Action, ...]]

NONE = "NONE"
# What a terminal sends to its foreground group: the app has it already.
_OF_THE_TERMINAL = frozenset(("INT", "QUIT", "TSTP", "TTIN", "TTOU", "WINCH"))
# What means nothing to who is not there, and would mean something else to who comes later.
_OF_THE_MOMENT = frozenset(("TSTP", "TTIN", "TTOU", "CONT", "WINCH", "URG"))
_STOPS = frozenset(("TERM", "INT", "QUIT"))
_WITH_APP = frozenset(("running", "paused", "ending"))
_WITHOUT_APP = frozenset(("clearing", "absent"))
# Seconds. A platform's stop gives an app so long to end; what runs then goes on.
_STOPS_WITHIN = 30.0
_LEAVES_WITHIN = 0.8  # for a launch that was told to stop, and for what was killed
_PREPARES_WITHIN = 3.0
_LONGEST_PAUSE = 60.0
_STEADY = 60.0


def step(terms: Terms, state: State, event: Event) -> Step:
    """Return what is done about an event, and where it stands then."""
    match event:
        case Arrived():
            return _arrived(terms, state, event)
        case NewPlan():
            return _asked(terms, state)
        case Ready() if state.phase == "absent":
            return _start(state)
        case Wanted():
            return listening.wanted(state, event)
        case Delivered():
            return listening.delivered(state, event)
        case Ended():
            return _ended(terms, state, event.code)
        case NotStarted():
            return _not_started(terms, state, event)
        case Deserted():
            return _deserted(terms, state)
        case Expired():
            return _expired(terms, state, event.timer)
        case WatcherEnded():
            return _watcher_ended(state, event)
        case Halted():
            return _halted(terms, state, event)
    return state, ()


def _arrived(terms: Terms, state: State, event: Arrived) -> Step:
    passed_on = terms.signal_map.get(event.signal, event.signal)
    stops = event.signal in _STOPS or event.signal == terms.stop_signal
    if state.phase == "launching":
        return _arrived_early(terms, state, event, stops)
    if state.phase in _WITHOUT_APP:
        if stops:
            return _stopped_without_app(terms, state, event.number)
        return _kept(terms, state, event.signal), ()
    if passed_on == NONE:
        return state, ()
    # What is typed reaches the app's group by the terminal.
    typed = event.kernel and terms.terminal and event.signal in _OF_THE_TERMINAL
    actions: tuple[Action, ...] = () if typed else (Send(signal=passed_on),)
    if stops and state.phase == "ending":
        return state.replace(stopped=True, code=128 + event.number), actions
    if stops and state.phase in _WITH_APP:
        is_platforms = event.signal in ("TERM", terms.stop_signal)
        code = 128 + event.number
        again = state.held or (state.stopping and state.code == code)
        if terms.drain and is_platforms and not (typed or again or event.early):
            held = state.replace(stopping=True, held=passed_on, code=code)
            return held, (Wait(timer=STOP, seconds=0.0), Wait(timer=DRAIN, seconds=terms.drain))
        if state.held and state.held != passed_on:
            # Whoever asks again does not wait, and neither signal is lost.
            actions = (Send(signal=state.held), *actions)
        return _stopping(terms, state.replace(code=code), is_platforms, actions)
    if event.signal == "CONT" and state.phase == "paused":
        return state.replace(phase="running"), (Foreground(app=True), *actions)
    return state, actions


def _stopping(terms: Terms, state: State, is_platforms: bool, sent: tuple[Action, ...]) -> Step:
    """Wait for the end of an app that was sent a stop signal, or for it to survive that."""
    # Another signal takes nothing of the time that the first one gives.
    before = state.within if state.stopping else 0.0
    within = max(before, terms.patience, _STOPS_WITHIN if is_platforms else 0.0)
    drained = (Wait(timer=DRAIN, seconds=0.0),) if state.held else ()
    stopping = state.replace(stopping=True, held="", within=within)
    return stopping, (*sent, *drained, Wait(timer=STOP, seconds=within))


def _arrived_early(terms: Terms, state: State, event: Arrived, stops: bool) -> Step:
    """Pass it on to the launch, which has not come to the app yet and ends by it.

    One that comes just as it becomes the watcher is the app's, once that is started.
    """
    if not stops:
        return _kept(terms, state, event.signal), (Send(signal=event.signal),)
    # It knows these two, and undoes what it is about.
    known = event.signal if event.signal in ("INT", "TERM") else "TERM"
    if state.stopped:
        return state, (Send(signal=known),)
    stopped = state.replace(stopped=True, code=128 + event.number)
    within = _LEAVES_WITHIN + terms.before
    return stopped, (Send(signal=known), Wait(timer=GRACE, seconds=within))


def _kept(terms: Terms, state: State, signal: str) -> State:
    """Return the state with a signal for the next app, if it means anything to that one."""
    passed_on = terms.signal_map.get(signal, signal)
    if passed_on == NONE or signal in _OF_THE_MOMENT:
        return state
    return listening.kept(state, passed_on)


def _stopped_without_app(terms: Terms, state: State, number: int) -> Step:
    code = 128 + number
    if state.phase == "clearing" and terms.grace and not state.killed:
        # The rest of the group was told to end, and its time runs.
        return State(phase="leaving", code=code), ()
    return State(phase="leaving", code=code), _leave(terms, code)


def _asked(terms: Terms, state: State) -> Step:
    if state.stopped:
        if state.phase == "launching":
            return state.replace(phase="leaving"), (Leave(code=state.code),)
        return state, ()
    match state.phase:
        case "launching":
            return state.replace(phase="running"), (Start(), *listening.waiting(state))
        case "running" | "paused" if state.stopping:
            return state.replace(deferred=True), ()
        case "running" | "paused":
            return _end_it(terms, state)
        case "absent":
            return _start(state)
    # While it restarts, the new plan takes the place of the one that was to be started.
    return state, ()


def _end_it(terms: Terms, state: State) -> Step:
    """Tell the app to end, to be started again."""
    wake = (Send(signal="CONT"),) if state.phase == "paused" else ()
    quiet = listening.forgotten(state)
    ending = quiet.replace(
        phase="ending", code=0, again=True, deferred=False, stopping=False, killed=False
    )
    return ending.replace(failures=0, refusal=""), (
        Wait(timer=HANDLER, seconds=0.0),
        Wait(timer=STOP, seconds=0.0),
        Send(signal=terms.stop),
        *wake,
        Wait(timer=GRACE, seconds=terms.patience),
    )


def _start(state: State) -> Step:
    ready = state.replace(phase="running", killed=False, stopping=False, tried=())
    timers = (Wait(timer=START, seconds=0.0), Wait(timer=GRACE, seconds=0.0))
    return ready, (*timers, Start(), *listening.waiting(state))


def _ended(terms: Terms, state: State, code: int) -> Step:
    if state.phase == "ending" and not state.stopped:
        return state.replace(phase="clearing"), ()
    if state.phase in ("running", "paused") and not state.stopping:
        died_of = next(
            (name for name, number in state.tried if code in (-number, 128 + number)), ""
        )
        if died_of:
            return _died_of_ours(terms, state, died_of)
    return _end_of_app(terms, code if code >= 0 else 128 - code)


def _died_of_ours(terms: Terms, state: State, signal: str) -> Step:
    """Start the app again that seemed to have a handler, as all programs in Go and Java do."""
    words = (
        f"the app was ended by {signal} of on_change, for which it has no handler; it is started "
        f"again, and not sent {signal} any more"
    )
    quiet = listening.forgotten(state).replace(
        phase="clearing",
        again=True,
        killed=False,
        deferred=False,
        deaf=state.deaf | {signal},
    )
    return quiet, (
        Say(words=words),
        Wait(timer=HANDLER, seconds=0.0),
        Send(signal=terms.stop),
        Wait(timer=GRACE, seconds=terms.patience),
    )


def _end_of_app(terms: Terms, code: int) -> Step:
    left = State(phase="leaving", code=code)
    if not terms.grace:
        return left, _leave(terms, code)
    return left, (Send(signal=terms.stop), Wait(timer=GRACE, seconds=terms.grace))


def _deserted(terms: Terms, state: State) -> Step:
    match state.phase:
        case "leaving":
            return state, _leave(terms, state.code)
        case "clearing" if state.watched:
            # What the app has deleted after reading it, or at its end, has to be there again.
            waiting = Wait(timer=START, seconds=_PREPARES_WITHIN)
            return state.replace(phase="absent"), (
                Wait(timer=GRACE, seconds=0.0),
                Prepare(),
                waiting,
            )
        case "clearing":
            return _start(state)
    return state, ()


def _not_started(terms: Terms, state: State, event: NotStarted) -> Step:
    if state.stopped or state.stopping:
        return State(phase="leaving", code=state.code), _leave(terms, state.code)
    if not state.again:
        words = f"the app could not be started: {event.words}; its files are written already"
        said = () if event.said else (Say(words=words),)
        return State(phase="leaving", code=event.code), (*said, *_leave(terms, event.code))
    pause = _pause(state.failures)
    said = (
        Say(words=f"the app could not be started again: {event.words}; trying again until it can"),
    )
    absent = state.replace(
        phase="absent", failures=min(state.failures + 1, 7), refusal=event.words, killed=False
    )
    again = (Wait(timer=START, seconds=pause), Wait(timer=GRACE, seconds=0.0))
    return absent, (*(said if event.words != state.refusal else ()), *again)


def _expired(terms: Terms, state: State, timer: str) -> Step:
    match timer:
        case "grace":
            return _grace_over(terms, state)
        case "drain" if state.held and state.phase in ("running", "paused"):
            return _stopping(terms, state, True, (Send(signal=state.held),))
        case "stop" if state.phase in ("running", "paused"):
            survived = state.replace(stopping=False, code=0)
            if state.deferred:
                return _end_it(terms, survived)
            return survived, listening.waiting(survived)
        case "start" if state.phase == "absent":
            return _start(state)
        case "listen":
            return listening.look(state)
        case "deaf":
            return listening.given_up(state)
        case "handler":
            return state.replace(tried=()), ()
        case "watcher" if state.phase not in ("leaving", "launching"):
            alive = state.replace(watched=True)
            return alive, (StartWatcher(), Wait(timer=STEADY, seconds=_STEADY))
        case "steady" if state.watched:
            return state.replace(falls=0), ()
    return state, ()


def _grace_over(terms: Terms, state: State) -> Step:
    match state.phase:
        case "leaving":
            return state, (Send(signal="KILL"), *_leave(terms, state.code))
        case "launching":
            return state, (Send(signal="KILL"),)
        case "clearing" if state.killed:
            # Whoever is still there cannot be killed: it is not waited for.
            return _deserted(terms, state)
        case "ending" | "clearing":
            killing = (Send(signal="KILL"), Wait(timer=GRACE, seconds=_LEAVES_WITHIN))
            return state.replace(killed=True), killing
    return state, ()


def _watcher_ended(state: State, event: WatcherEnded) -> Step:
    if state.phase == "launching":
        code = event.code if event.code >= 0 else 128 - event.code
        code = state.code if state.stopped else code
        return State(phase="leaving", code=code), (Leave(code=code),)
    if state.phase == "leaving":
        return state.replace(watched=False), ()
    pause = _pause(state.falls)
    words = (
        f"the watcher {event.how}; the app is not affected, another watcher starts in {pause:.0f} s"
    )
    fallen = state.replace(watched=False, falls=min(state.falls + 1, 7))
    return fallen, (Say(words=words), Wait(timer=WATCHER, seconds=pause))


def _pause(failures: int) -> float:
    return float(min(_LONGEST_PAUSE, 2.0**failures))


def _halted(terms: Terms, state: State, event: Halted) -> Step:
    if not terms.terminal or state.phase != "running":
        return state, ()
    if terms.alone:
        # The kernel lets no terminal stop a group that nobody could continue. The app's would
        # be such a group if it were not for us, so its stop is undone.
        return state, (Send(signal="CONT"),) if event.signal == "TSTP" else ()
    return state.replace(phase="paused"), (Foreground(app=False), Pause())


def _leave(terms: Terms, code: int) -> tuple[Action, ...]:
    return (*((Foreground(app=False),) if terms.terminal else ()), Leave(code=code))
