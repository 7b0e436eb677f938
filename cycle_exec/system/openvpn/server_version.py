"""Which OpenVPN is installed."""

from __future__ import annotations

import os

from cycle_exec.errors import Problem, Refused
from cycle_exec.system import clock
from cycle_exec.system.exec import lookup, process

_TIME = 2.0  # seconds
_LONGEST = 200  # bytes of the first line


def version(command: str, path: str | None, cwd: str) -> tuple[int, int] | None:
    """Return the version of an openvpn program, by its own word; None where it has none."""
    found = lookup.find(command, path, cwd)
    if isinstance(found, Problem):
        return None
    said = os.memfd_create("version", os.MFD_CLOEXEC)
    try:
        process.run_check(found, [command, "--version"], {}, clock.Deadline.after(_TIME), said)
        return parsed(os.pread(said, _LONGEST, 0))
    except Refused:
        return None
    finally:
        os.close(said)


def parsed(line: bytes) -> tuple[int, int] | None:
    """(2, 6) of `OpenVPN 2.6.14 x86_64-pc-linux-gnu ...`."""
    name, _, rest = line.partition(b" ")
    numbers = rest.split(b" ")[0].replace(b"_", b".").split(b".")[:2]
    if name != b"OpenVPN" or len(numbers) < 2 or not all(each.isdigit() for each in numbers):
        return None
    return int(numbers[0]), int(numbers[1])
