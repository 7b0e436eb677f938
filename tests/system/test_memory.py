"""A bound on what the body makes, and none before and after it."""

from __future__ import annotations

import platform
import resource

import pytest

from cycle_exec.system import memory

LARGE = 200 * 1000 * 1000


def test_what_is_too_large_is_not_made():
    """In one piece or in many; the process goes on as it was."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), memory.bounded():
        b"x".center(LARGE)
    with pytest.raises(MemoryError), memory.bounded():
        [b"x".center(10_000) for _ in range(LARGE // 10_000)]
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    assert len(b"x".center(LARGE)) == LARGE


def test_a_limit_that_is_there_already_stays():
    """Where it is lower it is the bound."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    size = memory._sizes()[0]
    resource.setrlimit(resource.RLIMIT_AS, (size + 1000, before[1]))
    try:
        with memory.bounded():
            assert resource.getrlimit(resource.RLIMIT_AS)[0] == size + 1000
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_without_proc_there_is_no_bound(monkeypatch):
    """Nor where a filter of system calls refuses it."""

    def refuse():
        raise OSError

    monkeypatch.setattr(memory, "_sizes", refuse)
    with memory.bounded():
        assert len(b"x".center(LARGE)) == LARGE


def test_what_is_freed_is_given_back():
    """Also below what is still in use, where the C library can do that; elsewhere nothing fails."""
    pieces = [b"x" * 10_000 for _ in range(3000)]
    last = pieces[-1]
    del pieces
    before = private()
    memory.give_back()
    assert last == b"x" * 10_000
    if platform.libc_ver()[0] == "glibc":
        assert private() < before - 20_000
    else:
        assert private() <= before


def private() -> int:
    """Kilobytes that this process has written to."""
    with open("/proc/self/status") as file:
        [line] = [line for line in file if line.startswith("RssAnon:")]
    return int(line.split()[1])
