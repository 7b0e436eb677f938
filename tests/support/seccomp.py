"""System calls that the kernel refuses to a program, as a sandbox's seccomp profile does.

with_refusal("capset", "prctl") is for `before`, words("capset", "prctl") for what comes before a
program's own words.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Callable, Collection

_NUMBERS = {
    "x86_64": {
        "flock": 73,
        "fork": 57,
        "vfork": 58,
        "clone": 56,
        "memfd_create": 319,
        "prctl": 157,
        "prlimit64": 302,
        "setrlimit": 160,
        "capget": 125,
        "capset": 126,
        "close_range": 436,
        "pidfd_open": 434,
        "pwritev2": 328,
        "renameat2": 316,
        "clone3": 435,
        "unshare": 272,
        "mount": 165,
        "inotify_init1": 294,
    },
    "aarch64": {
        "flock": 32,
        "clone": 220,
        "memfd_create": 279,
        "prctl": 167,
        "prlimit64": 261,
        "setrlimit": 164,
        "capget": 90,
        "capset": 91,
        "close_range": 436,
        "pidfd_open": 434,
        "pwritev2": 287,
        "renameat2": 276,
        "clone3": 435,
        "unshare": 97,
        "mount": 40,
        "inotify_init1": 26,
    },
}[platform.machine()]
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def refuse(names: Collection[str], number: int = errno.EPERM) -> None:
    """Have this process, and every program it becomes, refused these calls."""
    numbers = [_NUMBERS[name] for name in names if name in _NUMBERS]
    steps = [struct.pack("HBBI", _LOAD, 0, 0, 0)]
    for position, call in enumerate(numbers):
        steps.append(struct.pack("HBBI", _EQUAL, len(numbers) - position, 0, call))
    steps.append(struct.pack("HBBI", _RETURN, 0, 0, _ALLOW))
    steps.append(struct.pack("HBBI", _RETURN, 0, 0, _ERRNO | number))
    filter = ctypes.create_string_buffer(b"".join(steps))
    program = _Program(len(steps), ctypes.addressof(filter))
    library = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 and library.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    if library.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "PR_SET_SECCOMP")


def with_refusal(*names: str, number: int = errno.EPERM) -> Callable[[], None]:
    """For `before`: the program is refused these calls."""
    return lambda: refuse(names, number)


def words(*names: str, number: int = errno.EPERM) -> tuple[str, ...]:
    """Begin a program with these, and it is refused these calls."""
    return (sys.executable, "-I", "-S", __file__, str(number), ",".join(names))


if __name__ == "__main__":
    _, word, calls, *command = sys.argv
    refuse(calls.split(","), int(word))
    os.execvp(command[0], command)
