"""Time: one monotonic deadline for the whole start."""

from __future__ import annotations

import time

from cycle_exec.record import Record

monotonic = time.monotonic  # seconds on the clock of deadlines, which nobody sets
now = time.time  # wall-clock time, seconds since the epoch
sleep = time.sleep  # a stop signal ends it at once


class Deadline(Record):
    """A moment on the monotonic clock that the whole start must not pass."""

    end: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline that many seconds from now."""
        return cls(end=monotonic() + seconds)

    def left(self) -> float:
        """Seconds that remain, never negative."""
        return max(0.0, self.end - monotonic())


def process_start() -> float:
    """When this process began, on the monotonic clock.

    Until now it only computed, so its processor time is its age; /proc counts in steps of 10 ms.
    """
    return monotonic() - time.process_time()


def milliseconds_since(moment: float) -> int:
    """Whole milliseconds since a moment on the monotonic clock."""
    return round((monotonic() - moment) * 1000)


def rfc3339(moment: float) -> str:
    """Return a moment of the wall clock as APIs write it, in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
