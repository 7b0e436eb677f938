"""The process above the app: wait, decide, do, until the app has ended."""

from __future__ import annotations

from cycle_exec.resident import machine
from cycle_exec.resident.model import Foreground, Leave, Pause, Send, State, Terms, Wait
from cycle_exec.system import signal_numbers, supervise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.resident.model import Action
    from cycle_exec.settings.model import Process


def rise(process: Process) -> None:
    """Put a supervisor above the launch; returns in the child, which goes on with it."""
    from cycle_exec.system import split

    pairs = [f"{came}:{passed_on}" for came, passed_on in process.signal_map.items()]
    split.split([str(process.grace), *pairs])


def attend(words: Sequence[str]) -> int:
    """Live above the app; its exit code. words: what `rise` and `split` handed on."""
    child, terminal, grace, *pairs = words
    family = supervise.Family(int(child))
    terms = Terms(
        grace=float(grace),
        signal_map=_numbered(pairs),
        terminal=terminal == "1",
        alone=supervise.alone(),
    )
    state = State()
    events = family.reap()
    while True:
        for event in events:
            state, actions = machine.step(terms, state, event)
            for action in actions:
                if isinstance(action, Leave):
                    return action.code
                _do(family, action)
        events = family.wait()


def _do(family: supervise.Family, action: Action) -> None:
    match action:
        case Send():
            family.send(action.signal)
        case Wait():
            supervise.expire(action.seconds)
        case Foreground():
            family.foreground(action.app)
        case Pause():
            supervise.pause()


def _numbered(pairs: Sequence[str]) -> dict[str, str]:
    """One name for each signal, however the settings spell it; later ones win."""
    found = {}
    for pair in pairs:
        came, _, passed_on = pair.partition(":")
        found[_one_name(came)] = passed_on if passed_on == machine.NONE else _one_name(passed_on)
    return found


def _one_name(name: str) -> str:
    return signal_numbers.name_of(signal_numbers.number_of(name))
