"""A bound on what the body makes, and none before and after it."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def room(size: int) -> Iterator[None]:
    """So many more bytes of address space than there are now."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (memory._sizes()[0] + size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("library", memory.NEEDS)
def test_a_library_has_room_or_is_not_loaded(library, monkeypatch):
    """One that is there takes no more; without a limit, or without /proc, there is room."""
    monkeypatch.delitem(sys.modules, library, raising=False)
    memory.require_for(library)
    with room(memory.NEEDS[library] + 8_000_000):
        memory.require_for(library)
    with room(memory.NEEDS[library] - 1), pytest.raises(MemoryError):
        memory.require_for(library)
    with room(memory.NEEDS[library] - 1), monkeypatch.context() as patch:
        patch.setattr(memory, "_sizes", lambda: os.stat("/proc/none"))
        memory.require_for(library)
    monkeypatch.setitem(sys.modules, library, memory)
    with room(memory.NEEDS[library] - 1):
        memory.require_for(library)


@pytest.mark.parametrize("module", ["_ssl", "jinja2.sandbox", "cryptography.x509"])
def test_libraries_need_no_more_than_is_said(module):
    """By the size of a bare process with and without one."""
    program = (
        "import sys; sys.path += sys.argv[2:]\n"
        "def size(): return int(open('/proc/self/statm').read().split()[0]) * 4096\n"
        "before = size(); __import__(sys.argv[1]); print(size() - before)"
    )
    words = [sys.executable, "-I", "-S", "-c", program, module, *sys.path]
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    assert 1_000_000 < int(ran.stdout) < memory.NEEDS[module.partition(".")[0]]


def test_an_end_of_memory_is_seen():
    """By the limit that is set."""
    assert not memory.is_full()
    with room(1_000_000):
        assert memory.is_full()
    with room(20_000_000):
        assert not memory.is_full()
