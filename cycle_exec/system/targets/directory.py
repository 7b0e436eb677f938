"""Staging the targets of a directory that change at one moment: a generation, or file by file."""

from __future__ import annotations

import posixpath

from cycle_exec.errors import Problem
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded
from cycle_exec.system.targets.calls import Attributes
from cycle_exec.system.targets.folders import failed
from cycle_exec.system.targets.generation import Generation, inside, standing
from cycle_exec.system.targets.leftovers import current_generation

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Sequence

    from cycle_exec.planning.model import FileWrite
    from cycle_exec.system.targets.calls import Calls, Folder
    from cycle_exec.system.targets.folders import Folders, Placement


class Directory:
    """One such directory and what this run writes below it.

    single: writes that have to go file by file, since something of others is in the way, or the
    file system has no links. problems: why it cannot be staged.
    """

    def __init__(self, path: str, calls: Calls, folders: Folders, placement: Placement) -> None:
        self._path = path
        self._calls = calls
        self._folders = folders
        self._placement = placement
        self.generation: Generation | None = None
        self.single: list[FileWrite] = []
        self.problems: list[Problem] = []
        self.staged: dict[str, str] = {}

    def stage(self, writes: Sequence[FileWrite]) -> None:
        """Make the next generation, if anything differs from the present one. Raises Refused."""
        try:
            self._stage(writes)
        except OSError as error:
            self.problems.append(failed(self._path, words(error)))

    def _stage(self, writes: Sequence[FileWrite]) -> None:
        for write in writes:
            folder = self._folders.open(encoded(self._path), self._placement.folder(write))
        old = current_generation(self._calls, folder.descriptor)
        domains = dict.fromkeys(encoded(write.domain) for write in writes)
        found = {
            domain: standing(self._calls, folder, domain) if old is not None else "other"
            for domain in domains
        }
        mine: list[FileWrite] = []
        for write in writes:
            is_other = found[encoded(write.domain)] == "other"
            (self.single if is_other else mine).append(write)
        if not mine:
            return
        around = self._calls.fstat(folder.descriptor)
        linked = {domain for domain, kind in found.items() if kind == "ours"}
        changed = self._changed(mine, folder, around, old or b"", linked)
        if changed and not self.problems:
            generation = Generation(self._calls, folder, self._path, old or b"")
            self._make(generation, mine, changed, around)

    def _changed(
        self,
        writes: Sequence[FileWrite],
        folder: Folder,
        around: os.stat_result,
        old: bytes,
        linked: Collection[bytes],
    ) -> list[tuple[FileWrite, Attributes]]:
        found = []
        for write in writes:
            attributes = self._placement.attributes(write, around)
            problem = self._placement.claim(write, around, inside(write))
            equal: bool | Problem = False
            if problem is None and old and encoded(write.domain) in linked:
                now = posixpath.join(old, inside(write))
                equal = self._placement.is_equal(write, attributes, folder.descriptor, now)
            if isinstance(equal, Problem):
                problem = equal
            if problem is not None:
                self.problems.append(problem)
            elif not equal:
                found.append((write, attributes))
        return found

    def _make(
        self,
        generation: Generation,
        writes: Sequence[FileWrite],
        changed: Sequence[tuple[FileWrite, Attributes]],
        around: os.stat_result,
    ) -> None:
        self.generation = generation
        if not generation.begin():
            self.generation = None
            self.single += writes
            return
        attributes = self._placement.attributes(writes[0], around)
        mode = 0
        for write in writes:
            mode |= self._placement.folder(write).mode
        generation.make(changed, Attributes(mode, attributes.uid, attributes.gid))
        generation.link(dict.fromkeys(encoded(write.domain) for write in writes))
        self.staged = {write.path: generation.path(write) for write, _ in changed}
