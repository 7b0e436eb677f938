"""Making and rewriting one file below an open folder; what stage, swap and recovery share."""

from __future__ import annotations

import errno
import os
import stat

from cycle_exec.errors import refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.system.folders import Calls

CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Look:
    """Who owns a file and who may do what with it."""

    def __init__(self, mode: int, uid: int, gid: int) -> None:
        self.mode = mode
        self.uid = uid
        self.gid = gid

    @classmethod
    def of(cls, found: os.stat_result) -> Look:
        """That of a file that is there."""
        return cls(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)

    def fits(self, found: os.stat_result) -> bool:
        """Whether a file looks like this already."""
        wanted = (self.mode, self.uid, self.gid)
        return (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == wanted


def create(calls: Calls, at: int, name: bytes, content: bytes, look: Look, path: str) -> int:
    """A new file in the folder `at`, with its final owner and mode before its first byte.

    Returns its descriptor, for `settle`. path: what a refusal calls it. Raises OSError, Refused.
    """
    descriptor = calls.open(name, CREATE, 0o600, dir_fd=at)
    try:
        _own(calls, descriptor, look)
        calls.fchmod(descriptor, look.mode)
        if stat.S_IMODE(calls.fstat(descriptor).st_mode) & ~look.mode:
            raise refuse("target-failed", path, "its file system cannot keep its mode")
        _fill(calls, descriptor, content)
    except BaseException:
        close(calls, descriptor)
        raise
    return descriptor


def settle(calls: Calls, descriptor: int) -> None:
    """Make a file or folder of ours durable, and close it. Raises OSError."""
    try:
        sync(calls, descriptor)
    finally:
        close(calls, descriptor)


def read(calls: Calls, at: int, name: bytes) -> bytes:
    """The bytes of a file in the folder. Raises OSError."""
    descriptor = calls.open(name, os.O_RDONLY | OPEN, dir_fd=at)
    try:
        return read_open(calls, descriptor)
    finally:
        close(calls, descriptor)


def read_open(calls: Calls, descriptor: int) -> bytes:
    """All that is left to read. Raises OSError."""
    parts = []
    while part := calls.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def overwrite(calls: Calls, descriptor: int, content: bytes, look: Look) -> None:
    """Owner and a mode that fits old and new content, then the bytes, then the final mode.

    Raises OSError.
    """
    _own(calls, descriptor, look)
    current = stat.S_IMODE(calls.fstat(descriptor).st_mode)
    if current & look.mode != current:
        calls.fchmod(descriptor, current & look.mode)
    os.lseek(descriptor, 0, os.SEEK_SET)
    _fill(calls, descriptor, content)
    calls.ftruncate(descriptor, len(content))
    if current != look.mode:
        calls.fchmod(descriptor, look.mode)
    sync(calls, descriptor)


def removed(calls: Calls, at: int, name: bytes) -> bool:
    """Whether a file of ours is gone; a call that failed once gets a second chance."""
    for _ in range(2):
        try:
            calls.unlink(name, dir_fd=at)
        except FileNotFoundError:
            return True
        except OSError:
            continue
        return True
    return False


def sync(calls: Calls, descriptor: int) -> None:
    """Make it durable, where the file system knows how. Raises OSError."""
    try:
        calls.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def close(calls: Calls, descriptor: int) -> None:
    """Close, whatever it says: there is nothing more to be done."""
    try:
        calls.close(descriptor)
    except OSError:
        pass


def _own(calls: Calls, descriptor: int, look: Look) -> None:
    """chown only where something changes: some file systems refuse even to leave it alone."""
    found = calls.fstat(descriptor)
    if (found.st_uid, found.st_gid) != (look.uid, look.gid):
        calls.fchown(descriptor, look.uid, look.gid)


def _fill(calls: Calls, descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        try:
            left = left[calls.write(descriptor, left) :]
        except InterruptedError:
            continue
