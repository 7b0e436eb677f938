"""What a run writes below a directory whose files change as one: the next generation of it, and
what has to go file by file.
"""

from __future__ import annotations

import errno
import posixpath
import stat

from cycle_exec.errors import Problem
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded
from cycle_exec.system.targets import temporary_names
from cycle_exec.system.targets.calls import LIST, Attributes, close
from cycle_exec.system.targets.cleaning import Ground, current_generation
from cycle_exec.system.targets.folders import failed, refused
from cycle_exec.system.targets.generation import Generation, inside
from cycle_exec.system.targets.route import Unsafe

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Sequence

    from cycle_exec.planning.model import FileWrite
    from cycle_exec.system.targets.calls import Calls, Folder
    from cycle_exec.system.targets.folders import Folders, Placement


class Directory:
    """What this run writes below such a directory.

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
        except Unsafe as unsafe:
            self.problems.append(refused(self._path, unsafe.reason, unsafe.fix))

    def _stage(self, writes: Sequence[FileWrite]) -> None:
        for write in writes:
            folder = self._folders.open(encoded(self._path), self._placement.folder(write))
        old = current_generation(self._calls, folder.descriptor)
        found = {
            domain: _standing(self._calls, folder, domain) if old is not None else "other"
            for domain in dict.fromkeys(encoded(write.domain) for write in writes)
        }
        self.single = [write for write in writes if found[encoded(write.domain)] == "other"]
        mine = [write for write in writes if found[encoded(write.domain)] != "other"]
        if not mine:
            return
        around = self._calls.fstat(folder.descriptor)
        attributes = self._attributes(mine, folder, around)
        old = old if old and self._is_credible(folder, old, attributes) else b""
        linked = {domain for domain, kind in found.items() if kind == "ours"}
        changed = self._changed(mine, folder, around, old, linked)
        obsolete = frozenset(encoded(path) for write in mine for path in write.obsolete)
        obsolete -= {inside(write) for write in writes}
        if (changed or self._has(folder, old, obsolete)) and not self.problems:
            self._folders.hold(folder)
            private = self._folders.route.is_private(folder)
            generation = Generation(
                self._calls, folder, self._path, old, private=private, obsolete=obsolete
            )
            self._make(generation, mine, changed, attributes)

    def _has(self, folder: Folder, old: bytes, obsolete: Collection[bytes]) -> bool:
        """Whether the present generation has any of these files."""
        for path in obsolete if old else ():
            try:
                now = posixpath.join(old, path)
                found = self._calls.stat(now, dir_fd=folder.descriptor, follow_symlinks=False)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat.S_ISREG(found.st_mode):
                return True
        return False

    def _attributes(
        self, writes: Sequence[FileWrite], folder: Folder, around: os.stat_result
    ) -> Attributes:
        """Return those of a generation and of the folders in it."""
        attributes = self._placement.attributes(writes[0], around)
        mode = 0
        for write in writes:
            mode |= self._placement.folder(write).mode
        uid = self._folders.route.owner_below(folder, attributes.uid)
        return Attributes(mode, uid, attributes.gid)

    def _is_credible(self, folder: Folder, old: bytes, attributes: Attributes) -> bool:
        """Whether what stands as the present generation is one: where others could have put any
        folder in its place, only one that the next lets in nobody else to.
        """
        if self._folders.route.is_private(folder):
            return True
        try:
            descriptor = self._calls.open(old, LIST, dir_fd=folder.descriptor)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            ground = Ground(self._calls, descriptor)
        finally:
            close(self._calls, descriptor)
        return ground.uid == attributes.uid and not attributes.mode & ~ground.mode

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
            equal: bool | Problem = problem or False
            if not equal and old and encoded(write.domain) in linked:
                now = posixpath.join(old, inside(write))
                equal = self._placement.is_equal(write, attributes, folder.descriptor, now)
            if isinstance(equal, Problem):
                self.problems.append(equal)
            elif not equal:
                found.append((write, attributes))
        return found

    def _make(
        self,
        generation: Generation,
        writes: Sequence[FileWrite],
        changed: Sequence[tuple[FileWrite, Attributes]],
        attributes: Attributes,
    ) -> None:
        self.generation = generation
        if not generation.begin():
            self.generation = None
            self.single += writes
            return
        generation.make(changed, attributes)
        generation.link(dict.fromkeys(encoded(write.domain) for write in writes))
        self.staged = {write.path: generation.path(write) for write, _ in changed}


def _standing(calls: Calls, folder: Folder, domain: bytes) -> str:
    """Return what is at a domain's name: "free", "ours" (a link into the generation) or "other"."""
    try:
        text = bytes(calls.readlink(domain, dir_fd=folder.descriptor))
    except FileNotFoundError:
        return "free"
    except OSError as error:
        if error.errno == errno.EINVAL:
            return "other"
        raise
    return "ours" if text == temporary_names.link_text(domain) else "other"
