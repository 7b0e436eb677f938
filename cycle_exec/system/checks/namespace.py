"""A mount namespace in which every target has its new content: for one check command alone.

Each directory with a target is covered by a copy of itself: an empty directory in memory into which
all that it has is bind-mounted, and the staged files under the names of their targets. So names
are new, or lead elsewhere, without a change of what everybody else sees. The namespace, and every
mount in it, is gone with the last process in it.
"""

from __future__ import annotations

import os
import stat
from errno import EINVAL, EPERM

from cycle_exec.system.checks.view import ABSENT, FOLDER, LINK, View
from cycle_exec.system.exec import capabilities, prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cycle_exec.planning.model import Swap

_SYS_ADMIN = capabilities.mask(("SYS_ADMIN",))
_NEWNS, _NEWUSER = 0x00020000, 0x10000000
_NOSUID, _NODEV, _BIND, _REC, _PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
_DETACH = 2
_MOST = 5000  # mounts
_STEP = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
# Where the memory is mounted while it is filled; not on /proc, by which what is opened is mounted.
_PLACES = (b"/sys", b"/mnt", b"/media", b"/srv", b"/opt", b"/home", b"/tmp", b"/var")


def entering(swaps: Sequence[Swap], executable: str, cwd: bytes) -> Callable[[], None] | None:
    """Return what a new process has to do to see the targets as they will be; None where that
    cannot be, or where the command would not be in it what it is outside.
    """
    held = capabilities.held()
    if held is None:
        return None
    if held.effective & _SYS_ADMIN:
        return lambda: _enter(swaps, cwd)
    # In a user namespace no capability counts for what is outside, such as a low port.
    if os.geteuid() == 0 or held.own or _gains(executable):
        return None
    return lambda: _enter(swaps, cwd, _user_namespace)


def _gains(executable: str) -> bool:
    """Whether a program gets privileges by being executed."""
    try:
        if os.stat(executable).st_mode & (stat.S_ISUID | stat.S_ISGID):
            return True
        os.getxattr(executable, "security.capability")
    except OSError:
        return False
    return True


def _user_namespace() -> None:
    """Become the first process of a user namespace, with the same ids."""
    uid, gid = os.geteuid(), os.getegid()
    _call(prctl.found().unshare(_NEWUSER))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _enter(swaps: Sequence[Swap], cwd: bytes, before: Callable[[], None] | None = None) -> None:
    """Go into a namespace of our own and make it. Raise OSError."""
    if before is not None:
        before()
    _call(prctl.found().unshare(_NEWNS))
    _mount(None, b"/", None, _REC | _PRIVATE)
    view = View(swaps)
    # A directory before those in it.
    folders = sorted({swap.folder for swap in swaps}, key=lambda path: (path != b"/", path))
    memory = _place(folders)
    _mount(b"tmpfs", memory, b"tmpfs", _NOSUID | _NODEV, b"mode=0700")
    count = 0
    for number, folder in enumerate(folders):
        copy = b"%s/%d" % (memory, number)
        at = _opened(folder)
        count += _copy(view, folder, at, copy, _MOST - count)
        if folder == b"/":
            os.chroot(copy)
        else:
            _mount(copy, _path_of(at), None, _BIND | _REC)
        os.close(at)
    _call(prctl.found().umount2(memory, _DETACH))
    # The directory that we were in may be covered.
    os.chdir(cwd)


def _place(folders: Sequence[bytes]) -> bytes:
    """Return a directory that is none of those and above none of them. Raise OSError."""
    for place in _PLACES:
        is_above = any((folder + b"/").startswith(place + b"/") for folder in folders)
        if not is_above and os.path.isdir(place) and not os.path.islink(place):
            return place
    raise OSError(EINVAL, "no place")


def _opened(folder: bytes) -> int:
    """Return a directory, opened: its path has no link in it, and whoever has put one there
    meanwhile would lead us elsewhere. Raise OSError.
    """
    at = os.open(b"/", _STEP | os.O_DIRECTORY)
    for name in folder.split(b"/"):
        if name:
            try:
                below = os.open(name, _STEP | os.O_DIRECTORY, dir_fd=at)
            finally:
                os.close(at)
            at = below
    return at


def _copy(view: View, folder: bytes, at: int, copy: bytes, most: int) -> int:
    """Make a directory that has all that another will have; return how much that is. at: that
    other one, opened.
    """
    os.mkdir(copy, 0o700)
    names = view.names(folder)
    if len(names) > most:
        raise OSError(EINVAL, "too many mounts")
    for name in names:
        path, place = os.path.join(folder, name), os.path.join(copy, name)
        kind = view.kind(path)
        if kind == LINK:
            os.symlink(view.link(path), place)
        elif kind != ABSENT:
            _bind(at, os.path.basename(view.source(path)), place, is_folder=kind == FOLDER)
    found = os.fstat(at)
    try:
        os.chown(copy, found.st_uid, found.st_gid)
    except OSError:
        pass  # of somebody who is not in this user namespace
    os.chmod(copy, stat.S_IMODE(found.st_mode))
    return len(names)


def _bind(at: int, name: bytes, place: bytes, *, is_folder: bool) -> None:
    """Let a new name in the copy be what another is. Raise OSError where that is a link by now:
    whoever owns the directory could show what is behind directories that he may not enter.
    """
    descriptor = os.open(name, _STEP, dir_fd=at)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISLNK(mode) or stat.S_ISDIR(mode) != is_folder:
            raise OSError(EINVAL, "exchanged")
        if is_folder:
            os.mkdir(place)
        else:
            os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
        _mount(_path_of(descriptor), place, None, _BIND | _REC)
    finally:
        os.close(descriptor)


def _path_of(descriptor: int) -> bytes:
    return b"/proc/self/fd/%d" % descriptor


def _mount(
    source: bytes | None, target: bytes, kind: bytes | None, flags: int, data: bytes | None = None
) -> None:
    _call(prctl.found().mount(source, target, kind, flags, data))


def _call(code: int) -> None:
    if code != 0:
        raise OSError(EPERM, "refused")
