"""Waiting for the supervisor and the platform at once, and an end without more ado."""

from __future__ import annotations

import os
from select import POLLIN, POLLOUT, poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def wait(channel: int, connection: int, writes: bool, seconds: float) -> list[int]:
    """Sleep until one of the descriptors is ready, or the time is over; return the ready ones.

    connection: -1 if there is none. writes: whether it is also waited for until it takes more.
    """
    poller = poll()
    poller.register(channel, POLLIN)
    if connection >= 0:
        poller.register(connection, POLLIN | POLLOUT if writes else POLLIN)
    # Rounded up, so that nothing is waited for twice.
    return [descriptor for descriptor, _ in poller.poll(int(seconds * 1000) + 1)]


def leave() -> NoReturn:
    """End this process: nobody is there any more for whom it works."""
    os._exit(1)
