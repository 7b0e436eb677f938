"""Locks by which runs in one directory know of each other.

Each run has a file of its own there, private, with a name of its own, and holds a lock on it: who
can merely read the directory cannot take it, and no lock outlives its process.
"""

from __future__ import annotations

import fcntl
import os
import stat

from cycle_exec.system.targets import temporary_names
from cycle_exec.system.targets.calls import CREATE, OPEN, close, removed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from cycle_exec.system.targets.calls import Calls

_TRIES = 3


def taken(calls: Calls, at: int) -> tuple[bytes, int] | None:
    """Return the name and the descriptor of a lock of ours in the folder `at`; None where there
    can be none.
    """
    for _ in range(_TRIES):
        name = temporary_names.lock()
        try:
            descriptor = calls.open(name, CREATE, 0o600, dir_fd=at)
        except OSError:
            return None
        try:
            calls.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = calls.fstat(descriptor)
            if found.st_uid != os.geteuid():
                release(calls, at, (name, descriptor))
                return None  # a file system that has owners of its own
            if found.st_nlink == 1:
                return name, descriptor
        except BlockingIOError:
            pass  # somebody who cleans has just looked whether it is locked
        except BaseException as error:
            release(calls, at, (name, descriptor))
            if isinstance(error, OSError):
                return None
            raise
        release(calls, at, (name, descriptor))
    return None


def release(calls: Calls, at: int, lock: tuple[bytes, int]) -> None:
    """Remove a lock of ours."""
    name, descriptor = lock
    removed(calls, at, name)
    close(calls, descriptor)


def others(calls: Calls, at: int, names: Iterable[bytes], ours: bytes = b"") -> bool:
    """Whether another run is at work in the folder; locks of runs that have ended are removed.

    names: what is in the folder. Raise OSError.
    """
    found = False
    for name in filter(temporary_names.is_lock, names):
        if name != ours:
            found |= _is_held(calls, at, name)
    return found


def _is_held(calls: Calls, at: int, name: bytes) -> bool:
    try:
        descriptor = calls.open(name, os.O_RDONLY | OPEN, dir_fd=at)
    except OSError:
        return False  # a link, gone, or of somebody else: none of ours
    try:
        found = calls.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return False
        try:
            calls.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        removed(calls, at, name)
        return False
    finally:
        close(calls, descriptor)
