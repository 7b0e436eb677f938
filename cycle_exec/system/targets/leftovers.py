"""What a killed run left behind in the folders of targets: found, finished or removed."""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from cycle_exec.system.invocation import encoded
from cycle_exec.system.targets import temporary_names
from cycle_exec.system.targets.calls import LIST, Calls, close, removed
from cycle_exec.system.targets.temporary_names import DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def recover(targets: Iterable[str], calls: Calls | None = None) -> list[str]:
    """Replay the journals in the folders of these targets, before anything else.

    Return a line for each. Raises Refused.
    """
    folders = {posixpath.dirname(encoded(path)) or b"." for path in targets}
    pending = [folder for folder in sorted(folders) if _has_journal(folder)]
    if not pending:
        return []
    from cycle_exec.system.targets import recovery

    return recovery.replay(pending, calls or Calls())


def _has_journal(folder: bytes) -> bool:
    try:
        return any(map(temporary_names.is_journal, os.listdir(folder)))
    except OSError:
        return False


def clean(calls: Calls, at: int, names: Collection[bytes]) -> None:
    """Remove staged files, generations and links of a killed run from an open folder.

    names: everything in it. Nobody else may be at work there. Raises OSError.
    """
    if any(map(temporary_names.is_journal, names)):
        return  # its staged files are still needed
    for name in filter(temporary_names.is_temporary, names):
        try:
            found = calls.stat(name, dir_fd=at, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode):
                calls.unlink(name, dir_fd=at)
        except OSError:
            continue
    if DATA in names or any(map(temporary_names.is_generation, names)):
        _clean_generations(calls, at, names)


def _clean_generations(calls: Calls, at: int, names: Iterable[bytes]) -> None:
    current = current_generation(calls, at)
    if current is None:
        return
    for name in names:
        if temporary_names.is_generation(name) and name != current:
            remove_tree(calls, at, name)
        elif name[:1] != b"." and _is_dangling(calls, at, name, current):
            removed(calls, at, name)


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


def remove_tree(calls: Calls, at: int, name: bytes) -> bool:
    """Remove a folder of ours with all that is below; return whether it is gone.

    Each call has two tries.
    """
    for _ in range(2):
        try:
            descriptor = calls.open(name, LIST, dir_fd=at)
        except FileNotFoundError:
            return True
        except OSError:
            continue
        try:
            for inner in calls.listdir(descriptor):
                if not removed(calls, descriptor, inner):
                    remove_tree(calls, descriptor, inner)
            calls.rmdir(name, dir_fd=at)
        except OSError:
            continue
        finally:
            close(calls, descriptor)
        return True
    return False
