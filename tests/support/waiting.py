"""Waiting for events, and clocks for the few tests whose subject is time itself.

A busy machine makes every step as long as it likes. So a test waits for what has to come, up to
PATIENCE, which is long and no claim about speed. Where the claim is one ("ends within a second"),
`Stopwatch` leaves out the time in which the process was ready and all processors were taken.
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable
from typing import Any, TypeVar

PATIENCE = 60.0

Found = TypeVar("Found")


def until(true: Callable[[], object], timeout: float = PATIENCE) -> bool:
    """Return whether it becomes true in time."""
    end = time.monotonic() + timeout
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def given_time(
    first: int, run: Callable[[int], Found], came_far: Callable[[Found], bool]
) -> tuple[Found, int]:
    """Run with a deadline of `first` milliseconds, and with longer ones until it came far enough.

    For what a deadline is to end amid something: a busy machine takes longer to get there. Returns
    what was found with the last deadline, at most 16 times the first, and that one.
    """
    for deadline in (first, 4 * first, 16 * first):
        found = run(deadline)
        if came_far(found):
            break
    return found, deadline


class Timed(subprocess.Popen[Any]):
    """A process that leaves behind how long it waited for a processor."""

    waited = 0.0

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, look at its account, and only then let the kernel forget it."""
        if self.returncode is None:
            if not _ends(self.pid, timeout):
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            self.waited = _waited(f"/proc/{self.pid}/schedstat")
        return super().wait(timeout)


class Stopwatch:
    """Measures what takes its time from here on: us, and a process that may run already."""

    def __init__(self, process: Timed | None = None) -> None:
        self._before = _waited(f"/proc/{process.pid}/schedstat") if process else 0.0
        self._ours = _waited("/proc/thread-self/schedstat")
        self._began = time.monotonic()

    @property
    def wall(self) -> float:
        """The time until now, as a clock on the wall has it."""
        return time.monotonic() - self._began

    def seconds(self, process: Timed | None = None) -> float:
        """Return the time until now without the waits for a processor.

        They are ours, who have to see what happens, and those of the process.
        """
        found = self.wall - (_waited("/proc/thread-self/schedstat") - self._ours)
        if process is not None:
            ended = process.returncode is not None
            waited = process.waited if ended else _waited(f"/proc/{process.pid}/schedstat")
            found -= max(0.0, waited - self._before)
        return found


def _ends(pid: int, timeout: float | None) -> bool:
    """Whether the child ends in time; it is there to be waited for afterwards."""
    descriptor = os.pidfd_open(pid)
    try:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        return bool(poller.poll(None if timeout is None else max(0.0, timeout) * 1000))
    finally:
        os.close(descriptor)


def _waited(path: str) -> float:
    """Seconds on the queue for a processor; none where the kernel does not count them."""
    try:
        with open(path) as file:
            return int(file.read().split()[1]) / 1e9
    except OSError:
        return 0.0
