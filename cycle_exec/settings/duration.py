"""Durations as people write them: 500ms, 5s, 1m30s, 2h."""

from __future__ import annotations

EXPECTED = "a duration longer than zero such as 500ms, 5s, 1m30s or 2h (at most 24h)"

# The same rule for JSON Schema, but for the upper limit; each number has six digits at most.
PATTERN = (
    "^(?=.*[1-9])(?=[0-9])(?:[0-9]{1,6}h)?(?:[0-9]{1,6}m(?!s))?(?:[0-9]{1,6}s)?(?:[0-9]{1,6}ms)?$"
)

_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_LONGEST = 24 * 3600.0


def parse(text: str) -> float | None:
    """Seconds; None if the text is not a duration, or is zero or longer than a day.

    Whole numbers with the units h, m, s and ms, larger units first, each at most once.
    """
    total = 0.0
    for unit, seconds in _SECONDS.items():
        number, _, left = text.partition(unit)
        is_number = number.isascii() and number.isdecimal() and len(number) <= 6
        if text != number and is_number and not (unit == "m" and left.startswith("s")):
            total += int(number) * seconds
            text = left
    return total if text == "" and 0 < total <= _LONGEST else None
