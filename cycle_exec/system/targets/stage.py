"""The only writer: stages every target beside its place, then swaps all of them or none."""

from __future__ import annotations

import os
import posixpath

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.model import CERTIFICATE, Swap
from cycle_exec.record import Record
from cycle_exec.system.files import words
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.signals import blocked
from cycle_exec.system.targets import leftovers, swap, temporary_names
from cycle_exec.system.targets.calls import Calls, close, create, removed, settle
from cycle_exec.system.targets.directory import Directory
from cycle_exec.system.targets.folders import Folders, Placement, failed, refused
from cycle_exec.system.targets.journal import Journal
from cycle_exec.system.targets.route import Unsafe
from cycle_exec.system.targets.swap import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.planning.model import FileWrite
    from cycle_exec.system.targets.generation import Generation

_AT_ONCE = 64  # descriptors held open
_SPARE = 6  # descriptors


class Applied(Record):
    """What a commit did. warnings: lines for the warning level."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class Staged:
    """Targets that stand ready under other names in their own folders, for a `with` block; it
    leaves nothing behind unless `commit` was called.

    targets: all that the settings have, where these are not all of them; None: nobody knows here,
    so a journal that is about others waits. Entering raises Refused with every target that failed.
    """

    def __init__(
        self,
        writes: Sequence[FileWrite],
        calls: Calls | None = None,
        *,
        targets: Sequence[FileWrite] | None = (),
    ) -> None:
        self._writes = writes
        self._targets = targets
        self._calls = calls = calls or Calls()
        self._folders = Folders(calls)
        self._reserve: list[int] = []
        self._placement = Placement(calls)
        self._entries: list[Entry] = []
        self._directories: list[Directory] = []
        self._changed: dict[str, str] = {}
        self._unsettled: list[tuple[Entry, int]] = []
        self._warnings: list[str] = []
        self._committed = False

    @property
    def paths(self) -> Mapping[str, str]:
        """Where each target's content is now: the staged file, or the target if it is equal."""
        return {write.path: self._changed.get(write.path, write.path) for write in self._writes}

    @property
    def _generations(self) -> list[Generation]:
        return [each.generation for each in self._directories if each.generation]

    def __enter__(self) -> Staged:
        try:
            known = [*self._writes, *(self._targets or ())]
            self._warnings += leftovers.recover(
                {write.path for write in known},
                self._calls,
                directories={write.directory for write in known if write.directory},
                whole=self._targets is not None,
            )
            self._set_aside()
            problems = []
            single = [write for write in self._writes if not write.directory]
            for path in dict.fromkeys(filter(None, (write.directory for write in self._writes))):
                directory = Directory(path, self._calls, self._folders, self._placement)
                self._directories.append(directory)
                directory.stage([write for write in self._writes if write.directory == path])
                single += directory.single
                problems += directory.problems
                self._changed.update(directory.staged)
            for write in single:
                try:
                    problem = self._stage(write)
                except OSError as error:
                    problem = failed(write.path, words(error))
                except Unsafe as unsafe:
                    problem = refused(write.path, unsafe.reason, unsafe.fix)
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

    @property
    def swaps(self) -> tuple[Swap, ...]:
        """What `commit` will rename, for whoever has to see it as it will be."""
        found = [
            Swap(
                folder=os.path.realpath(entry.folder.path),
                name=entry.name,
                staged=entry.staged,
                content=entry.content,
                uid=entry.attributes.uid,
                gid=entry.attributes.gid,
                mode=entry.attributes.mode,
            )
            for entry in self._entries
            if entry.staged
        ]
        for generation in self._generations:
            entry = generation.entry
            folder = os.path.realpath(entry.folder.path)
            found.append(
                Swap(folder=folder, name=entry.name, staged=entry.staged, link=generation.name)
            )
        return tuple(found)

    def is_private(self, write: FileWrite) -> bool:
        """Whether nobody else can change the directory that a target is staged in. Raises
        Refused.
        """
        path = encoded(write.directory) or posixpath.dirname(encoded(write.path))
        try:
            folder = self._folders.open(path, self._placement.folder(write))
            return self._folders.route.is_private(folder)
        except OSError as error:
            raise Refused([failed(write.path, words(error))]) from None
        except Unsafe as unsafe:
            raise Refused([refused(write.path, unsafe.reason, unsafe.fix)]) from None

    def _set_aside(self) -> None:
        """Open descriptors that are closed again for the clearing away: it needs some, and what
        ends a run may be that there are no more.
        """
        try:
            for _ in range(_SPARE if self._writes else 0):
                self._reserve.append(self._calls.open(b"/", os.O_PATH | os.O_CLOEXEC))
        except OSError as error:
            raise Refused([failed(self._writes[0].path, words(error))]) from None

    def _draw_on_reserve(self) -> None:
        for descriptor in self._reserve:
            close(self._calls, descriptor)
        self._reserve.clear()

    def commit(self) -> Applied:
        """Swap every staged target into its place, or put everything back and raise Refused.

        The caller blocks signals, so that none comes between the last swap and what it does next.
        """
        with blocked():
            self._draw_on_reserve()
            links = [generation.entry for generation in self._generations]
            changed = [*links, *(entry for entry in self._entries if entry.staged)]
            try:
                written_down = self._journal(changed)
                warnings = swap.all_or_nothing(changed, self._calls, written_down)
            except BaseException:
                self._discard()
                raise
            self._committed = True
            warnings += self._sync(changed)
            if written_down is not None and not written_down.remove():
                warnings.append(_kept(written_down.path))
            warnings += self._remove_temporary() + self._remove_old()
            self._folders.close()
        paths = [write.path for write in self._writes]
        return Applied(
            written=tuple(path for path in paths if path in self._changed),
            unchanged=tuple(path for path in paths if path not in self._changed),
            warnings=(*self._warnings, *warnings),
        )

    def _journal(self, changed: Sequence[Entry]) -> Journal | None:
        """Only where nobody else could have made or moved it can the next start believe it, and
        only with a lock does it know that we are not at work any more.
        """
        for entry in changed:
            try:
                is_private = self._folders.route.is_private(entry.folder)
            except OSError as error:
                raise Refused([failed(entry.path, words(error))]) from None
            if is_private and entry.folder.lock is not None:
                return Journal(self._calls, entry.folder)
        return None

    def _stage(self, write: FileWrite) -> Problem | None:
        path = encoded(write.path)
        name = posixpath.basename(path)
        if name in (b"", b".", b"..") or b"\0" in path:
            return refused(write.path, "it does not end in a file name")
        # Fetched data name the folder of a certificate: a link in its place is never followed.
        is_from_data = write.kind == CERTIFICATE
        try:
            folder = self._folders.open(
                posixpath.dirname(path),
                self._placement.folder(write),
                follow=not is_from_data,
            )
        except NotADirectoryError:
            if not is_from_data:
                raise
            return refused(write.path, "its directory is a symbolic link, or not a directory")
        around = self._calls.fstat(folder.descriptor)
        attributes = self._placement.attributes(write, around)
        equal = self._placement.claim(write, around, name) or self._placement.is_equal(
            write, attributes, folder.descriptor, name
        )
        if isinstance(equal, Problem):
            return equal
        entry = Entry(write.path, folder, name, attributes)
        self._entries.append(entry)
        if not equal:
            self._folders.hold(folder)
            entry.content = write.content
            entry.staged = temporary_names.temporary(name)
            staged = decoded(posixpath.join(posixpath.dirname(path), entry.staged))
            self._changed[write.path] = staged
            descriptor = create(
                self._calls, folder.descriptor, entry.staged, write.content, attributes, write.path
            )
            self._unsettled.append((entry, descriptor))
            entry.inode = self._calls.fstat(descriptor).st_ino
        return None

    def _settle(self) -> list[Problem]:
        """Make what was written durable, many files at a time: the file system's first commit
        takes most of the others with it.
        """
        problems = []
        while self._unsettled:
            entry, descriptor = self._unsettled.pop()
            try:
                settle(self._calls, descriptor)
            except OSError as error:
                problems.append(failed(entry.path, words(error)))
        return problems

    def _sync(self, changed: Sequence[Entry]) -> list[str]:
        warnings = []
        for folder in dict.fromkeys(entry.folder for entry in changed):
            try:
                self._folders.sync(folder)
            except OSError as error:
                warnings.append(
                    f"directory {decoded(folder.path)}: the new files are in place, but may not "
                    f"survive a power loss: {words(error)}"
                )
        return warnings

    def _remove_temporary(self) -> list[str]:
        """Remove every file of ours that is not a target; tell those that cannot be removed."""
        left = []
        links = [generation.entry for generation in self._generations]
        for entry in (*links, *self._entries):
            for name in (entry.staged, entry.backup):
                if name and not removed(self._calls, entry.at, name):
                    left.append(_kept(decoded(posixpath.join(entry.folder.path, name))))
        return left

    def _remove_old(self) -> list[str]:
        return [
            f"{generation.entry.path} still has an old generation; the next run tries again"
            for generation in self._generations
            if not generation.finish()
        ]

    def _discard(self) -> None:
        with blocked():
            self._draw_on_reserve()
            for _, descriptor in self._unsettled:
                close(self._calls, descriptor)
            self._unsettled.clear()
            self._remove_temporary()
            for generation in self._generations:
                generation.discard()
            self._folders.remove_made()
            self._folders.close()


def _kept(path: str) -> str:
    return f"{path} could not be removed; the next run tries again"
