"""A bound on the memory of this process, for work of which nobody knows what it will make."""

from __future__ import annotations

import os

_MOST = 92 * 1000 * 1000  # bytes of the whole process; the rest of 100 MB is for what comes after
_LEAST = 24 * 1000 * 1000  # for the body, where the process is large already


class bounded:
    """Whatever the body makes, the process stays small: it gets MemoryError instead.

    Bytes of address space are counted, since the kernel has a limit for them. Without /proc, or
    where limits may not be set, there is no bound.
    """

    _before: tuple[int, int] | None = None

    def __enter__(self) -> None:
        from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit, setrlimit

        try:
            size, resident = _sizes()
            before = getrlimit(RLIMIT_AS)
            limit = size + max(_LEAST, _MOST - resident)
            if before[0] == RLIM_INFINITY or before[0] > limit:
                setrlimit(RLIMIT_AS, (limit, before[1]))
                self._before = before
        except (OSError, ValueError):
            return

    def __exit__(self, *_exception: object) -> None:
        if self._before is not None:
            from resource import RLIMIT_AS, setrlimit

            setrlimit(RLIMIT_AS, self._before)


def _sizes() -> tuple[int, int]:
    """Return the bytes of address space, and of memory, that this process has now."""
    descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    try:
        pages = os.read(descriptor, 200).split()
    finally:
        os.close(descriptor)
    page = os.sysconf("SC_PAGE_SIZE")
    return int(pages[0]) * page, int(pages[1]) * page
