"""Operators on values: what is refused before it is begun.

What would take long, for nothing interrupts it: arithmetic with numbers of any length; what would
be too large, as far as that is plain; and a text repeated where a number was meant.
"""

from __future__ import annotations

from cycle_exec.planning.templates.substitution import OUTPUT_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MEASURED = ("*", "**", "/", "//", "%")
_MOST_BITS = 100_000  # of a number that is computed with


class TooLarge(Exception):
    """An operation whose result would be enormous."""


class TextForNumber(Exception):
    """A text stands where a number was meant: every variable is text."""


def measure(operator: str, left: Any, right: Any) -> None:
    """Refuse an operation of MEASURED."""
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * (right if operator == "**" and abs(left) > 1 else 1)
        if max(bits, left.bit_length() + right.bit_length()) > _MOST_BITS:
            raise TooLarge
        return
    if operator != "*":
        return
    sized = next((each for each in (left, right) if isinstance(each, str | list | tuple)), None)
    if sized is not None:
        factor = right if sized is left else left
        if isinstance(sized, str) and isinstance(factor, int | float) and not _is_ornament(sized):
            raise TextForNumber
        if isinstance(factor, int) and len(sized) * factor > OUTPUT_LIMIT:
            raise TooLarge


def _is_ornament(text: str) -> bool:
    """Whether a text is one that people repeat: blanks, dashes, no letters and no digits."""
    return bool(text) and not any(map(str.isalnum, text))
