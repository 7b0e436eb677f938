"""How one step of a swap is taken back: by the run itself when a call fails, or by the next start
after a kill.
"""

from __future__ import annotations

import errno
import os
import stat

from cycle_exec.system.targets.calls import OPEN, Attributes, close, overwrite, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.system.targets.calls import Calls
    from cycle_exec.system.targets.journal import Step


def undo(calls: Calls, at: int, step: Step) -> None:
    """Put the old file back, or remove the new one where there was none. Raises OSError.

    at: the open folder of the step.
    """
    if step.backup and find(calls, at, step.backup) is not None:
        move(calls, at, step.backup, step.name)
    elif step.fresh:
        found = find(calls, at, step.name)
        if found is not None and found.st_ino == step.inode:
            calls.unlink(step.name, dir_fd=at)


def find(calls: Calls, at: int, name: bytes) -> os.stat_result | None:
    """Return the file or link of this name; None if there is none. Raises OSError."""
    try:
        found = calls.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return found if stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode) else None


def move(calls: Calls, at: int, source: bytes, target: bytes) -> None:
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
