"""No core file while secrets are in memory."""

from __future__ import annotations

from resource import RLIM_INFINITY, RLIMIT_CORE, getrlimit, setrlimit

# Too short for a core file to begin, and the one value at which Linux does not start a core
# handler either, which it does for 0 (core(5); fs/coredump.c, do_coredump).
_NONE = 1


def forbid() -> tuple[int, int]:
    """From here on this process leaves no core file; the limits as they were, for `restore`."""
    soft, hard = getrlimit(RLIMIT_CORE)
    if hard == RLIM_INFINITY or hard >= _NONE:
        setrlimit(RLIMIT_CORE, (_NONE, hard))
    return soft, hard


def restore(limits: tuple[int, int]) -> None:
    """As it was before `forbid`, for an app that is about to take over."""
    setrlimit(RLIMIT_CORE, limits)
