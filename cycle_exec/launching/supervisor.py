"""The process above the app: wait, decide, do, until the app has ended."""

from __future__ import annotations

from cycle_exec.resident import machine
from cycle_exec.resident.model import Foreground, Leave, Pause, Say, Send, Start, State, Terms, Wait
from cycle_exec.system.init import family as families
from cycle_exec.system.init import signal_numbers
from cycle_exec.system.init import terminal as terminals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from cycle_exec.resident.model import Action

_PATIENCE = 10.0  # seconds for an app that is to be started again, unless grace says more or less


def attend(words: Sequence[str]) -> int:
    """Live above the app; its exit code. words: what `init.rise` and `split` handed on."""
    child, terminal, memory, mask, ignored, level, log_format, grace, *pairs = words
    hand = _Hand(int(memory), mask, ignored == "1", (level, log_format))
    family = families.Family(int(child), hand.start if hand.memory >= 0 else None)
    terms = Terms(
        grace=float(grace),
        patience=float(grace) or _PATIENCE,
        signal_map=_numbered(pairs),
        terminal=terminal == "1",
        alone=terminals.alone(),
    )
    state = State(phase="launching" if hand.memory >= 0 else "running")
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

    def __init__(self, memory: int, mask: str, ignored: bool, log: tuple[str, str]) -> None:
        self.memory = memory
        self._mask = [int(number) for number in mask.split(",") if number]
        self._ignored = ignored
        self._log = log
        if memory >= 0:
            families.keep(memory)

    def start(self) -> NoReturn:
        """In a child: become the app."""
        from cycle_exec.errors import Refused
        from cycle_exec.system.exec import process
        from cycle_exec.system.init import handover
        from cycle_exec.system.output import stderr
        from cycle_exec.system.signals import Entry

        found = handover.take(self.memory)
        try:
            process.replace(
                found.executable,
                found.argv,
                found.environ,
                directory=found.directory,
                armed=Entry(self._mask, self._ignored),
                user=found.user,
                no_new_privs=found.no_new_privs,
            )
        except Refused as refused:
            stderr.log.configure(*self._log, False)
            stderr.log.problems(refused.problems)
            families.leave(refused.code)

    def warn(self, words: str) -> None:
        """One line on stderr."""
        from cycle_exec.system.output import stderr

        stderr.log.configure(*self._log, False)
        stderr.log.warning(words)


def _numbered(pairs: Sequence[str]) -> dict[str, str]:
    """One name for each signal, however the settings spell it; later ones win."""
    found = {}
    for pair in pairs:
        came, _, passed_on = pair.partition(":")
        found[_one_name(came)] = passed_on if passed_on == machine.NONE else _one_name(passed_on)
    return found


def _one_name(name: str) -> str:
    return signal_numbers.name_of(signal_numbers.number_of(name))
