"""Taking back the steps of a swap when a call fails; and replaying the journal of a killed run:
finish what it began, or undo what it was undoing.

A journal is only believed if it is a regular file of this very user, private and with one name:
nobody else can have written it.
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
from cycle_exec.system.targets import journal, temporary_names
from cycle_exec.system.targets.calls import (
    LIST,
    OPEN,
    Attributes,
    Calls,
    close,
    overwrite,
    read,
    read_open,
    sync,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cycle_exec.system.targets.journal import Step

_PATIENCE = 200  # tries
_PAUSE = 0.005  # seconds


def undo(calls: Calls, at: int, step: Step) -> None:
    """Put the old file back, or remove the new one where there was none. Raises OSError.

    at: the open folder of the step.
    """
    if step.backup and _find(calls, at, step.backup) is not None:
        _move(calls, at, step.backup, step.name)
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


def _move(calls: Calls, at: int, source: bytes, target: bytes) -> None:
    """Rename a file, or rewrite the target where it is a mount point. Raises OSError."""
    try:
        calls.replace(source, target, src_dir_fd=at, dst_dir_fd=at)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        _rewrite(calls, at, source, target)


def _rewrite(calls: Calls, at: int, source: bytes, target: bytes) -> None:
    """Give a mount point, which refuses the rename, the other file's bytes, owner and mode."""
    attributes = Attributes.of(calls.stat(source, dir_fd=at, follow_symlinks=False))
    content = read(calls, at, source)
    descriptor = calls.open(target, os.O_RDWR | OPEN, dir_fd=at)
    try:
        if stat.S_ISREG(calls.fstat(descriptor).st_mode):
            overwrite(calls, descriptor, content, attributes)
    finally:
        close(calls, descriptor)


def replay(folders: Iterable[bytes], calls: Calls) -> list[str]:
    """Replay every journal in these folders; return one line for each.

    Raises Refused where that fails: who goes on all the same could have its files replaced by
    older ones at a later start.
    """
    lines = []
    for folder in folders:
        try:
            lines += _in_folder(folder, calls)
        except OSError as error:
            raise _failed(folder, words(error)) from None
    return lines


def _failed(folder: bytes, reason: str) -> Refused:
    return refuse(
        "target-failed",
        f"directory {decoded(folder)}",
        f"a start was killed while it swapped files, and this cannot be recovered: {reason}",
        fix="make the files around .cycle-exec-* there writable, or remove these",
    )


def _in_folder(folder: bytes, calls: Calls) -> list[str]:
    lines = []
    held: dict[bytes, int] = {}
    try:
        listing = _lock(folder, calls, held)
        if listing is None:
            return []
        for name in sorted(filter(temporary_names.is_journal, calls.listdir(listing))):
            steps = _steps(listing, name, calls)
            if steps is not None:
                lines.append(_replay(listing, name, steps, calls, held))
    finally:
        for descriptor in held.values():
            close(calls, descriptor)
    return lines


def _lock(folder: bytes, calls: Calls, held: dict[bytes, int]) -> int | None:
    """Open a folder and wait until no run is at work in it; None if it is gone.

    Raises OSError, Refused.
    """
    if folder in held:
        return held[folder]
    try:
        held[folder] = calls.open(folder, LIST & ~os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    for _ in range(_PATIENCE):
        try:
            calls.flock(held[folder], fcntl.LOCK_EX | fcntl.LOCK_NB)
            return held[folder]
        except BlockingIOError:
            sleep(_PAUSE)
    raise _failed(folder, "another process holds a lock on the directory")


def _steps(listing: int, name: bytes, calls: Calls) -> Sequence[Step] | None:
    """Return what a journal of ours says; None for a file that is none."""
    try:
        descriptor = calls.open(name, os.O_RDONLY | OPEN, dir_fd=listing)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.EACCES):
            return None
        raise
    try:
        found = calls.fstat(descriptor)
        is_ours = (
            stat.S_ISREG(found.st_mode)
            and found.st_uid == os.geteuid()
            and found.st_nlink == 1
            and not found.st_mode & 0o077
            and found.st_size <= journal.LIMIT
        )
        return journal.decode(read_open(calls, descriptor)) if is_ours else None
    finally:
        close(calls, descriptor)


def _replay(
    listing: int, name: bytes, steps: Sequence[Step], calls: Calls, held: dict[bytes, int]
) -> str:
    is_forward = name.startswith(temporary_names.FORWARD)
    # Nobody may be at work in any of the folders while we rename there.
    at = {step.folder: _lock(step.folder, calls, held) for step in steps}
    with blocked():
        for step in steps if is_forward else reversed(steps):
            folder = at[step.folder]
            if folder is None:
                continue
            if not is_forward:
                undo(calls, folder, step)
            elif _find(calls, folder, step.staged) is not None:
                _move(calls, folder, step.staged, step.name)
        for folder in {folder for folder in at.values() if folder is not None}:
            sync(calls, folder)
        calls.unlink(name, dir_fd=listing)
    what = "finished" if is_forward else "undone"
    return (
        f"a start was killed while it replaced {len(steps)} files: "
        f"the journal was replayed, the replacement is {what} now"
    )
