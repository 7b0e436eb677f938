"""Taking back the steps of a swap when a call fails; and replaying the journal of a killed run:
finish what it began, or undo what it was undoing.

A journal is only believed if it is a regular file of this very user, private and with one name, in
a folder that nobody else can change: nobody else can have written it or moved it there. And it only
reaches folders of this run's targets, by device and inode.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from time import sleep

from cycle_exec.errors import Refused, refuse
from cycle_exec.system.files import words
from cycle_exec.system.invocation import decoded
from cycle_exec.system.signals import blocked
from cycle_exec.system.targets import journal, locks, temporary_names
from cycle_exec.system.targets.calls import (
    LIST,
    OPEN,
    Attributes,
    Calls,
    Folder,
    close,
    overwrite,
    read_file,
    read_open,
    sync,
)
from cycle_exec.system.targets.route import Route, Unsafe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cycle_exec.system.targets.journal import Step

_PATIENCE = 200  # tries
_PAUSE = 0.005  # seconds
_BUSY = "another process is at work in the directory"


def undo(calls: Calls, at: int, step: Step, *, private: bool = True) -> None:
    """Put the old file back, or remove the new one where there was none. Raises OSError.

    at: the open folder of the step. private: see `_move`.
    """
    if step.backup and _find(calls, at, step.backup) is not None:
        _move(calls, at, step.backup, step.name, private=private)
    elif step.fresh:
        found = _find(calls, at, step.name)
        if found is not None and found.st_ino == step.inode:
            calls.unlink(step.name, dir_fd=at)


def _find(calls: Calls, at: int, name: bytes) -> os.stat_result | None:
    """Return the file or link of this name; None if there is none. Raises OSError."""
    try:
        found = calls.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode) else None


def _move(calls: Calls, at: int, source: bytes, target: bytes, *, private: bool) -> None:
    """Rename a file, or rewrite the target where it is a mount point. Raises OSError.

    private: nobody else can change the folder. Elsewhere a mount point, which nobody could
    replace, is not written with what somebody could have put there.
    """
    try:
        calls.replace(source, target, src_dir_fd=at, dst_dir_fd=at)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        if private:
            _rewrite(calls, at, source, target)


def _rewrite(calls: Calls, at: int, source: bytes, target: bytes) -> None:
    """Give a mount point, which refuses the rename, the other file's bytes, owner and mode."""
    content, source_found = read_file(calls, at, source)
    descriptor = calls.open(target, os.O_RDWR | OPEN, dir_fd=at)
    try:
        found = calls.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            overwrite(calls, descriptor, content, Attributes.of(source_found))
    finally:
        close(calls, descriptor)


class Recovery:
    """The replay of the journals in some folders. whole: see `leftovers.recover`."""

    def __init__(self, calls: Calls, whole: bool) -> None:
        self._calls = calls
        self._whole = whole
        self._route = Route(calls)
        self._folders: list[tuple[bytes, bool]] = []
        self._open: list[Folder] = []
        self._reached: dict[tuple[int, int], Folder] = {}

    def replay(
        self, pending: Sequence[bytes], folders: Sequence[bytes], directories: Collection[bytes]
    ) -> list[str]:
        """Replay every journal in the pending folders; return one line for each.

        folders: those that a journal may reach; directories: those whose own folders it may reach,
        too. Raises Refused where that fails: who goes on all the same could have its files replaced
        by older ones at a later start.
        """
        self._folders = [(path, path in directories) for path in folders]
        lines = []
        try:
            for path in pending:
                try:
                    lines += self._in_folder(path)
                except OSError as error:
                    raise _failed(path, words(error)) from None
        finally:
            for folder in self._open:
                close(self._calls, folder.descriptor)
        return lines

    def _reach(self, places: Collection[tuple[int, int]]) -> None:
        """Open those of our folders that are at these places, and no more than these."""
        for path, with_folders in self._folders:
            try:
                folder = self._route.existing(path)
            except (OSError, Unsafe):
                continue  # whoever writes there finds the same, and says so
            names = _inner(self._calls, folder) if with_folders else []
            for name in names:
                try:
                    below = self._route.enter(folder, name, follow=False)
                except (OSError, Unsafe):
                    continue  # no folder, as nearly every name there
                self._keep(below, places)
            self._keep(folder, places)

    def _keep(self, folder: Folder, places: Collection[tuple[int, int]]) -> None:
        if folder.identity in places and folder.identity not in self._reached:
            self._open.append(folder)
            self._reached[folder.identity] = folder
        else:
            close(self._calls, folder.descriptor)

    def _in_folder(self, path: bytes) -> list[str]:
        try:
            folder = self._route.existing(path)
        except (FileNotFoundError, NotADirectoryError, Unsafe):
            return []
        self._open.append(folder)
        if not self._route.is_private(folder):
            return []
        lines = []
        at = folder.descriptor
        for name in sorted(filter(temporary_names.is_journal, _listed(self._calls, at))):
            found = _opened(self._calls, at, name)
            if found is None:
                continue
            descriptor, steps = found
            try:
                _wait(self._calls, descriptor, path)
                # Whoever held it may have worked it off, or turned it round.
                still = self._calls.fstat(descriptor).st_nlink and _has(self._calls, at, name)
                self._reach({step.place for step in steps})
                if still and self._is_due(steps):
                    lines.append(self._replay(folder, name, steps))
            finally:
                close(self._calls, descriptor)
        return lines

    def _is_due(self, steps: Sequence[Step]) -> bool:
        """Whether all the steps can be taken that there are still folders for."""
        return self._whole or all(
            step.place in self._reached or not self._is_there(step) for step in steps
        )

    def _is_there(self, step: Step) -> bool:
        try:
            found = self._calls.stat(step.folder)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == step.place

    def _replay(self, around: Folder, name: bytes, steps: Sequence[Step]) -> str:
        calls = self._calls
        is_forward = name.startswith(temporary_names.FORWARD)
        taken = [(self._reached[step.place], step) for step in steps if step.place in self._reached]
        folders = dict.fromkeys(folder for folder, _ in taken)
        for folder in folders:
            self._wait_for_others(folder)
        with blocked():
            for folder, step in taken if is_forward else reversed(taken):
                at, private = folder.descriptor, self._route.is_private(folder)
                if not private and not self._is_credible(folder, step, is_forward):
                    continue
                if not is_forward:
                    undo(calls, at, step, private=private)
                elif _find(calls, at, step.staged) is not None:
                    _move(calls, at, step.staged, step.name, private=private)
            for folder in folders:
                _sync(calls, folder.descriptor)
            calls.unlink(name, dir_fd=around.descriptor)
        what = "finished" if is_forward else "undone"
        return (
            f"a start was killed while it replaced {len(steps)} files: "
            f"the journal was replayed, the replacement is {what} now"
        )

    def _is_credible(self, folder: Folder, step: Step, is_forward: bool) -> bool:
        """Whether what a step moves is what the killed run has left, and nothing that somebody
        has put there since under its name.
        """
        found = _find(self._calls, folder.descriptor, step.staged if is_forward else step.backup)
        if found is None or is_forward:
            return found is None or found.st_ino == step.inode
        return not self._route.is_foreign(found.st_uid) or found.st_uid == folder.uid

    def _wait_for_others(self, folder: Folder) -> None:
        """Nobody may be at work in a folder while we rename there. Where others can change the
        folder, a lock says nothing.
        """
        if not self._route.is_private(folder):
            return
        at = folder.descriptor
        for _ in range(_PATIENCE):
            if not locks.others(self._calls, at, _listed(self._calls, at)):
                return
            sleep(_PAUSE)
        raise _failed(folder.path, _BUSY)


def _inner(calls: Calls, folder: Folder) -> list[bytes]:
    try:
        names = _listed(calls, folder.descriptor)
    except OSError:
        return []
    return [name for name in names if not name.startswith(b"..")]


def _has(calls: Calls, at: int, name: bytes) -> bool:
    try:
        calls.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def is_pending(calls: Calls, at: int, names: Collection[bytes]) -> bool:
    """Whether one of the names in a private folder is a journal of ours. Raises OSError."""
    for name in filter(temporary_names.is_journal, names):
        found = _opened(calls, at, name)
        if found is not None:
            close(calls, found[0])
            return True
    return False


def _failed(folder: bytes, reason: str) -> Refused:
    return refuse(
        "target-failed",
        f"directory {decoded(folder)}",
        f"a start was killed while it swapped files, and this cannot be recovered: {reason}",
        fix="make the files around .cycle-exec-* there writable, or remove these",
    )


def _listed(calls: Calls, at: int) -> list[bytes]:
    descriptor = calls.open(b".", LIST, dir_fd=at)
    try:
        return calls.listdir(descriptor)
    finally:
        close(calls, descriptor)


def _sync(calls: Calls, at: int) -> None:
    descriptor = calls.open(b".", LIST, dir_fd=at)
    try:
        sync(calls, descriptor)
    finally:
        close(calls, descriptor)


def _wait(calls: Calls, descriptor: int, folder: bytes) -> None:
    """Wait until the run that wrote a journal has ended. Raises OSError, Refused."""
    for _ in range(_PATIENCE):
        try:
            calls.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            sleep(_PAUSE)
    raise _failed(folder, _BUSY)


def _opened(calls: Calls, at: int, name: bytes) -> tuple[int, Sequence[Step]] | None:
    """Open a journal of ours, and return its descriptor and what it says; None for a file that is
    none. Raises OSError.
    """
    try:
        descriptor = calls.open(name, os.O_RDONLY | OPEN, dir_fd=at)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.EACCES):
            return None
        raise
    steps = None
    try:
        found = calls.fstat(descriptor)
        is_ours = (
            stat.S_ISREG(found.st_mode)
            and found.st_uid == os.geteuid()
            and found.st_nlink == 1
            and not found.st_mode & 0o077
            and found.st_size <= journal.LIMIT
        )
        steps = journal.decode(read_open(calls, descriptor)) if is_ours else None
        return (descriptor, steps) if steps is not None else None
    finally:
        if steps is None:
            close(calls, descriptor)
