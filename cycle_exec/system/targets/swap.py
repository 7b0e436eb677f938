"""All targets change places with their staged files, or none does."""

from __future__ import annotations

import errno
import os

from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.system.files import irregular, words
from cycle_exec.system.targets import temporary_names
from cycle_exec.system.targets.calls import (
    OPEN,
    Attributes,
    close,
    create,
    overwrite,
    read_file,
    read_open,
    removed,
    settle,
)
from cycle_exec.system.targets.journal import Step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.system.targets.calls import Calls, Folder
    from cycle_exec.system.targets.journal import Journal

# Where a hard link cannot be had the old file is kept as a copy.
NO_LINK = (
    errno.EPERM,
    errno.EACCES,
    errno.EXDEV,
    errno.EMLINK,
    errno.ENOTSUP,
    errno.ENOSYS,
    errno.EINVAL,
)


class Entry:
    """One target on its way. An empty `staged`: it is equal and stays as it is.

    link: it is a symbolic link of ours, not a file. staged: the new file's temporary name; inode:
    its number. backup: a second name of the old file, empty if there was none or if it cannot be
    kept. fresh: there was no old file.
    """

    def __init__(self, path: str, folder: Folder, name: bytes, attributes: Attributes) -> None:
        self.path = path
        self.folder = folder
        self.name = name
        self.attributes = attributes
        self.link = False
        self.content = b""
        self.staged = b""
        self.inode = 0
        self.backup = b""
        self.fresh = False
        self.irreplaceable = False
        self.swapped = False

    @property
    def at(self) -> int:
        """The descriptor of its folder."""
        return self.folder.descriptor

    def step(self) -> Step:
        """Return the swap of it, as a journal has it and as it is undone."""
        device, inode = self.folder.identity
        return Step(
            folder=self.folder.path,
            place=(device, inode),
            name=self.name,
            staged=self.staged,
            backup=self.backup,
            fresh=self.fresh,
            inode=self.inode,
        )


def all_or_nothing(entries: Sequence[Entry], calls: Calls, journal: Journal | None) -> list[str]:
    """Swap every entry; returns warnings. Raises Refused when all is as it was before.

    journal: where to write down what is about to be done, if it takes more than one rename. It is
    the caller's to remove once everything is durable.
    """
    warnings: list[str] = []
    at: Entry | None = None
    try:
        for at in entries:
            _keep(calls, at)
        _refuse_irreplaceable(entries)
        # What cannot be put back goes last: after it nothing can fail.
        order = sorted(entries, key=lambda entry: entry.irreplaceable)
        if len(order) > 1:
            at = order[0]
            _write_down(journal, order)
        for at in order:
            _swap(calls, at, warnings, journal)
    except OSError as error:
        assert at is not None
        problem = Problem("target-failed", at.path, words(error))
        raise Refused([problem, *_put_back(calls, entries, journal)]) from None
    except Refused as refused:
        raise Refused([*refused.problems, *_put_back(calls, entries, journal)]) from None
    except BaseException:
        _put_back(calls, entries, journal)
        raise
    return warnings


def _write_down(journal: Journal | None, order: Sequence[Entry]) -> None:
    if journal is None or journal.written:
        return
    journal.write([entry.step() for entry in order])


def _keep(calls: Calls, entry: Entry) -> None:
    """Give the old file a second name, so that it can come back with all it has."""
    try:
        before = calls.stat(entry.name, dir_fd=entry.at, follow_symlinks=False)
    except FileNotFoundError:
        entry.fresh = True
        return
    if entry.link:
        text = calls.readlink(entry.name, dir_fd=entry.at)
        entry.backup = temporary_names.temporary(entry.name)
        calls.symlink(text, entry.backup, dir_fd=entry.at)
        return
    reason = irregular(before.st_mode)
    if reason:
        raise refuse("target-refused", entry.path, f"{reason} now, but was not before")
    entry.backup = temporary_names.temporary(entry.name)
    try:
        calls.link(
            entry.name,
            entry.backup,
            src_dir_fd=entry.at,
            dst_dir_fd=entry.at,
            follow_symlinks=False,
        )
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        _copy(calls, entry)


def _copy(calls: Calls, entry: Entry) -> None:
    content, before = read_file(calls, entry.at, entry.name)
    try:
        descriptor = create(
            calls, entry.at, entry.backup, content, Attributes.of(before), entry.path
        )
        settle(calls, descriptor)
    except PermissionError:
        # Another user's file, which we could replace but not make again.
        removed(calls, entry.at, entry.backup)
        entry.backup = b""
        entry.irreplaceable = True


def _refuse_irreplaceable(entries: Sequence[Entry]) -> None:
    found = [entry for entry in entries if entry.irreplaceable]
    if len(found) > 1:
        raise Refused(
            [
                Problem(
                    "target-refused",
                    entry.path,
                    "it belongs to another user, so it could not be restored",
                    "chown it in the image to the user that cycle-exec runs as, or remove it",
                )
                for entry in found
            ]
        )


def _swap(calls: Calls, entry: Entry, warnings: list[str], journal: Journal | None) -> None:
    try:
        calls.replace(entry.staged, entry.name, src_dir_fd=entry.at, dst_dir_fd=entry.at)
        entry.swapped = True
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # A rewrite can be cut in the middle, so even a single one is written down.
        _write_down(journal, [entry])
        _rewrite(calls, entry)
        warnings.append(f"{entry.path} is a mount point, so it was rewritten in place")


def _rewrite(calls: Calls, entry: Entry) -> None:
    descriptor = calls.open(entry.name, os.O_RDWR | OPEN, dir_fd=entry.at)
    try:
        found = calls.fstat(descriptor)
        if irregular(found.st_mode) or found.st_nlink > 1:
            raise refuse("target-refused", entry.path, "it is a mount point with other hard links")
        before = read_open(calls, descriptor)
        entry.swapped = True
        try:
            overwrite(calls, descriptor, entry.content, entry.attributes)
        except OSError:
            # Without a backup this is all that is left of it.
            if entry.irreplaceable:
                overwrite(calls, descriptor, before, Attributes.of(found))
            raise
    finally:
        close(calls, descriptor)


def _put_back(calls: Calls, entries: Sequence[Entry], journal: Journal | None) -> list[Problem]:
    """Undo every swap; return the problems of those that could not be undone."""
    from cycle_exec.system.targets.recovery import undo

    if journal is not None:
        journal.reverse()
    problems = []
    for entry in reversed([entry for entry in entries if entry.swapped]):
        for attempt in (1, 2):
            try:
                undo(calls, entry.at, entry.step())
                break
            except OSError as error:
                if attempt == 2:
                    problems.append(_stuck(entry, error))
    if journal is not None:
        if problems:
            journal.close()
        else:
            journal.remove()
    return problems


def _stuck(entry: Entry, error: OSError) -> Problem:
    """Keep the old file under its second name, since it is the only one left."""
    entry.backup = b""
    return Problem(
        "target-failed",
        entry.path,
        f"it could not be restored: {words(error)}",
        "start again: the next start restores it first",
    )
