"""Standard streams that are full, and whose reader does not read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def fill(descriptor: int) -> int:
    """Write until nothing more fits; the descriptor, which blocks from then on."""
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"x")
    os.set_blocking(descriptor, True)
    return descriptor


@contextmanager
def full_pipe() -> Iterator[int]:
    """The writing end of a full pipe that is open at both ends."""
    reading, writing = os.pipe()
    yield fill(writing)
    os.close(reading)
    os.close(writing)
