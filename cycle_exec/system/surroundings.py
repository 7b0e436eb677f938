"""What the kernel and the interpreter tell of this container, for `doctor` and `vpn-check`."""

from __future__ import annotations

import os
import sys

from cycle_exec.system import bytecode
from cycle_exec.system.exec import capabilities as sets
from cycle_exec.system.invocation import decoded, encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MEMORY = frozenset((b"tmpfs", b"ramfs"))


def first_process() -> tuple[bool, str]:
    """Whether this is PID 1, and what PID 1 is called; empty if that is hidden.

    Its name only: its arguments are its own.
    """
    try:
        with open("/proc/1/comm", "rb") as file:
            name = file.read().strip().decode("ascii", "replace")
    except OSError:
        name = ""
    return os.getpid() == 1, name


def capabilities() -> list[str]:
    """Names of the effective ones."""
    held = sets.held()
    return sets.names(held.effective) if held is not None else []


def in_memory(path: bytes) -> bool | None:
    """Whether the nearest existing folder of an absolute path is on a file system that never
    reaches a disk; None where the kernel does not say.
    """
    while not os.path.isdir(path) and path not in (b"/", b""):
        path = os.path.dirname(path)
    found = file_system(path)
    return None if found is None else found in _MEMORY


def file_system(path: bytes) -> bytes | None:
    """Return the type of the file system that a file is on, None where the kernel does not say."""
    try:
        device = os.stat(path).st_dev
        with open("/proc/self/mountinfo", "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    number = b"%d:%d" % (os.major(device), os.minor(device))
    for line in lines:
        # proc(5): fields, a hyphen, and the type of the file system behind it.
        fields, _, rest = line.partition(b" - ")
        if fields.split(b" ")[2:3] == [number]:
            return rest.split(b" ")[0]
    return None


def on_disk(targets: Sequence[str], directories: Sequence[str]) -> list[str]:
    """Return the directories, and those of the targets, that are not on a file system in memory, as
    far as the kernel says.
    """
    found = {os.path.dirname(os.path.abspath(encoded(target))) for target in targets}
    folders = sorted(found | {os.path.abspath(encoded(path)) for path in directories})
    return [decoded(folder) for folder in folders if in_memory(folder) is not True]


def uncompiled() -> tuple[int, int, list[str]]:
    """Modules loaded by now that have no .pyc file, how many there are, and their folders."""
    total, missing = bytecode.missing()
    homes = {os.path.dirname(os.__file__), *(path for path in sys.path if "site-packages" in path)}
    folders = [home for home in homes if any(file.startswith(f"{home}/") for file in missing)]
    tops = [home for home in folders if not any(home.startswith(f"{top}/") for top in folders)]
    return len(missing), total, sorted(tops) or sorted({os.path.dirname(file) for file in missing})
