"""Ten thousand random histories of supervisor and watcher; `simulate.py` plays more."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.resident import simulate

HISTORIES, PARTS = 10_000, 10


@pytest.mark.parametrize("part", range(PARTS))
def test_histories(part):
    """The invariants hold in each, and they are about something."""
    each = HISTORIES // PARTS
    worlds = [simulate.play(seed) for seed in range(part * each, (part + 1) * each)]
    assert sum(world.supervisor.starts for world in worlds) > each
    assert any(world.over is not None for world in worlds)
    said = {line.partition(":")[0] for world in worlds for _, line in world.said}
    assert len(said) > 5


def test_as_many_as_one_likes():
    """By a command."""
    words = [sys.executable, "-m", "tests.resident.simulate", "--histories", "5", "--seed", "7"]
    ran = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("5 histories from seed 7 in ")
