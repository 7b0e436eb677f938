"""What killed runs left behind in the folders of targets: found and removed; and how far into
folders with all that is below them we go.
"""

from __future__ import annotations

import errno
import os
import stat

from cycle_exec.system.targets import locks, temporary_names
from cycle_exec.system.targets.calls import LIST, Calls, Folder, close, removed
from cycle_exec.system.targets.temporary_names import DATA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import TypeVar

    _Result = TypeVar("_Result")

DEEPEST = 16  # folders in each other; ours are three
_MOST = 50_000  # names that are removed in one go

# An attribute of a generation that has its name. Only who may write to a folder can set it, so in a
# directory of many it tells a generation from what somebody has given its name, and its own name.
_MARK = b"user.cycle-exec"


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
        if name == current:
            continue
        if private or (folder.is_of_one and _owner(calls, at, name) == folder.uid):
            remove_tree(calls, at, name)
        elif identity := _marked(calls, at, name):
            remove_tree(calls, at, name, identity)
        else:
            _remove_empty(calls, at, name)


def mark(calls: Calls, descriptor: int, name: bytes) -> None:
    """Mark an open generation as one, where the file system has attributes for that."""
    try:
        calls.setxattr(descriptor, _MARK, name)
    except OSError:
        pass


def _marked(calls: Calls, at: int, name: bytes) -> tuple[int, int] | None:
    """Return what identifies a folder that a run has made under this very name, and to which only
    its owner may write; None for any other.
    """
    try:
        descriptor = calls.open(name, LIST, dir_fd=at)
    except OSError:
        return None
    try:
        ground = Ground(calls, descriptor)
        if ground.mode & 0o022 or calls.getxattr(descriptor, _MARK) != name:
            return None
    except OSError:
        return None
    finally:
        close(calls, descriptor)
    return ground.identity


def _remove_empty(calls: Calls, at: int, name: bytes) -> None:
    """Remove a folder as anybody could who can write to the directory."""
    try:
        calls.rmdir(name, dir_fd=at)
    except OSError:
        pass


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


def remove_tree(
    calls: Calls, at: int, name: bytes, identity: tuple[int, int] | None = None
) -> bool:
    """Remove a folder of ours with all that is below; return whether it is gone.

    Nothing is removed on another mount, and below a folder of somebody else nothing in a folder
    that is not his, too: he may have moved it there. identity: what the folder has to be. Each
    call has two tries, and whatever he has made there, an end: the next run goes on.
    """
    return _Removal(calls).remove(at, name, identity, None, 1)


class _Removal:
    """The removal of one folder with all that is below."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._left = _MOST

    def remove(
        self,
        at: int,
        name: bytes,
        identity: tuple[int, int] | None,
        above: Ground | None,
        depth: int,
    ) -> bool:
        """Return whether the folder is gone. depth: how many of them lie in each other here."""
        # A mount point cannot be renamed, so the one at the top is none that somebody moved there.
        try:
            descriptor = _twice(lambda: self._calls.open(name, LIST, dir_fd=at))
        except OSError as error:
            return error.errno == errno.ENOENT
        try:
            ground = _twice(lambda: Ground(self._calls, descriptor))
            if identity not in (None, ground.identity) or (above and not above.holds(ground)):
                return False
            if self._has_emptied(descriptor, ground, depth):
                _twice(lambda: self._calls.rmdir(name, dir_fd=at))
                return True
        except OSError as error:
            return error.errno == errno.ENOENT
        finally:
            close(self._calls, descriptor)
        return False

    def _has_emptied(self, descriptor: int, ground: Ground, depth: int) -> bool:
        is_empty = True
        for inner in _twice(lambda: self._calls.listdir(descriptor)):
            self._left -= 1
            if self._left < 0:
                return False
            if not removed(self._calls, descriptor, inner):
                is_empty &= depth < DEEPEST and self.remove(
                    descriptor, inner, None, ground, depth + 1
                )
        return is_empty


def _twice(call: Callable[[], _Result]) -> _Result:
    """Return what a call returns; one that has failed gets a second try. Raise OSError."""
    try:
        return call()
    except OSError:
        return call()


class Ground:
    """Whose an open directory is, and on which mount."""

    def __init__(self, calls: Calls, descriptor: int) -> None:
        found = calls.fstat(descriptor)
        self.identity = found.st_dev, found.st_ino
        self.uid = found.st_uid
        self.mode = found.st_mode
        # Root's folders are only filled by root, so the device will do: it costs nothing.
        self._mount = found.st_dev if self.uid in (0, os.geteuid()) else _mount(descriptor)
        self._device = found.st_dev

    def holds(self, below: Ground) -> bool:
        """Whether one below it is what its owner may have made himself."""
        if self.uid in (0, os.geteuid()):
            return self._device == below._device
        return (self.uid, self._mount) == (below.uid, below._mount)


def _mount(descriptor: int) -> object:
    """Return what tells the mount of an open directory from all others. Raise OSError."""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", "rb") as file:
            for line in file:
                if line.startswith(b"mnt_id:"):
                    return line
    except FileNotFoundError:
        pass
    return os.fstat(descriptor).st_dev
