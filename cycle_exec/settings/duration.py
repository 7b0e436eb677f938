"""Durations as people write them: 500ms, 5s, 1m30s, 2h."""

from __future__ import annotations

EXPECTED = "a duration longer than zero such as 500ms, 5s, 1m30s or 2h (at most 24h)"

# The same rule for JSON Schema, but for the upper limit; each number has six digits at most.
PATTERN = (
    "^(?=.*[1-9])(?=[0-9])(?:[0-9]{1,6}h)?(?:[0-9]{1,6}m(?!s))?(?:[0-9]{1,6}s)?(?:[0-9]{1,6}ms)?$"
)

_UNITS = ("h", "m", "s", "ms")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DIGITS = frozenset("0123456789")
_LONGEST = 24 * 3600.0


def parse(text: str) -> float | None:
    """Seconds; None if the text is not a duration, or is zero or longer than a day.

    Whole numbers with the units h, m, s and ms, larger units first, each at most once.
    """
    total = 0.0
    units = list(_UNITS)
    position = 0
    while position < len(text):
        start = position
        while position < len(text) and text[position] in _DIGITS:
            position += 1
        number = text[start:position]
        start = position
        while position < len(text) and text[position] not in _DIGITS:
            position += 1
        unit = text[start:position]
        if not 1 <= len(number) <= 6 or unit not in units:
            return None
        del units[: units.index(unit) + 1]
        total += int(number) * _SECONDS[unit]
    return total if 0 < total <= _LONGEST else None
