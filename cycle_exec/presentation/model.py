"""How what is printed should look."""

from __future__ import annotations

from cycle_exec.record import Record


class Style(Record):
    """How wide lines may be, 0: as wide as they are; whether marks have colours."""

    width: int = 0
    colours: bool = False
