"""The way to a directory, step by step, as systemd-tmpfiles goes it: while we are privileged no
step leads from what an unprivileged user can change to what is not his own.

Every step is opened by its name below the one before and looked at through its descriptor, so
nobody can exchange what was judged for something else.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from cycle_exec.errors import Unfit
from cycle_exec.system.targets.calls import Calls, Folder, close

_STEP = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_LINKS = 40
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_CHOWN, _DAC_OVERRIDE, _FOWNER = 0, 1, 3  # capabilities


class Unsafe(Unfit):
    """A step on which an unprivileged user could lead us astray; both texts are for people."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.fix = fix


class Route:
    """How directories are opened. Nobody is distrusted who could do everything anyway: root, we
    ourselves, and whoever owns the root directory.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._trusted = {0, os.geteuid()}
        self._privileged = _is_privileged()

    def root(self) -> Folder:
        """Return the root directory, opened. Raise OSError."""
        descriptor = self._calls.open(b"/", _STEP)
        found = self._calls.fstat(descriptor)
        self._trusted.add(found.st_uid)
        return Folder(b"/", descriptor, found, settled=True)

    def enter(
        self, parent: Folder, name: bytes, *, follow: bool = True, judged: bool = True
    ) -> Folder:
        """Return the directory of this name, opened. Links are followed, each step judged.

        follow: whether the name may be a link; if not, a link is ENOTDIR. judged: False for a
        directory that we have just made. Raise OSError, Unsafe.
        """
        # came: the step before, a directory or a link.
        here, came, settled, links = parent, parent, parent.settled, 0
        path = posixpath.join(parent.path, name)
        pending = [name]
        try:
            while pending:
                below = self._opened(here, pending.pop())
                is_link = stat.S_ISLNK(below.mode)
                try:
                    if judged:
                        self._judge(here, came, below, is_link)
                    settled = settled and self._is_fixed(here, below, is_link)
                    if is_link:
                        links += 1
                        if not follow or links > _LINKS:
                            number = errno.ELOOP if follow else errno.ENOTDIR
                            raise OSError(number, "a symbolic link")
                        text = bytes(self._calls.readlink(b"", dir_fd=below.descriptor))
                    elif not stat.S_ISDIR(below.mode):
                        raise NotADirectoryError(errno.ENOTDIR, "not a directory")
                except BaseException:
                    close(self._calls, below.descriptor)
                    raise
                came = below
                if is_link:
                    close(self._calls, below.descriptor)
                    pending += reversed(components(text) or [b"."])
                    if text[:1] != b"/":
                        continue
                    below = self.root()
                    try:
                        self._judge(here, came, below, is_link=False)
                    except BaseException:
                        close(self._calls, below.descriptor)
                        raise
                    came = below
                if here is not parent:
                    close(self._calls, here.descriptor)
                here = below
        except BaseException:
            if here is not parent:
                close(self._calls, here.descriptor)
            raise
        here.path, here.settled, here.linked = path, settled, links > 0
        return here

    def _opened(self, parent: Folder, name: bytes) -> Folder:
        descriptor = self._calls.open(name, _STEP, dir_fd=parent.descriptor)
        try:
            found = self._calls.fstat(descriptor)
        except BaseException:
            close(self._calls, descriptor)
            raise
        return Folder(posixpath.join(parent.path, name), descriptor, found)

    def existing(self, path: bytes) -> Folder:
        """Return a directory that is there, opened. Raise OSError, Unsafe."""
        folder, missing = self.nearest(path)
        if missing:
            close(self._calls, folder.descriptor)
            raise FileNotFoundError(errno.ENOENT, "no such directory")
        return folder

    def nearest(self, path: bytes) -> tuple[Folder, bool]:
        """Return a directory, opened, or the nearest one above it that is there; and whether
        something is missing below. Raise OSError, Unsafe.
        """
        here, missing = self.root(), False
        try:
            for name in components(absolute(path)):
                below = self.enter(here, name)
                close(self._calls, here.descriptor)
                here = below
        except FileNotFoundError:
            missing = True
        except BaseException:
            close(self._calls, here.descriptor)
            raise
        return here, missing

    def _judge(self, parent: Folder, came: Folder, below: Folder, is_link: bool) -> None:
        if not self._privileged:
            return
        if self.is_foreign(came.uid) and came.uid != below.uid:
            step = f"the step from {_shown(came.path)} to {_shown(below.path)}"
            mend = f"chown {_shown(below.path)} to {_user(came.uid)}"
            if stat.S_ISLNK(came.mode):
                mend = f"remove the symbolic link {_shown(came.path)}"
            raise Unsafe(
                f"{step} is unsafe: {_user(came.uid)} can redirect it to what belongs to "
                f"{_user(below.uid)}",
                f"{mend}, or use a path whose directories and links all belong to root",
            )
        if is_link and not self.is_foreign(below.uid) and parent.mode & _OTHERS_WRITE:
            raise Unsafe(
                f"the step from {_shown(parent.path)} to {_shown(below.path)} is unsafe: it is a "
                "symbolic link in a directory that other users can change",
                "name the directory that the link leads to",
            )

    def _is_fixed(self, parent: Folder, below: Folder, is_link: bool) -> bool:
        """Whether nobody else can put another thing in the place of this one."""
        if self.is_foreign(parent.uid) or (is_link and self.is_foreign(below.uid)):
            return False
        if not parent.mode & _OTHERS_WRITE:
            return True
        sticky = bool(parent.mode & stat.S_ISVTX)
        return sticky and not is_link and not self.is_foreign(below.uid)

    def is_foreign(self, uid: int) -> bool:
        """Whether a user is none of those whom we have to trust."""
        return uid not in self._trusted

    def is_private(self, folder: Folder) -> bool:
        """Whether nobody but us can change what is in a directory, or exchange the directory.

        Raise OSError.
        """
        found = self._calls.fstat(folder.descriptor)
        writable = bool(found.st_mode & _OTHERS_WRITE)
        return folder.settled and not self.is_foreign(found.st_uid) and not writable

    def owner_below(self, parent: Folder, uid: int) -> int:
        """Return whom a directory has to belong to that we make below another for the user `uid`.

        In a directory of somebody else it belongs to him: the next start could not enter it
        otherwise, and he can replace it in any case. Raise Unsafe.
        """
        if not self._privileged or not self.is_foreign(parent.uid):
            return uid
        if uid == -1 or not self.is_foreign(uid):
            return parent.uid
        if uid != parent.uid:
            raise Unsafe(
                f"a directory for {_user(uid)} in {_shown(parent.path)} is unsafe: "
                f"{_user(parent.uid)} can redirect every step into it",
                f"use a path whose directories belong to root or {_user(uid)}",
            )
        return uid


def obstacle(folder: bytes) -> tuple[str, str]:
    """Return why the way to a directory, as far as it exists, is unsafe, and what to do; two empty
    texts if it is not. Raise OSError.
    """
    calls = Calls()
    try:
        found, _ = Route(calls).nearest(folder)
    except Unsafe as unsafe:
        return unsafe.reason, unsafe.fix
    close(calls, found.descriptor)
    return "", ""


def will_be_private(folder: bytes, uid: int) -> bool:
    """Whether nobody but us can change a directory, or the one that is made there for a user."""
    calls = Calls()
    route = Route(calls)
    try:
        found, missing = route.nearest(folder)
    except (OSError, Unsafe):
        return False
    try:
        return route.is_private(found) and not (missing and uid != -1 and route.is_foreign(uid))
    except OSError:
        return False
    finally:
        close(calls, found.descriptor)


def is_exposed(path: bytes) -> bool:
    """Whether somebody else can change a file, or put another one in its place, while we can do
    more than he.
    """
    if not _is_privileged():
        return False
    path = absolute(path)
    for _ in range(_LINKS):
        folder = posixpath.dirname(path)
        if not will_be_private(folder, -1):
            return True
        try:
            found = os.lstat(path)
            if not stat.S_ISLNK(found.st_mode):
                return found.st_uid not in (0, os.geteuid()) or bool(found.st_mode & _OTHERS_WRITE)
            path = posixpath.join(folder, os.readlink(path))
        except OSError:
            return True
    return True


def absolute(path: bytes) -> bytes:
    """Return the path from the root. Raise OSError."""
    return path if path[:1] == b"/" else posixpath.join(os.getcwdb(), path)


def components(path: bytes) -> list[bytes]:
    """Return the names of a path, without those that lead nowhere."""
    return [name for name in path.split(b"/") if name not in (b"", b".")]


def _is_privileged() -> bool:
    if os.geteuid() == 0:
        return True
    from cycle_exec.system.exec import identity

    return any(map(identity.has_capability, (_CHOWN, _DAC_OVERRIDE, _FOWNER)))


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")


def _user(uid: int) -> str:
    return f"user {uid}" if uid else "root"
