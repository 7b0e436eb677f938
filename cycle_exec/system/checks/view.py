"""The file system as it will be once every staged target has its name. Paths are real ones."""

from __future__ import annotations

import os
import stat

from cycle_exec.system.targets import temporary_names
from cycle_exec.system.targets.calls import OPEN
from cycle_exec.system.targets.temporary_names import DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.planning.model import Swap

FILE, FOLDER, LINK, OTHER, ABSENT = "file", "folder", "link", "other", "absent"
_KINDS = {stat.S_IFREG: FILE, stat.S_IFDIR: FOLDER, stat.S_IFLNK: LINK}


class View:
    """What is where; it is looked at once, and remembered."""

    def __init__(self, swaps: Sequence[Swap]) -> None:
        self._swaps = {swap.target: swap for swap in swaps}
        self._links = {swap.target: swap.link for swap in swaps if swap.link}
        self._found: dict[bytes, os.stat_result] = {}
        self._kinds = {swap.target: LINK if swap.link else FILE for swap in swaps}

    def kind(self, path: bytes) -> str:
        """Return which of the five it is."""
        found = self._kinds.get(path)
        if found is None:
            self._kinds[path] = found = self._looked_at(path)
        return found

    def _looked_at(self, path: bytes) -> str:
        try:
            kind = _KINDS.get(stat.S_IFMT(os.lstat(path).st_mode), OTHER)
        except (OSError, ValueError):
            return ABSENT
        if kind == LINK:
            try:
                self._links[path] = os.readlink(path)
            except OSError:
                return OTHER  # of another process, in /proc
        return kind

    def link(self, path: bytes) -> bytes:
        """Return where a symbolic link leads."""
        self.kind(path)
        return self._links[path]

    def names(self, folder: bytes) -> list[bytes]:
        """Return the names in a directory, without those of ours that only stand there for now.

        Raise OSError.
        """
        there = set(os.listdir(folder))
        new = {swap.name for swap in self._swaps.values() if swap.folder == folder}
        data = os.path.join(folder, DATA)
        current = self.link(data) if self.kind(data) == LINK else b""
        return sorted(
            name
            for name in there | new
            if name == current or name in new or not temporary_names.is_passing(name)
        )

    def content(self, path: bytes, limit: int) -> bytes | None:
        """Return the bytes of a file that is readable and not larger."""
        swap = self._swaps.get(path)
        if swap is not None:
            return swap.content if len(swap.content) <= limit else None
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | OPEN)
            try:
                found = os.fstat(descriptor)
                self._found[path] = found
                # Files of the kernel have no size, and some of them no end.
                if not stat.S_ISREG(found.st_mode) or not 0 < found.st_size <= limit:
                    return None
                return os.read(descriptor, limit)
            finally:
                os.close(descriptor)
        except OSError:
            return None

    def attributes(self, path: bytes) -> tuple[int, int, int]:
        """Return user, group and mode of a file whose content was asked for: as the target will
        have them, or as they were with that content.
        """
        swap = self._swaps.get(path)
        if swap is not None:
            return swap.uid, swap.gid, swap.mode
        found = self._found[path]
        return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)

    def source(self, path: bytes) -> bytes:
        """Return where the file is now."""
        swap = self._swaps.get(path)
        return os.path.join(swap.folder, swap.staged) if swap is not None else path
