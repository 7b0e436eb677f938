"""The descriptors 0 to 2 of an app that runs as another user: /dev/stdout and its kin open what is
behind them once more, and what root has made only root may open.
"""

from __future__ import annotations

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.system.exec.user import User

_NAMES = ("/dev/stdin", "/dev/stdout", "/dev/stderr")


def give(user: User, *, has_terminal: bool) -> None:
    """Let the user own those that are nobody else's: pipes without a name, and our terminal.

    has_terminal: whether a terminal is the container's own. A file, a named pipe, a device or a
    socket has an owner who was chosen. Where the kernel refuses, the app has what it was given.
    """
    for descriptor in range(len(_NAMES)):
        try:
            if _is_ours(descriptor, has_terminal) and os.fstat(descriptor).st_uid != user.uid:
                os.fchown(descriptor, user.uid, -1)
        except OSError:
            pass


def _is_ours(descriptor: int, has_terminal: bool) -> bool:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISFIFO(mode):
        return os.readlink(f"/proc/self/fd/{descriptor}").startswith("pipe:[")
    return has_terminal and stat.S_ISCHR(mode) and os.isatty(descriptor)


def closed_to(user: User, *, has_terminal: bool, may_give: bool) -> Sequence[str]:
    """Return the names that the user will not be able to open, each with what it is.

    may_give: whether this process may change owners.
    """
    found = []
    for descriptor, name in enumerate(_NAMES):
        try:
            status = os.fstat(descriptor)
            if may_give and _is_ours(descriptor, has_terminal):
                continue
        except OSError:
            continue
        if not _may_open(user, status, reads=descriptor == 0):
            found.append(f"{name} ({_kind(status.st_mode)} of user {status.st_uid})")
    return found


def _may_open(user: User, status: os.stat_result, *, reads: bool) -> bool:
    if stat.S_ISSOCK(status.st_mode):
        return False
    if user.uid == 0:
        return True
    bit = stat.S_IROTH if reads else stat.S_IWOTH
    if status.st_uid == user.uid:
        bit <<= 6
    elif status.st_gid in (user.gid, *user.groups):
        bit <<= 3
    return bool(status.st_mode & bit)


def _kind(mode: int) -> str:
    if stat.S_ISSOCK(mode):
        return "a socket, which nobody can open"
    if stat.S_ISFIFO(mode):
        return "a pipe"
    return "a file" if stat.S_ISREG(mode) else "a device"
