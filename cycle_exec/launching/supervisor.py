"""The process above the app: wait, decide, do, until the app has ended."""

from __future__ import annotations

from cycle_exec.resident import status
from cycle_exec.resident import supervisor as machine
from cycle_exec.resident.model import (
    Deliver,
    Foreground,
    Leave,
    Pause,
    Prepare,
    Say,
    Send,
    Start,
    StartWatcher,
    State,
    SupervisorArguments,
    Terms,
    Wait,
)
from cycle_exec.system import clock
from cycle_exec.system.init import board, signal_numbers
from cycle_exec.system.init import family as families
from cycle_exec.system.init import terminal as terminals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.resident.model import Action, Event

_KILLS_WITHIN = 1.0  # seconds more for a watcher that has to kill what it runs


def supervise(words: Sequence[str]) -> int:
    """Live above the app; return its exit code. words: see SupervisorArguments."""
    arguments = SupervisorArguments.from_argv(words)
    hand = _Hand(arguments)
    teller = _Teller(arguments)
    channel = None
    if arguments.channel is not None:
        from cycle_exec.system.exec import prctl
        from cycle_exec.system.init import channel as channels

        prctl.hide()
        channel = channels.SupervisorEnd(arguments.channel)
    family = families.Family(
        arguments.child, hand.start if channel else None, channel, arguments.launch
    )
    terms = _terms(arguments)
    state = State(phase="launching" if channel else "running")
    events = family.reap()
    while True:
        teller.tell(state, family.facts)
        while events or (events := family.overdue()):
            state, actions = machine.step(terms, state, events.pop(0))
            teller.tell(state, family.facts)
            for action in actions:
                if isinstance(action, Leave):
                    family.dismiss_watcher(terms.before and terms.before + _KILLS_WITHIN)
                    return action.code
                events += _do(family, hand, action)
        events = family.wait()


def _terms(arguments: SupervisorArguments) -> Terms:
    signal_map = _numbered(arguments.signal_map)
    stop_signal = _one_name(arguments.stop_signal)
    stop = signal_map.get(stop_signal, stop_signal)
    return Terms(
        before=arguments.before,
        drain=arguments.drain,
        grace=arguments.grace,
        patience=arguments.patience,
        # An app that gets no stop signal from outside has to end for a restart all the same.
        stop=stop_signal if stop == machine.NONE else stop,
        stop_signal=stop_signal,
        signal_map=signal_map,
        terminal=arguments.terminal,
        alone=terminals.alone(),
    )


def _do(family: families.Family, hand: _Hand, action: Action) -> list[Event]:
    match action:
        case Send():
            family.send(action.signal)
        case Deliver():
            return family.deliver(action.signal)
        case Wait():
            family.timers.set(action.timer, action.seconds)
        case Start():
            return family.start()
        case StartWatcher():
            return family.start_watcher()
        case Prepare():
            family.prepare()
        case Foreground():
            family.foreground(action.app)
        case Pause():
            families.pause()
        case Say():
            hand.warn(action.words)
    return []


class _Hand:
    """What is kept for starting the app, and for words; it loads nothing until then."""

    def __init__(self, arguments: SupervisorArguments) -> None:
        self._arguments = arguments

    def start(self, descriptor: int, loud: bool) -> tuple[int, str]:
        """In a child: become the app, or return the exit code and why not."""
        from cycle_exec.errors import Refused
        from cycle_exec.system.exec import process
        from cycle_exec.system.init import channel, handover
        from cycle_exec.system.output import stderr
        from cycle_exec.system.signals import OnEntry

        found = handover.handoff(channel.content(descriptor))
        try:
            process.replace(
                found.executable,
                found.argv,
                found.environ,
                directory=found.directory,
                armed=OnEntry(self._arguments.mask, self._arguments.ignored),
                user=found.user,
                no_new_privs=found.no_new_privs,
                umask=found.umask,
                limits=found.limits,
                below_init=True,
            )
        except Refused as refused:
            if loud:
                self._configure()
                stderr.log.problems(refused.problems)
            problem = refused.problems[0]
            return refused.code, f"{problem.subject}: {problem.reason} ({problem.kind})"

    def warn(self, words: str) -> None:
        """One line on stderr."""
        from cycle_exec.system.output import stderr

        self._configure()
        stderr.log.warning(words)

    def _configure(self) -> None:
        from cycle_exec.system.output import stderr

        stderr.log.configure(self._arguments.log_level, self._arguments.log_format, False)
        stderr.log.never_waits = True


class _Teller:
    """What everybody may know, as it was told last. Telling decides nothing."""

    def __init__(self, arguments: SupervisorArguments) -> None:
        self._board = board.Board()
        self._has_watcher = arguments.channel is not None
        self._stops = tuple(
            128 + signal_numbers.number_of(name)
            for name in ("TERM", arguments.stop_signal)
            if name != machine.NONE
        )
        self._heard = ""
        self._facts = status.Facts()

    def tell(self, state: State, heard: str) -> None:
        """Write down how it stands. heard: the watcher's last words."""
        if not self._has_watcher:
            told = status.Status(app=status.app(state, self._stops))
        else:
            fresh = status.Facts.from_line(heard) if heard != self._heard else self._facts
            self._heard = heard
            self._facts = fresh.after(self._facts, clock.monotonic(), watched=state.watched)
            watcher = status.UP if state.watched else status.DOWN
            told = status.Status(
                app=status.app(state, self._stops), watcher=watcher, facts=self._facts
            )
        self._board.write(told.to_line())


def _numbered(signal_map: Mapping[str, str]) -> dict[str, str]:
    """One name for each signal, however the settings spell it; later ones win."""
    return {
        _one_name(came): passed_on if passed_on == machine.NONE else _one_name(passed_on)
        for came, passed_on in signal_map.items()
    }


def _one_name(name: str) -> str:
    return signal_numbers.name_of(signal_numbers.number_of(name))
