"""One line that says how long we have been waiting, for a person at a terminal and nobody else."""

from __future__ import annotations

import os

_CLEAR = "\r\x1b[K"
_NEVER = float("inf")


class Progress:
    """Says nothing where standard error is not a terminal.

    began: on the monotonic clock. total: seconds that the whole may take. quiet: whether to say
    nothing at all.
    """

    def __init__(self, what: str, began: float, total: float, *, quiet: bool = False) -> None:
        self._what = what
        self._total = total
        self._began = began
        self._quiet = quiet
        self._shown = False

    def tick(self, now: float) -> float:
        """Say it, if it is time to; returns when it will be time again."""
        waited = now - self._began
        if self._quiet or not _is_terminal():
            return _NEVER
        self._shown = True
        _write(f"{_CLEAR}cycle-exec: waiting for {self._what}, {waited:.0f} s of {self._total:g} s")
        return self._began + int(waited) + 1

    def end(self) -> None:
        """Leave no trace of it."""
        if self._shown:
            self._shown = False
            _write(_CLEAR)


def _is_terminal() -> bool:
    try:
        return os.isatty(2)
    except OSError:
        return False


def _write(text: str) -> None:
    try:
        os.write(2, text.encode())
    except OSError:
        return
