"""Where a target goes, how it will attributes, and whether what is there now is the same."""

from __future__ import annotations

import os
import stat

from cycle_exec.errors import Problem
from cycle_exec.system.files import irregular
from cycle_exec.system.targets.calls import Attributes, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.planning.model import FileWrite
    from cycle_exec.system.targets.calls import Calls


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
