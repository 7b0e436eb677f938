"""Memory of this process: a bound on it, and pieces of it that are files without a name."""

from __future__ import annotations

import os

_MOST = 92 * 1000 * 1000  # bytes of the whole process; the rest of 100 MB is for what comes after
_LEAST = 24 * 1000 * 1000  # for the body, where the process is large already


def anonymous(name: str, *, seals: bool = False) -> int:
    """Return the descriptor of an empty file in memory, which is on no disk and has no path.

    seals: whether it can be sealed, where the kernel has a call for such files. Some sandboxes
    forbid that call, some builds of Python lack it: shared memory serves as well. Raise OSError
    where there is neither.
    """
    if hasattr(os, "memfd_create"):
        try:
            flags = os.MFD_CLOEXEC | (os.MFD_ALLOW_SEALING if seals else 0)
            return os.memfd_create(name, flags)
        except OSError:
            pass
    # O_EXCL: nobody can give it a path, either.
    flags = os.O_TMPFILE | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
    return os.open("/dev/shm", flags, 0o600)  # noqa: S108


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
