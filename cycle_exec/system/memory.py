"""Memory of this process: a bound on it, and pieces of it that are files without a name."""

from __future__ import annotations

import os
import sys

_MOST = 92 * 1000 * 1000  # bytes of the whole process; the rest of 100 MB is for what comes after
_LEAST = 24 * 1000 * 1000  # for the body, where the process is large already
_MARGIN = 8 * 1000 * 1000  # of a container's memory, for the kernel and for files in memory
# Bytes of address space that libraries take. With less, Python may raise anything in them, and the
# last one may end the process or wait for ever.
NEEDS = {"_ssl": 8 * 1000 * 1000, "jinja2": 14 * 1000 * 1000, "cryptography": 24 * 1000 * 1000}
_NEXT_TO_NOTHING = 4 * 1000 * 1000  # bytes; Python takes them by the megabyte
_VERY_MANY = 1 << 62
_GROUPS = "/sys/fs/cgroup"


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


def give_back() -> None:
    """Let the kernel have what this process has freed. The C library keeps a megabyte for later,
    and a process that stays would creep upwards before it gives some back.
    """
    from cycle_exec.system import libc

    try:
        libc.call("malloc_trim", 0)
    except (OSError, ImportError):
        pass  # only glibc has it


def require_for(library: str) -> None:
    """Raise MemoryError unless a library is loaded already, or there is room for it."""
    if library not in sys.modules and _room() < NEEDS[library]:
        raise MemoryError


def is_full() -> bool:
    """Whether next to nothing more can be had."""
    return _room() < _NEXT_TO_NOTHING


def _room() -> int:
    """Return the bytes of address space that this process may still have; very many where there is
    no limit, or where it cannot be told.
    """
    from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit

    try:
        limit, _ = getrlimit(RLIMIT_AS)
        return _VERY_MANY if limit == RLIM_INFINITY else limit - _sizes()[0]
    except OSError:
        return _VERY_MANY


def go_first() -> None:
    """Let the kernel end this process, and no other, where the memory of all has run out."""
    try:
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        os.write(descriptor, b"1000")
    except OSError:
        pass
    finally:
        os.close(descriptor)


class bounded:
    """Whatever the body makes, the process stays small: it gets MemoryError instead. In a container
    with less memory it stays smaller: the kernel would kill it without a word.

    Bytes of address space are counted, since the kernel has a limit for them. Without /proc, or
    where limits may not be set, there is no bound.
    """

    _before: tuple[int, int] | None = None

    def __enter__(self) -> None:
        from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit, setrlimit

        try:
            size, resident = _sizes()
            before = getrlimit(RLIMIT_AS)
            most = min(_MOST, container_limit() - _MARGIN)
            limit = size + max(_LEAST, most - resident)
            if before[0] == RLIM_INFINITY or before[0] > limit:
                setrlimit(RLIMIT_AS, (limit, before[1]))
                self._before = before
        except (OSError, ValueError):
            return

    def __exit__(self, *_exception: object) -> None:
        if self._before is not None:
            from resource import RLIMIT_AS, setrlimit

            setrlimit(RLIMIT_AS, self._before)


def container_limit() -> int:
    """Return the least limit of memory that a control group sets for this process, in bytes; very
    many where there is none, or where it cannot be seen.
    """
    found = [_VERY_MANY]
    for group in _groups():
        try:
            descriptor = os.open(group, os.O_RDONLY | os.O_CLOEXEC)
            try:
                text = os.read(descriptor, 100).strip()
            finally:
                os.close(descriptor)
        except OSError:
            continue
        if text.isdigit():
            found.append(int(text))
    return min(found)


def _groups() -> list[str]:
    """Return where limits may be: of our own group, and of the one that a container sees above."""
    found = [f"{_GROUPS}/memory.max", f"{_GROUPS}/memory/memory.limit_in_bytes"]
    try:
        with open("/proc/self/cgroup", "rb") as file:
            lines = file.read().decode("utf-8", "surrogateescape").splitlines()
    except OSError:
        return found
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if path in ("", "/"):
            continue
        if not controllers:
            found.append(f"{_GROUPS}{path}/memory.max")
        elif "memory" in controllers.split(","):
            found.append(f"{_GROUPS}/memory{path}/memory.limit_in_bytes")
    return found


def _sizes() -> tuple[int, int]:
    """Return the bytes of address space, and of memory, that this process has now."""
    descriptor = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    try:
        pages = os.read(descriptor, 200).split()
    finally:
        os.close(descriptor)
    page = os.sysconf("SC_PAGE_SIZE")
    return int(pages[0]) * page, int(pages[1]) * page
