"""What a killed run left behind in the folders of targets: found, finished or removed."""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from cycle_exec.system.invocation import encoded
from cycle_exec.system.targets import locks, temporary_names
from cycle_exec.system.targets.calls import Calls, Folder, removed
from cycle_exec.system.targets.temporary_names import DATA
from cycle_exec.system.targets.trees import remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def recover(
    targets: Iterable[str],
    calls: Calls | None = None,
    *,
    directories: Iterable[str] = (),
    whole: bool = True,
) -> list[str]:
    """Replay the journals in the folders of these targets, before anything else.

    directories: of certificates, whose folders count too. whole: these are all targets, so that
    what a journal says of others is passed over; else such a journal waits. Return a line for each
    that was replayed. Raises Refused.
    """
    above = {encoded(path) for path in directories}
    folders = sorted({posixpath.dirname(encoded(path)) or b"." for path in targets} | above)
    pending = [folder for folder in folders if _has_journal(folder)]
    if not pending:
        return []
    from cycle_exec.system.targets import recovery

    return recovery.Recovery(calls or Calls(), whole).replay(pending, folders, sorted(above))


def _has_journal(folder: bytes) -> bool:
    try:
        return any(map(temporary_names.is_journal, os.listdir(folder)))
    except OSError:
        return False


def found(names: Collection[bytes]) -> bool:
    """Whether a killed run may have left one of these names."""
    generations = sum(map(temporary_names.is_generation, names))
    return generations > (DATA in names) or any(
        temporary_names.is_temporary(name) or temporary_names.is_lock(name) for name in names
    )


def clean(calls: Calls, folder: Folder, *, private: bool) -> None:
    """Remove staged files, generations and links of killed runs from a folder where we hold a lock,
    unless somebody else is at work there. Raises OSError.

    private: nobody else can change the folder. Elsewhere nothing is removed that whoever owns it
    could not remove himself; and no journal in it is one.
    """
    if folder.lock is None or folder.listing is None:
        return  # without locks nobody knows who is at work
    at = folder.descriptor
    names = calls.listdir(folder.listing)
    # Locks are looked at in a later list: whose file is in the first has its lock in the second.
    later = calls.listdir(folder.listing)
    if locks.others(calls, at, later, folder.lock[0]):
        return
    if private and any(map(temporary_names.is_journal, later)):
        from cycle_exec.system.targets import recovery

        if recovery.is_pending(calls, at, later):
            return  # its staged files are still needed
    if DATA in names or any(map(temporary_names.is_generation, names)):
        _clean_generations(calls, folder, names, private)
    # By these the next run sees that there is something to clean, so they go last.
    for name in filter(temporary_names.is_temporary, names):
        try:
            found = calls.stat(name, dir_fd=at, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode):
                calls.unlink(name, dir_fd=at)
        except OSError:
            continue


def _clean_generations(
    calls: Calls, folder: Folder, names: Collection[bytes], private: bool
) -> None:
    at = folder.descriptor
    current = current_generation(calls, at)
    if current is None:
        return
    for name in names:
        if name[:1] != b"." and _is_dangling(calls, at, name, current):
            removed(calls, at, name)
    for name in filter(temporary_names.is_generation, names):
        is_ours = private or (folder.is_of_one and _owner(calls, at, name) == folder.uid)
        if name != current and is_ours:
            remove_tree(calls, at, name)


def _is_dangling(calls: Calls, at: int, name: bytes, current: bytes) -> bool:
    """Whether a name is a link of ours that leads nowhere."""
    try:
        if calls.readlink(name, dir_fd=at) != temporary_names.link_text(name):
            return False
    except OSError:
        return False
    if not current:
        return True
    try:
        calls.stat(current + b"/" + name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return True
    return False


def current_generation(calls: Calls, at: int) -> bytes | None:
    """Return the generation in use; empty if there is none yet, None if `..data` is not ours."""
    try:
        text = bytes(calls.readlink(DATA, dir_fd=at))
    except FileNotFoundError:
        return b""
    except OSError as error:
        if error.errno == errno.EINVAL:
            return None
        raise
    return text if temporary_names.is_generation(text) else None


def _owner(calls: Calls, at: int, name: bytes) -> int:
    return calls.stat(name, dir_fd=at, follow_symlinks=False).st_uid
