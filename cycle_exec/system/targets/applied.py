"""What came of the writing of targets."""

from __future__ import annotations

from cycle_exec.record import Record


class Applied(Record):
    """What a commit did. warnings: lines for the warning level."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    warnings: tuple[str, ...] = ()
