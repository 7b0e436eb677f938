"""A platform and a ground for launches that wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.hostile import hostile
from tests.support.launching import SCRIPT, Ground


@pytest.fixture(scope="module")
def api():
    """A healthy platform."""
    with hostile(variables={"HOST": "127.0.0.1", "NAME": "c4n4ry.invalid"}) as platform:
        yield platform


@pytest.fixture
def ground(tmp_path):
    """Inputs and targets."""
    return Ground(tmp_path)


@pytest.fixture
def with_file(tmp_path) -> Callable[..., Sequence[str]]:
    """Return what makes the words that start the script where a file of the system is another."""

    def words(path: str, content: str) -> Sequence[str]:
        machine.need_mounts()
        other = tmp_path / path.rpartition("/")[2]
        other.write_text(content)
        script = 'mount --bind "$0" "$1" && shift && exec "$@"'
        return (*machine.MOUNTS, "sh", "-c", script, str(other), path, str(SCRIPT))

    return words


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except FileNotFoundError:
        return []
