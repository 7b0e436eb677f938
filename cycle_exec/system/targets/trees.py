"""Folders of ours with all that is below: how far into them we go, and how they are removed."""

from __future__ import annotations

import os

from cycle_exec.system.targets.calls import LIST, close, removed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.system.targets.calls import Calls


def remove_tree(
    calls: Calls, at: int, name: bytes, identity: tuple[int, int] | None = None
) -> bool:
    """Remove a folder of ours with all that is below; return whether it is gone.

    Nothing is removed on another mount, and below a folder of somebody else nothing in a folder
    that is not his, too: he may have moved it there. identity: what the folder has to be. Each
    call has two tries.
    """
    return _remove(calls, at, name, identity, None)


def _remove(
    calls: Calls,
    at: int,
    name: bytes,
    identity: tuple[int, int] | None,
    above: Ground | None,
) -> bool:
    # A mount point cannot be renamed, so the folder at the top is none that somebody moved there.
    for _ in range(2):
        try:
            descriptor = calls.open(name, LIST, dir_fd=at)
        except FileNotFoundError:
            return True
        except OSError:
            continue
        try:
            ground = Ground(calls, descriptor)
            if identity not in (None, ground.identity) or (above and not above.holds(ground)):
                return False
            for inner in calls.listdir(descriptor):
                if not removed(calls, descriptor, inner):
                    _remove(calls, descriptor, inner, None, ground)
            calls.rmdir(name, dir_fd=at)
        except OSError:
            continue
        finally:
            close(calls, descriptor)
        return True
    return False


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
