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
    is_able = bool(held.effective & _SYS_ADMIN)
    # In a user namespace no capability counts for what is outside, such as a low port.
    if not is_able and (os.geteuid() == 0 or held.own or _gains(executable)):
        return None
    try:
        kernel = _Kernel()
    except (AttributeError, ImportError, OSError):
        return None

    def enter() -> None:
        if not is_able:
            _enter_user_namespace(kernel)
        _enter(kernel, swaps, cwd)

    return enter


class _Kernel:
    """The system calls for which Python has no functions. They raise OSError."""

    def __init__(self) -> None:
        library = prctl.found()
        self._unshare = library.unshare
        self._mount = library.mount
        self._umount2 = library.umount2

    def unshare(self, flags: int) -> None:
        """Leave a namespace for a new one."""
        _require(self._unshare(flags))

    def mount(
        self,
        source: bytes | None,
        target: bytes,
        flags: int,
        kind: bytes | None = None,
        data: bytes | None = None,
    ) -> None:
        """Mount something, or change how it is mounted."""
        _require(self._mount(source, target, kind, flags, data))

    def detach(self, target: bytes) -> None:
        """Unmount, as soon as nobody uses it."""
        _require(self._umount2(target, _DETACH))


def _require(code: int) -> None:
    if code != 0:
        raise OSError(EPERM, "refused")


def _gains(executable: str) -> bool:
    """Whether a program gets privileges by being executed."""
    try:
        if os.stat(executable).st_mode & (stat.S_ISUID | stat.S_ISGID):
            return True
        os.getxattr(executable, "security.capability")
    except OSError:
        return False
    return True


def _enter_user_namespace(kernel: _Kernel) -> None:
    """Become the first process of a user namespace, with the same ids."""
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(_NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _enter(kernel: _Kernel, swaps: Sequence[Swap], cwd: bytes) -> None:
    """Go into a mount namespace of our own and make it. Raise OSError."""
    kernel.unshare(_NEWNS)
    kernel.mount(None, b"/", _REC | _PRIVATE)
    view = View(swaps)
    # A directory before those in it.
    folders = sorted({swap.folder for swap in swaps}, key=lambda path: (path != b"/", path))
    memory = _place(folders)
    kernel.mount(b"tmpfs", memory, _NOSUID | _NODEV, b"tmpfs", b"mode=0700")
    count = 0
    for number, folder in enumerate(folders):
        copy = b"%s/%d" % (memory, number)
        at = _opened(folder)
        count += _copy(kernel, view, folder, at, copy, _MOST - count)
        if folder == b"/":
            os.chroot(copy)
        else:
            kernel.mount(copy, _path_of(at), _BIND | _REC)
        os.close(at)
    kernel.detach(memory)
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


def _copy(kernel: _Kernel, view: View, folder: bytes, at: int, copy: bytes, most: int) -> int:
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
            _bind(kernel, at, os.path.basename(view.source(path)), place, is_folder=kind == FOLDER)
    found = os.fstat(at)
    try:
        os.chown(copy, found.st_uid, found.st_gid)
    except OSError:
        pass  # of somebody who is not in this user namespace
    os.chmod(copy, stat.S_IMODE(found.st_mode))
    return len(names)


def _bind(kernel: _Kernel, at: int, name: bytes, place: bytes, *, is_folder: bool) -> None:
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
        kernel.mount(_path_of(descriptor), place, _BIND | _REC)
    finally:
        os.close(descriptor)


def _path_of(descriptor: int) -> bytes:
    return b"/proc/self/fd/%d" % descriptor
