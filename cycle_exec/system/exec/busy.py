"""Whether somebody has a program open for writing: execve refuses it then (ETXTBSY)."""

from __future__ import annotations

import os
import posixpath
from errno import EAGAIN

from cycle_exec.errors import Problem
from cycle_exec.system.exec import lookup
from cycle_exec.system.invocation import encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Iterator
else:
    import _signal

_DEPTH = 6  # a script and the scripts that interpret it, as many as the kernel follows
_HEAD = 256
# Where the kernel itself counts who writes. A network's file system may refuse a lease for more.
_LOCAL = frozenset(b"bcachefs btrfs ext2 ext3 ext4 f2fs overlay tmpfs xfs zfs".split())


def obstacle(command: str, executable: str, cwd: str) -> Problem | None:
    """Return the problem of a program, or of what interprets it, that is open for writing.

    None where that is not so, and where it cannot be known: of another user's file without the
    capability LEASE, and on network file systems. Then execve will tell.
    """
    for path in _opened(encoded(posixpath.join(cwd, executable))):
        if _is_written(path):
            shown = path.decode("utf-8", "surrogateescape")
            reason = lookup.BUSY if shown == executable else f"{shown}: {lookup.BUSY}"
            subject = f"command {command}"
            return Problem("command-not-executable", subject, reason, lookup.BUSY_FIX)
    return None


def _opened(path: bytes) -> Iterator[bytes]:
    """Yield every file that execve opens for execution."""
    for _ in range(_DEPTH):
        yield path
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return
        try:
            words = lookup.interpreter(os.pread(descriptor, _HEAD, 0))
        except OSError:
            return
        finally:
            os.close(descriptor)
        if not words:
            return
        path = encoded(words[0])


def _is_written(path: bytes) -> bool:
    """Ask for a lease, which is what the kernel gives nobody while a file is open for writing."""
    from fcntl import F_RDLCK, F_SETLEASE, F_SETSIG, F_UNLCK, fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Whoever opens it for writing at this very moment makes the kernel send a signal: not IO,
        # which would end the start.
        fcntl(descriptor, F_SETSIG, _signal.SIGURG)
        fcntl(descriptor, F_SETLEASE, F_RDLCK)
        fcntl(descriptor, F_SETLEASE, F_UNLCK)
    except OSError as error:
        if error.errno != EAGAIN:
            return False
        from cycle_exec.system import surroundings

        return surroundings.file_system(path) in _LOCAL
    finally:
        os.close(descriptor)
    return False
