"""The only writer: stages every target beside its place, then swaps all of them or none."""

from __future__ import annotations

import os
import posixpath
import stat

from cycle_exec.errors import Problem, Refused
from cycle_exec.record import Record
from cycle_exec.system import swap
from cycle_exec.system.files import irregular, words
from cycle_exec.system.folders import Calls, Folders, Owner, spare_name
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.signals import blocked
from cycle_exec.system.swap import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.planning.model import FileWrite

_AT_ONCE = 64  # descriptors held open


class Applied(Record):
    """What a commit did. warnings: lines for the warning level."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def stage(
    writes: Sequence[FileWrite],
    owners: Mapping[str, tuple[int, int]],
    calls: Calls | None = None,
) -> Staged:
    """Use as `with stage(...) as staged:`; leaves nothing behind unless `commit` was called.

    owners: ids for each owner text of the writes; -1 (and a text that is not there): whatever a
    file made by this process gets. Entering raises Refused with every target that failed.
    """
    return Staged(writes, owners, calls or Calls())


class Staged:
    """Targets that stand ready under other names in their own folders."""

    def __init__(
        self,
        writes: Sequence[FileWrite],
        owners: Mapping[str, tuple[int, int]],
        calls: Calls,
    ) -> None:
        self._writes = writes
        self._owners = owners
        self._calls = calls
        self._folders = Folders(calls)
        self._entries: list[Entry] = []
        self._places: set[tuple[int, int, bytes]] = set()
        self._unsettled: list[tuple[Entry, int]] = []
        self._previews: list[tuple[Entry, bytes]] = []
        self._committed = False

    @property
    def paths(self) -> Mapping[str, str]:
        """Where each target's content is now: the staged file, or the target if it is equal."""
        return {
            entry.path: decoded(posixpath.join(posixpath.dirname(encoded(entry.path)), entry.spare))
            if entry.spare
            else entry.path
            for entry in self._entries
        }

    def __enter__(self) -> Staged:
        try:
            problems = []
            for write in self._writes:
                try:
                    problem = self._stage(write)
                except OSError as error:
                    problem = _failed(write.path, words(error))
                if problem is not None:
                    problems.append(problem)
                if len(self._unsettled) == _AT_ONCE:
                    problems += self._settle()
            problems += self._settle()
            if problems:
                raise Refused(problems)
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        if not self._committed:
            self._discard()

    def preview(self, path: str, content: bytes) -> str:
        """Another file beside the target with its owner and mode, for a check; never swapped in.

        Raises Refused.
        """
        entry = next(entry for entry in self._entries if entry.path == path)
        name = spare_name(entry.name)
        self._previews.append((entry, name))
        try:
            swap.close(self._calls, swap.create(self._calls, entry, name, content))
        except OSError as error:
            raise Refused([_failed(path, words(error))]) from None
        return decoded(posixpath.join(posixpath.dirname(encoded(path)), name))

    def commit(self) -> Applied:
        """Swap every staged target into its place, or put everything back and raise Refused.

        The caller blocks signals, so that none comes between the last swap and what it does next.
        """
        with blocked():
            changed = [entry for entry in self._entries if entry.spare]
            try:
                warnings = swap.all_or_nothing(changed, self._calls)
            except BaseException:
                self._discard()
                raise
            self._committed = True
            warnings += self._sync(changed) + self._remove_spares()
            self._folders.close()
        return Applied(
            written=tuple(entry.path for entry in changed),
            unchanged=tuple(entry.path for entry in self._entries if not entry.spare),
            warnings=tuple(warnings),
        )

    def _stage(self, write: FileWrite) -> Problem | None:
        path = encoded(write.path)
        name = posixpath.basename(path)
        if name in (b"", b".", b"..") or b"\0" in path:
            return _refused(write.path, "it does not end in a file name")
        uid, gid = self._owners.get(write.owner, (-1, -1))
        try:
            folder = self._folders.open(
                posixpath.dirname(path),
                Owner(write.mode, uid, gid),
                follow=not write.folder_from_data,
            )
        except NotADirectoryError:
            if not write.folder_from_data:
                raise
            return _refused(write.path, "its folder is a symbolic link, or not a folder at all")
        around = self._calls.fstat(folder.descriptor)
        entry = Entry(write.path, folder, name, write.mode)
        entry.place = (around.st_dev, around.st_ino, name)
        if entry.place in self._places:
            return _refused(write.path, "another target ends at the same place")
        self._places.add(entry.place)
        entry.uid = os.geteuid() if uid == -1 else uid
        # In a folder with the set-group-ID bit new files belong to the folder's group.
        default = around.st_gid if around.st_mode & stat.S_ISGID else os.getegid()
        entry.gid = default if gid == -1 else gid
        try:
            found = self._calls.stat(name, dir_fd=folder.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            found = None
        if found is not None and irregular(found.st_mode):
            return _refused(write.path, irregular(found.st_mode))
        self._entries.append(entry)
        if found is None or not self._equal(entry, found, write.content):
            entry.spare = spare_name(name)
            entry.content = write.content
            descriptor = swap.create(self._calls, entry, entry.spare, write.content)
            self._unsettled.append((entry, descriptor))
        return None

    def _settle(self) -> list[Problem]:
        """Make what was written durable, many files at a time: the journal's first commit takes
        most of the others with it.
        """
        problems = []
        while self._unsettled:
            entry, descriptor = self._unsettled.pop()
            try:
                swap.settle(self._calls, descriptor)
            except OSError as error:
                problems.append(_failed(entry.path, words(error)))
        return problems

    def _equal(self, entry: Entry, found: os.stat_result, content: bytes) -> bool:
        wanted = (entry.mode, entry.uid, entry.gid, len(content))
        if (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, found.st_size) != wanted:
            return False
        try:
            return swap.content_of(self._calls, entry) == content
        except OSError:
            return False

    def _sync(self, changed: list[Entry]) -> list[str]:
        warnings = []
        for folder in dict.fromkeys(entry.folder for entry in changed):
            try:
                self._folders.sync(folder)
            except OSError as error:
                warnings.append(
                    f"folder {decoded(folder.path)}: the new files are in place, but may not "
                    f"survive a power loss: {words(error)}"
                )
        return warnings

    def _remove_spares(self) -> list[str]:
        """Remove every file of ours that is not a target; tell those that cannot be removed."""
        left = []
        ours = [(entry, name) for entry in self._entries for name in (entry.spare, entry.backup)]
        for entry, name in (*ours, *self._previews):
            if name and not swap.removed(self._calls, entry, name):
                path = posixpath.join(entry.folder.path, name)
                left.append(f"{decoded(path)} could not be removed; the next run tries again")
        return left

    def _discard(self) -> None:
        with blocked():
            for _, descriptor in self._unsettled:
                swap.close(self._calls, descriptor)
            self._unsettled.clear()
            self._remove_spares()
            self._folders.remove_made()
            self._folders.close()


def _refused(path: str, reason: str) -> Problem:
    return Problem(kind="target-refused", subject=path, reason=reason)


def _failed(path: str, reason: str) -> Problem:
    return Problem(kind="target-failed", subject=path, reason=reason)
