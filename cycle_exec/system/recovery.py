"""Finishing what a killed run began, or taking back what it was taking back, by its journal.

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
from cycle_exec.system import journal, own_names, writing
from cycle_exec.system.files import words
from cycle_exec.system.folders import LIST, Calls
from cycle_exec.system.invocation import decoded
from cycle_exec.system.signals import blocked
from cycle_exec.system.writing import Look

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cycle_exec.system.journal import Step

_PATIENCE = 200  # tries
_PAUSE = 0.005  # seconds


def recover(folders: Iterable[bytes], calls: Calls | None = None) -> list[str]:
    """Work off every journal in these folders; one line for each that was.

    Raises Refused where that fails: who goes on all the same could have its files replaced by
    older ones at a later start.
    """
    told = []
    for folder in folders:
        try:
            told += _in_folder(folder, calls or Calls())
        except OSError as error:
            raise _failed(folder, words(error)) from None
    return told


def _failed(folder: bytes, reason: str) -> Refused:
    return refuse(
        "target-failed",
        f"folder {decoded(folder)}",
        f"a start was killed while it swapped files, and this cannot be mended: {reason}",
        fix="make the files around .cycle-exec-* there writable, or remove these",
    )


def _in_folder(folder: bytes, calls: Calls) -> list[str]:
    told = []
    held: dict[bytes, int] = {}
    try:
        listing = _lock(folder, calls, held)
        if listing is None:
            return []
        for name in sorted(calls.listdir(listing)):
            steps = _steps(listing, name, calls) if own_names.is_journal(name) else None
            if steps is not None:
                told.append(_work_off(listing, name, steps, calls, held))
    finally:
        for descriptor in held.values():
            writing.close(calls, descriptor)
    return told


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
    raise _failed(folder, "another process holds a lock on the folder")


def _steps(listing: int, name: bytes, calls: Calls) -> Sequence[Step] | None:
    """What a journal of ours says; None for a file that is none."""
    flags = os.O_RDONLY | writing.OPEN
    try:
        descriptor = calls.open(name, flags, dir_fd=listing)
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
        return journal.decode(writing.read_open(calls, descriptor)) if is_ours else None
    finally:
        writing.close(calls, descriptor)


def _work_off(
    listing: int, name: bytes, steps: Sequence[Step], calls: Calls, held: dict[bytes, int]
) -> str:
    is_forward = name.startswith(own_names.FORWARD)
    # Nobody may be at work in any of the folders while we rename there.
    at = {step.folder: _lock(step.folder, calls, held) for step in steps}
    with blocked():
        for step in steps if is_forward else reversed(steps):
            folder = at[step.folder]
            if folder is None:
                continue
            if is_forward:
                _forward(folder, step, calls)
            else:
                _back(folder, step, calls)
        for folder in {folder for folder in at.values() if folder is not None}:
            writing.sync(calls, folder)
        calls.unlink(name, dir_fd=listing)
    what = "finished" if is_forward else "taken back"
    return f"a start was killed while it swapped {len(steps)} files: that is {what} now"


def _forward(folder: int, step: Step, calls: Calls) -> None:
    if _kind(folder, step.spare, calls) is not None:
        _move(folder, step.spare, step.name, calls)


def _back(folder: int, step: Step, calls: Calls) -> None:
    if step.backup and _kind(folder, step.backup, calls) is not None:
        _move(folder, step.backup, step.name, calls)
    elif step.fresh:
        found = _kind(folder, step.name, calls)
        if found is not None and found.st_ino == step.inode:
            calls.unlink(step.name, dir_fd=folder)


def _kind(folder: int, name: bytes, calls: Calls) -> os.stat_result | None:
    """The file or link of this name, None if there is none."""
    try:
        found = calls.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode) else None


def _move(folder: int, source: bytes, target: bytes, calls: Calls) -> None:
    try:
        calls.replace(source, target, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        _rewrite(folder, source, target, calls)


def _rewrite(folder: int, source: bytes, target: bytes, calls: Calls) -> None:
    """A mount point refuses the rename, so it gets the other file's bytes, owner and mode."""
    look = Look.of(calls.stat(source, dir_fd=folder, follow_symlinks=False))
    content = writing.read(calls, folder, source)
    descriptor = calls.open(target, os.O_RDWR | writing.OPEN, dir_fd=folder)
    try:
        if stat.S_ISREG(calls.fstat(descriptor).st_mode):
            writing.overwrite(calls, descriptor, content, look)
    finally:
        writing.close(calls, descriptor)
