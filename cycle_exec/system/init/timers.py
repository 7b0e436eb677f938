"""Timers by name over the one that the kernel has for a process."""

from __future__ import annotations

from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal

_CLOCK_STEP = 0.001  # seconds by which the kernel's timer may be ahead of the clock


class Timers:
    """What is waited for, and until when; SIGALRM comes when the first of them is due."""

    def __init__(self) -> None:
        self._ends: dict[str, float] = {}

    def set(self, name: str, seconds: float) -> None:
        """Let the timer be due after so long; 0: not any more."""
        self._ends.pop(name, None)
        if seconds > 0:
            self._ends[name] = monotonic() + seconds
        self._arm()

    def over(self) -> str:
        """Return the first timer that is over, and forget it; empty: none is.

        One at a time: what is done about it may set or end the next.
        """
        if not self._ends:
            return ""
        end, name = min((end, name) for name, end in self._ends.items())
        if end > monotonic() + _CLOCK_STEP:
            self._arm()  # the kernel's timer may have been early, and rings once
            return ""
        self.set(name, 0)
        return name

    def _arm(self) -> None:
        first = min(self._ends.values(), default=0.0)
        seconds = max(_CLOCK_STEP, first - monotonic()) if first else 0.0
        _signal.setitimer(_signal.ITIMER_REAL, seconds)
