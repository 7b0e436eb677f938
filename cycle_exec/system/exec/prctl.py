"""prctl(2), capget(2) and capset(2), for which Python has no functions: what the kernel is told of
this process alone.
"""

from __future__ import annotations

import posix as os  # os itself takes 180 kB more, for as long as the app runs

from cycle_exec.system import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SET_PDEATHSIG = 1
SET_DUMPABLE = 4
SET_KEEPCAPS = 8
CAPBSET_READ = 23
SET_CHILD_SUBREAPER = 36
SET_NO_NEW_PRIVS = 38
CAP_AMBIENT = 47
_KILL = 9
_CAPABILITY_DATA = 24  # bytes of its version 3


def prctl(option: int, value: int, more: int = 0) -> int:
    """Return what the kernel says, -1 where it refuses."""
    call: Callable[[int, int, int, int, int], int] = found().prctl
    return call(option, value, more, 0, 0)


def capset(header: bytes, data: bytes) -> int:
    """Return 0, or -1 where the kernel refuses."""
    call: Callable[[bytes, bytes], int] = found().capset
    return call(header, data)


def capget(header: bytes) -> bytes | None:
    """Return the sets in the layout of version 3; None where the kernel refuses."""
    told: bytes | None = found().capget(header)
    return told


def found() -> Any:
    """Return what has the functions; it is loaded by the first call of this."""
    try:
        # An interpreter that is one static program has them built in, and no libc to look into.
        import _prctl
    except ImportError:
        libc.load()
        return _Libc()
    return _prctl


def hide() -> None:
    """Let no other process of our user look into this one, or open what it has open."""
    prctl(SET_DUMPABLE, 0)


def belong_to(parent: int) -> None:
    """Be hidden, and let this process not outlive its parent, where the kernel lets us."""
    hide()
    prctl(SET_PDEATHSIG, _KILL)
    if os.getppid() != parent:
        # It went before we asked; whoever is our parent now has nothing to do with us.
        os._exit(1)


class _Libc:
    """The same by the C library."""

    def __getattr__(self, name: str) -> Callable[..., int]:
        """Return any function of numbers, bytes and None for a pointer to nothing."""
        return lambda *arguments: libc.call(name, *arguments)

    def capget(self, header: bytes) -> bytes | None:
        data = libc.room(_CAPABILITY_DATA)
        return bytes(data) if libc.call("capget", header, data) == 0 else None
