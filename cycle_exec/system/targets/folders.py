"""The folders that targets lie in: opened once, made where they are missing, claimed and cleaned;
and the places of targets in them.

Everything below goes through descriptors of folders, so nobody can swap a folder under us.
"""

from __future__ import annotations

import fcntl
import os
import posixpath
import stat
from time import sleep

from cycle_exec.errors import Problem
from cycle_exec.system.files import irregular
from cycle_exec.system.signals import blocked
from cycle_exec.system.targets import leftovers
from cycle_exec.system.targets.calls import LIST, Attributes, Calls, Folder, close, own, read, sync

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.planning.model import FileWrite

_PATH = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_TRIES = 100


class _Made:
    """A folder that we made: where, and the mode it has now."""

    def __init__(self, parent: Folder, name: bytes) -> None:
        self.parent = parent
        self.name = name
        self.mode = 0o700


class Folders:
    """All folders of a run, and which of them it made."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: dict[bytes, Folder] = {}
        self._made: dict[bytes, _Made] = {}

    def open(self, path: bytes, attributes: Attributes, *, follow: bool = True) -> Folder:
        """Return the folder, made with its parents if it is missing: 0700, whatever the umask, then
        with these attributes; the mode of one that this run has made only grows.

        follow: whether the folder itself may be a symbolic link; if not, a link is ENOTDIR. Raises
        OSError.
        """
        path = path.rstrip(b"/") or (b"/" if path else b".")
        missing = []
        here = path
        while (folder := self._existing(here, follow or here != path)) is None:
            missing.append(here)
            here = posixpath.dirname(here).rstrip(b"/") or (b"/" if here[:1] == b"/" else b".")
        for below in reversed(missing):
            folder = self._make(folder, below, attributes)
        self._widen(path, attributes.mode)
        if folder.listing is None:
            self._claim(folder)
        return folder

    def _existing(self, path: bytes, follow: bool) -> Folder | None:
        if path not in self._known:
            try:
                descriptor = self._calls.open(path, _PATH if follow else _PATH | os.O_NOFOLLOW)
            except FileNotFoundError:
                return None
            self._known[path] = Folder(path, descriptor)
        return self._known[path]

    def _make(self, parent: Folder, path: bytes, attributes: Attributes) -> Folder:
        name = posixpath.basename(path)
        with blocked():
            # Nothing may come between the making and its record.
            try:
                _mkdir(self._calls, parent.descriptor, name)
                self._made[path] = _Made(parent, name)
            except FileExistsError:
                pass
        descriptor = self._calls.open(name, _PATH | os.O_NOFOLLOW, dir_fd=parent.descriptor)
        folder = self._known[path] = Folder(path, descriptor)
        if path in self._made:
            self._change(folder, attributes.uid, attributes.gid, None)
        return folder

    def _change(self, folder: Folder, uid: int, gid: int, mode: int | None) -> None:
        listing = self._calls.open(b".", LIST, dir_fd=folder.descriptor)
        try:
            own(self._calls, listing, uid, gid)
            if mode is not None:
                self._calls.fchmod(listing, mode)
        finally:
            self._calls.close(listing)

    def _widen(self, path: bytes, mode: int) -> None:
        above = b""
        while path != above:
            made = self._made.get(path)
            if made is not None and made.mode | mode != made.mode:
                made.mode |= mode
                self._change(self._known[path], -1, -1, made.mode)
            # The root's own folder is the root; of two slashes, both.
            above, path = path, posixpath.dirname(path)

    def _claim(self, folder: Folder) -> None:
        """Hold a shared lock on the folder while we live; if nobody else does, clean it.

        The lock is on the folder, not on each stage file: it is there before the first file is,
        it covers backups too, and it costs one descriptor. Where locks do not work, nothing is
        ever cleaned.
        """
        try:
            folder.listing = self._calls.open(b".", LIST, dir_fd=folder.descriptor)
            self._calls.flock(folder.listing, fcntl.LOCK_EX | fcntl.LOCK_NB)
            leftovers.clean(self._calls, folder.descriptor, self._calls.listdir(folder.listing))
        except OSError:
            pass
        if folder.listing is not None:
            folder.locked = self._share(folder.listing)

    def _share(self, listing: int) -> bool:
        for _ in range(_TRIES):
            try:
                self._calls.flock(listing, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                sleep(0.005)  # somebody cleans: that takes no time
            except OSError:
                break
        return False

    def sync(self, folder: Folder) -> None:
        """Make renames durable, where the file system knows how. Raises OSError."""
        if folder.listing is None:
            return
        sync(self._calls, folder.listing)

    def remove_made(self) -> None:
        """Remove the folders that we made, if nobody put something there."""
        for made in reversed(self._made.values()):
            for _ in range(2):
                try:
                    self._calls.rmdir(made.name, dir_fd=made.parent.descriptor)
                    break
                except OSError:
                    continue
        self._made.clear()

    def close(self) -> None:
        """Let go of every folder and its lock."""
        for folder in self._known.values():
            for descriptor in (folder.descriptor, folder.listing):
                if descriptor is not None:
                    close(self._calls, descriptor)
        self._known.clear()


class Placement:
    """The targets of one run, each at a place of its own."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._taken: dict[tuple[int, int, bytes], str] = {}

    def claim(self, write: FileWrite, around: os.stat_result, name: bytes) -> Problem | None:
        """Take the place of a target, unless another one has it: however it is spelled."""
        place = (around.st_dev, around.st_ino, name)
        if self._taken.setdefault(place, write.path) != write.path:
            return refused(write.path, "another target leads to the same file")
        return None

    def folder(self, write: FileWrite) -> Attributes:
        """Return those of a folder that is made for the target: it lets in whom the target lets
        read.
        """
        read_by = (0o050 if write.mode & 0o040 else 0) | (0o005 if write.mode & 0o004 else 0)
        return Attributes(0o700 | read_by, write.uid, write.gid)

    def attributes(self, write: FileWrite, around: os.stat_result) -> Attributes:
        """Owner and mode of the file; around: the folder it is made in."""
        # In a folder with the set-group-ID bit new files belong to the folder's group.
        default = around.st_gid if around.st_mode & stat.S_ISGID else os.getegid()
        return Attributes(
            write.mode,
            os.geteuid() if write.uid == -1 else write.uid,
            default if write.gid == -1 else write.gid,
        )

    def is_equal(
        self, write: FileWrite, attributes: Attributes, at: int, name: bytes
    ) -> bool | Problem:
        """Whether the file has these bytes and attributes already; a problem if it is no file.

        Raises OSError.
        """
        try:
            found = self._calls.stat(name, dir_fd=at, follow_symlinks=False)
        except FileNotFoundError:
            return False
        if irregular(found.st_mode):
            return refused(write.path, irregular(found.st_mode))
        if not attributes.fits(found) or found.st_size != len(write.content):
            return False
        try:
            return read(self._calls, at, name) == write.content
        except OSError:
            return False


def refused(path: str, reason: str) -> Problem:
    """Return a target that is no fit place."""
    return Problem("target-refused", path, reason)


def failed(path: str, reason: str) -> Problem:
    """Return a target that the system refuses."""
    return Problem("target-failed", path, reason)


def make_folder(calls: Calls, at: int, name: bytes, attributes: Attributes) -> int:
    """Return a folder below an open one with this owner and mode, made if it is missing; its
    descriptor.

    Raises OSError.
    """
    try:
        _mkdir(calls, at, name)
    except FileExistsError:
        pass
    descriptor = calls.open(name, LIST, dir_fd=at)
    try:
        own(calls, descriptor, attributes.uid, attributes.gid)
        if stat.S_IMODE(calls.fstat(descriptor).st_mode) != attributes.mode:
            calls.fchmod(descriptor, attributes.mode)
    except BaseException:
        calls.close(descriptor)
        raise
    return descriptor


def _mkdir(calls: Calls, at: int, name: bytes) -> None:
    """0700, whatever the umask, which belongs to the whole process."""
    umask = os.umask(0)
    try:
        calls.mkdir(name, 0o700, dir_fd=at)
    finally:
        os.umask(umask)
