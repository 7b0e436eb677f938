"""Signals by name: "TERM", "RTMIN+3". Numbers are the machine's, names are the same everywhere."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal

_FIRST_REAL_TIME = int(_signal.SIGRTMIN)
_LAST_REAL_TIME = int(_signal.SIGRTMAX)
# Two names of one number: the usual one.
_SYNONYMS = frozenset(("SIGCLD", "SIGIOT", "SIGPOLL", "SIGRTMIN", "SIGRTMAX"))
_NUMBERS = {
    name.removeprefix("SIG"): int(getattr(_signal, name))
    for name in dir(_signal)
    if name.startswith("SIG") and "_" not in name and name not in _SYNONYMS
}
_NAMES = {number: name for name, number in _NUMBERS.items()}


def name_of(number: int) -> str:
    """Return the name; a number that has none is its own name."""
    if _FIRST_REAL_TIME <= number <= _LAST_REAL_TIME:
        return f"RTMIN+{number - _FIRST_REAL_TIME}"
    return _NAMES.get(number, str(number))


def number_of(name: str) -> int:
    """Return the number of a name without SIG, or of a number in words."""
    if name.startswith("RTMIN"):
        return _FIRST_REAL_TIME + int(name[6:] or 0)
    if name.startswith("RTMAX"):
        return _LAST_REAL_TIME - int(name[6:] or 0)
    return _NUMBERS[name] if name in _NUMBERS else int(name)
