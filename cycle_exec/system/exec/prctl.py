"""prctl(2), for which Python has no function: what the kernel is told of this process alone."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SET_PDEATHSIG = 1
SET_DUMPABLE = 4
SET_CHILD_SUBREAPER = 36
SET_NO_NEW_PRIVS = 38


def prctl(option: int, value: int) -> int:
    """0, or -1 where the kernel refuses."""
    return found()(option, value, 0, 0, 0)


def found() -> Callable[[int, int, int, int, int], int]:
    """Return the function; what it needs is loaded by the first call of this."""
    try:
        # An interpreter that is one static program has it built in, and no libc to look into.
        from _prctl import prctl as builtin
    except ImportError:
        from ctypes import CDLL

        foreign: Callable[[int, int, int, int, int], int] = CDLL(None).prctl
        return foreign
    own: Callable[[int, int, int, int, int], int] = builtin
    return own
