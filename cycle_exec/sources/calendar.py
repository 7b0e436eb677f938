"""Days of the civil calendar, for dates in headers and certificates."""

from __future__ import annotations


def days(year: int, month: int, day: int) -> int:
    """Return the days since 1970-01-01. Years that begin in March end with the leap day."""
    if month <= 2:
        year, month = year - 1, month + 12
    leaps = year // 4 - year // 100 + year // 400
    return 365 * year + leaps + (153 * (month - 3) + 2) // 5 + day - 719_469
