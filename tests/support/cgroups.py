"""A control group with a limit of memory, as a container has one; of either version.

with limited(48 << 20) as enter: subprocess.run(words, preexec_fn=enter)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.waiting import until

_HOME = Path("/sys/fs/cgroup")


@contextmanager
def limited(size: int) -> Iterator[Callable[[], None]]:
    """What enters the group, for a child before its exec. Skip where none can be made."""
    try:
        group = _made(size)
    except OSError as error:
        pytest.skip(f"no memory control group can be made here: {error.strerror}")

    def enter() -> None:
        (group / "cgroup.procs").write_text(str(os.getpid()))

    try:
        yield enter
    finally:
        assert until(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


def _made(size: int) -> Path:
    """Version 1 takes groups below one with processes, version 2 only beside it."""
    own = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().split())
    name = f"cycle-exec-{os.getpid()}"
    if (_HOME / "cgroup.controllers").exists():
        above, limit = (_HOME / own.get("", "/").strip("/")).parent, "memory.max"
        above = above if above.is_relative_to(_HOME) else _HOME
    else:
        above, limit = _HOME / "memory" / own.get("memory", "/").strip("/"), "memory.limit_in_bytes"
    group = above / name
    group.mkdir()
    try:
        (group / limit).write_text(str(size))
    except OSError:
        group.rmdir()
        raise
    return group
