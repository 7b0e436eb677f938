"""All targets change places with their staged files, or none does."""

from __future__ import annotations

import errno
import os
import posixpath

from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.system import own_names, writing
from cycle_exec.system.files import irregular, words
from cycle_exec.system.journal import Step
from cycle_exec.system.writing import Look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.system.folders import Calls, Folder
    from cycle_exec.system.journal import Journal

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
    """One target on its way. An empty `spare`: it is equal and stays as it is.

    link: it is a symbolic link of ours, not a file. inode: the staged file's. backup: a second
    name of the old file, empty if there was none or if it cannot be kept. before: the old file's
    stat. content_before: what a rewrite in place has overwritten.
    """

    def __init__(self, path: str, folder: Folder, name: bytes, look: Look) -> None:
        self.path = path
        self.folder = folder
        self.name = name
        self.look = look
        self.link = False
        self.content = b""
        self.spare = b""
        self.inode = 0
        self.backup = b""
        self.before: os.stat_result | None = None
        self.content_before: bytes | None = None
        self.irreplaceable = False
        self.swapped = False

    @property
    def at(self) -> int:
        """The descriptor of its folder."""
        return self.folder.descriptor


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
        problem = Problem(kind="target-failed", subject=at.path, reason=words(error))
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
    steps = [
        Step(
            folder=posixpath.join(os.getcwdb(), entry.folder.path),
            name=entry.name,
            spare=entry.spare,
            backup=entry.backup,
            fresh=entry.before is None,
            inode=entry.inode,
        )
        for entry in order
    ]
    journal.write(steps)


def _keep(calls: Calls, entry: Entry) -> None:
    """Give the old file a second name, so that it can come back with all it has."""
    try:
        entry.before = calls.stat(entry.name, dir_fd=entry.at, follow_symlinks=False)
    except FileNotFoundError:
        return
    if entry.link:
        text = calls.readlink(entry.name, dir_fd=entry.at)
        entry.backup = own_names.spare(entry.name)
        calls.symlink(text, entry.backup, dir_fd=entry.at)
        return
    reason = irregular(entry.before.st_mode)
    if reason:
        raise refuse("target-refused", entry.path, f"{reason} now, and was not before")
    entry.backup = own_names.spare(entry.name)
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
        _copy(calls, entry, entry.before)


def _copy(calls: Calls, entry: Entry, before: os.stat_result) -> None:
    content = writing.read(calls, entry.at, entry.name)
    try:
        descriptor = writing.create(
            calls, entry.at, entry.backup, content, Look.of(before), entry.path
        )
        writing.settle(calls, descriptor)
    except PermissionError:
        # Another user's file, which we could replace but not make again.
        writing.removed(calls, entry.at, entry.backup)
        entry.backup = b""
        entry.irreplaceable = True


def _refuse_irreplaceable(entries: Sequence[Entry]) -> None:
    found = [entry for entry in entries if entry.irreplaceable]
    if len(found) > 1:
        raise Refused(
            [
                Problem(
                    kind="target-refused",
                    subject=entry.path,
                    reason="it belongs to another user, so it could not be put back",
                    fix="chown it in the image to the user that cycle-exec runs as, or remove it",
                )
                for entry in found
            ]
        )


def _swap(calls: Calls, entry: Entry, warnings: list[str], journal: Journal | None) -> None:
    try:
        calls.replace(entry.spare, entry.name, src_dir_fd=entry.at, dst_dir_fd=entry.at)
        entry.swapped = True
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        # A rewrite can be cut in the middle, so even a single one is written down.
        _write_down(journal, [entry])
        _rewrite(calls, entry)
        warnings.append(f"{entry.path} is a mount point, so it was rewritten in place")


def _rewrite(calls: Calls, entry: Entry) -> None:
    descriptor = calls.open(entry.name, os.O_RDWR | writing.OPEN, dir_fd=entry.at)
    try:
        found = calls.fstat(descriptor)
        if irregular(found.st_mode) or found.st_nlink > 1:
            raise refuse(
                "target-refused", entry.path, "it is a mount point that has other names, too"
            )
        entry.before = found
        entry.content_before = writing.read_open(calls, descriptor)
        writing.overwrite(calls, descriptor, entry.content, entry.look)
    finally:
        writing.close(calls, descriptor)


def _put_back(calls: Calls, entries: Sequence[Entry], journal: Journal | None) -> list[Problem]:
    """Undo every swap; the problems of those that could not be undone."""
    if journal is not None:
        journal.turn_back()
    problems = []
    for entry in reversed(entries):
        for attempt in (1, 2):
            try:
                _undo(calls, entry)
                break
            except OSError as error:
                if attempt == 2:
                    problems.append(_stuck(entry, error))
    if journal is not None and not problems:
        journal.remove()
    return problems


def _undo(calls: Calls, entry: Entry) -> None:
    if entry.content_before is not None:
        assert entry.before is not None
        descriptor = calls.open(entry.name, os.O_WRONLY | writing.OPEN, dir_fd=entry.at)
        try:
            writing.overwrite(calls, descriptor, entry.content_before, Look.of(entry.before))
        finally:
            writing.close(calls, descriptor)
        entry.content_before = None
    elif entry.swapped and entry.before is None:
        calls.unlink(entry.name, dir_fd=entry.at)
        entry.swapped = False
    elif entry.swapped and entry.backup:
        calls.replace(entry.backup, entry.name, src_dir_fd=entry.at, dst_dir_fd=entry.at)
        entry.swapped = False


def _stuck(entry: Entry, error: OSError) -> Problem:
    """The old file stays under its second name, since it is the only one left."""
    entry.backup = b""
    return Problem(
        kind="target-failed",
        subject=entry.path,
        reason=f"it could not be put back: {words(error)}",
        fix="start again: the next start puts it back first",
    )
