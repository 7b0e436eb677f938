"""Which kind of file system a path is on."""

from __future__ import annotations

import os

_MEMORY = frozenset((b"tmpfs", b"ramfs"))


def in_memory(path: bytes) -> bool | None:
    """Whether the nearest existing folder of an absolute path is on a file system that never
    reaches a disk; None where the kernel does not say.
    """
    while not os.path.isdir(path) and path not in (b"/", b""):
        path = os.path.dirname(path)
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
            return rest.split(b" ")[0] in _MEMORY
    return None
