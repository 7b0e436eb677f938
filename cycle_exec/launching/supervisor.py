"""The process above the app: wait, decide, do, until the app has ended."""

from __future__ import annotations

from cycle_exec.resident import machine
from cycle_exec.resident.model import (
    Foreground,
    Leave,
    Pause,
    Say,
    Send,
    Start,
    State,
    SupervisorArguments,
    Terms,
    Wait,
)
from cycle_exec.system.init import family as families
from cycle_exec.system.init import signal_numbers
from cycle_exec.system.init import terminal as terminals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from cycle_exec.resident.model import Action

_PATIENCE = 10.0  # seconds for an app that is to be started again, unless grace says more or less


def supervise(words: Sequence[str]) -> int:
    """Live above the app; return its exit code. words: see SupervisorArguments."""
    arguments = SupervisorArguments.from_argv(words)
    hand = _Hand(arguments)
    starts = arguments.memory is not None
    family = families.Family(arguments.child, hand.start if starts else None)
    terms = Terms(
        grace=arguments.grace,
        patience=arguments.grace or _PATIENCE,
        signal_map=_numbered(arguments.signal_map),
        terminal=arguments.terminal,
        alone=terminals.alone(),
    )
    state = State(phase="launching" if starts else "running")
    events = family.reap()
    while True:
        for event in events:
            state, actions = machine.step(terms, state, event)
            for action in actions:
                if isinstance(action, Leave):
                    return action.code
                _do(family, hand, action)
        events = family.wait()


def _do(family: families.Family, hand: _Hand, action: Action) -> None:
    match action:
        case Send():
            family.send(action.signal)
        case Wait():
            families.expire(action.seconds)
        case Start():
            family.start()
        case Foreground():
            family.foreground(action.app)
        case Pause():
            families.pause()
        case Say():
            hand.warn(action.words)


class _Hand:
    """What is kept for starting the app, and for words; it loads nothing until then."""

    def __init__(self, arguments: SupervisorArguments) -> None:
        self._arguments = arguments
        if arguments.memory is not None:
            families.keep(arguments.memory)

    def start(self) -> NoReturn:
        """In a child: become the app."""
        from cycle_exec.errors import Refused
        from cycle_exec.system.exec import process
        from cycle_exec.system.init import handover
        from cycle_exec.system.output import stderr
        from cycle_exec.system.signals import Entry

        assert self._arguments.memory is not None
        found = handover.take(self._arguments.memory)
        try:
            process.replace(
                found.executable,
                found.argv,
                found.environ,
                directory=found.directory,
                armed=Entry(self._arguments.mask, self._arguments.ignored),
                user=found.user,
                no_new_privs=found.no_new_privs,
            )
        except Refused as refused:
            self._configure()
            stderr.log.problems(refused.problems)
            families.leave(refused.code)

    def warn(self, words: str) -> None:
        """One line on stderr."""
        from cycle_exec.system.output import stderr

        self._configure()
        stderr.log.warning(words)

    def _configure(self) -> None:
        from cycle_exec.system.output import stderr

        stderr.log.configure(self._arguments.log_level, self._arguments.log_format, False)


def _numbered(signal_map: Mapping[str, str]) -> dict[str, str]:
    """One name for each signal, however the settings spell it; later ones win."""
    return {
        _one_name(came): passed_on if passed_on == machine.NONE else _one_name(passed_on)
        for came, passed_on in signal_map.items()
    }


def _one_name(name: str) -> str:
    return signal_numbers.name_of(signal_numbers.number_of(name))
