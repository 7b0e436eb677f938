"""The folders that targets lie in: opened once, made where they are missing, claimed and cleaned;
and the places of targets in them.

Everything below goes through descriptors of folders, so nobody can swap a folder under us.
"""

from __future__ import annotations

import os
import stat

from cycle_exec.errors import Problem
from cycle_exec.system.files import irregular
from cycle_exec.system.invocation import decoded
from cycle_exec.system.signals import blocked
from cycle_exec.system.targets import cleaning, locks
from cycle_exec.system.targets.calls import (
    LIST,
    Attributes,
    Calls,
    Folder,
    close,
    disinherit,
    holds,
    own,
    sync,
)
from cycle_exec.system.targets.route import Route, Unsafe, absolute, components

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.planning.model import FileWrite

_NEW = 0o700
_NO_SUBFOLDERS = 2  # links of a directory that is empty


class _Made:
    """A folder that we made: where, and the mode it has now."""

    def __init__(self, parent: Folder, name: bytes) -> None:
        self.parent = parent
        self.name = name
        self.mode = _NEW


class Folders:
    """All folders of a run, and which of them it made."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: dict[bytes, Folder] = {}
        self._made: dict[bytes, _Made] = {}
        self.route = Route(calls)

    def open(self, path: bytes, attributes: Attributes, *, follow: bool = True) -> Folder:
        """Return the folder, made with its parents if it is missing: 0700, whatever the umask, then
        with these attributes; the mode of one that this run has made only grows.

        follow: whether the folder itself may be a symbolic link; if not, a link is ENOTDIR. Raises
        OSError, Unsafe.
        """
        here = b""
        names = components(absolute(path))
        if b"/" not in self._known:
            self._known[b"/"] = self.route.root()
        folder = self._known[b"/"]
        chain = {b"/"}
        for at, name in enumerate(names):
            here += b"/" + name
            chain.add(here)
            below = self._known.get(here)
            follows = follow or at < len(names) - 1
            if below is None:
                try:
                    below = self.route.enter(folder, name, follow=follows)
                except FileNotFoundError:
                    below = self._make(folder, name, here, attributes)
                self._known[here] = below
            elif below.linked and not follows:
                raise NotADirectoryError
            folder = below
        folder.kept = True
        self._forget(chain)
        self._widen(here, attributes.mode)
        if folder.listing is None:
            self._list(folder)
        return folder

    def _forget(self, chain: set[bytes]) -> None:
        """Close what was only on the way, unless the next folder may well be below it, too."""
        for path in [path for path in self._known if path not in chain]:
            if not self._known[path].kept:
                close(self._calls, self._known.pop(path).descriptor)

    def _make(self, parent: Folder, name: bytes, path: bytes, attributes: Attributes) -> Folder:
        uid = self.route.owner_below(parent, attributes.uid)
        with blocked():
            # Nothing may come between the making and its record.
            try:
                mkdir(self._calls, parent.descriptor, name)
                self._made[path] = _Made(parent, name)
                parent.kept = True
            except FileExistsError:
                pass
        folder = self.route.enter(parent, name, follow=False, judged=path not in self._made)
        if path in self._made:
            try:
                self._give(parent, folder, uid, attributes.gid)
            except BaseException:
                close(self._calls, folder.descriptor)
                raise
        return folder

    def _give(self, parent: Folder, folder: Folder, uid: int, gid: int) -> None:
        """Give a folder that we have just made to its owner, if it is the one that we made."""
        calls = self._calls
        listing = calls.open(b".", LIST, dir_fd=folder.descriptor)
        try:
            if not self.route.is_private(parent):
                require_new(calls, listing, folder.path)
            disinherit(calls, listing, directory=True)
            own(calls, listing, uid, gid)
            folder.look(calls.fstat(listing))
        finally:
            calls.close(listing)

    def _widen(self, path: bytes, mode: int) -> None:
        while path:
            made = self._made.get(path)
            if made is not None and made.mode | mode != made.mode:
                made.mode |= mode
                folder = self._known[path]
                listing = self._calls.open(b".", LIST, dir_fd=folder.descriptor)
                try:
                    self._calls.fchmod(listing, made.mode)
                    folder.look(self._calls.fstat(listing))
                finally:
                    self._calls.close(listing)
            path = path.rpartition(b"/")[0]

    def _list(self, folder: Folder) -> None:
        """Open it for reading, where we may, and remove what killed runs have left in it."""
        calls = self._calls
        try:
            folder.listing = calls.open(b".", LIST, dir_fd=folder.descriptor)
            if cleaning.found(calls.listdir(folder.listing)):
                self.hold(folder)
                cleaning.clean(calls, folder, private=self.route.is_private(folder))
        except OSError:
            pass

    def hold(self, folder: Folder) -> None:
        """Tell other runs that we are at work in the folder, before anything is made there."""
        if folder.lock is None:
            with blocked():
                folder.lock = locks.taken(self._calls, folder.descriptor)

    def sync(self, folder: Folder) -> None:
        """Make renames durable, where the file system knows how. Raises OSError."""
        if folder.listing is None:
            return
        sync(self._calls, folder.listing)

    def remove_made(self) -> None:
        """Remove the folders that we made, if nobody put something there."""
        self.release()
        for made in reversed(self._made.values()):
            for _ in range(2):
                try:
                    self._calls.rmdir(made.name, dir_fd=made.parent.descriptor)
                    break
                except OSError:
                    continue
        self._made.clear()

    def release(self) -> None:
        """Remove our locks."""
        for folder in self._known.values():
            if folder.lock is not None:
                locks.release(self._calls, folder.descriptor, folder.lock)
                folder.lock = None

    def close(self) -> None:
        """Let go of every folder and its lock."""
        self.release()
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
            return holds(self._calls, at, name, write.content)
        except OSError:
            return False


def refused(path: str, reason: str, fix: str = "") -> Problem:
    """Return a target that is no fit place."""
    return Problem("target-refused", path, reason, fix)


def failed(path: str, reason: str) -> Problem:
    """Return a target that the system refuses."""
    return Problem("target-failed", path, reason)


def mkdir(calls: Calls, at: int, name: bytes) -> None:
    """Make a directory of mode 0700, whatever the umask, which belongs to the whole process.

    Raise OSError.
    """
    umask = os.umask(0)
    try:
        calls.mkdir(name, _NEW, dir_fd=at)
    finally:
        os.umask(umask)


def require_new(calls: Calls, listing: int, path: bytes) -> None:
    """Raise Unsafe unless an open directory looks as `mkdir` has made it a moment ago: whoever owns
    the one above could have put another in its place.
    """
    found = calls.fstat(listing)
    if (
        found.st_uid != os.geteuid()
        or stat.S_IMODE(found.st_mode) & 0o777 != _NEW
        or found.st_nlink > _NO_SUBFOLDERS
        or calls.listdir(listing)
    ):
        raise Unsafe(
            f"{decoded(path)} was replaced by another directory while it was made",
            "let the directory above it belong to root",
        )
