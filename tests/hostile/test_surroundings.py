"""The same outcome wherever the launch finds itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.playing import Playground, judge, launched, platform, requests
from tests.hostile.scenarios import REPRESENTATIVE, SCENARIOS
from tests.hostile.surroundings import SURROUNDINGS
from tests.support import machine, memory

HOME = Path(__file__).parents[2]


@pytest.fixture
def in_memory():
    """A folder of a file system in memory, that everybody can reach."""
    with memory.folder() as folder:
        yield folder


@pytest.mark.parametrize("name", REPRESENTATIVE)
@pytest.mark.parametrize("where", SURROUNDINGS)
def test_it_makes_no_difference(tmp_path, in_memory, where, name):
    """Words, requests, files, variables: as in the plain launch."""
    surrounding = SURROUNDINGS[where]
    if surrounding.root and os.geteuid() != 0:
        pytest.skip("only root makes namespaces and becomes somebody else")
    scenario = SCENARIOS[name]
    scenario = scenario._replace(
        before=surrounding.before, environ={**scenario.environ, **surrounding.environ}
    )
    ground = Playground(in_memory if surrounding.shared else tmp_path, scenario)
    ground.through = surrounding.through()
    with platform(scenario) as api:
        surrounding.settle(ground, api)
        ran = launched(scenario, ground, api, *surrounding.options)
        closed = surrounding.closed
        judge(scenario, ground, api, ran, closed=closed, unheard=closed or surrounding.unheard)
        requests(scenario, api)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes namespaces")
def test_a_full_disk_refuses_and_nothing_changes(tmp_path):
    """73 where the launch would start, else as always; in a mount namespace of its own."""
    machine.need_mounts()
    words = [*machine.MOUNTS, sys.executable, "-m", "tests.hostile.full_disk", str(tmp_path)]
    ran = subprocess.run(words, cwd=HOME, capture_output=True, text=True)
    assert (ran.stdout, ran.returncode) == (f"{len(REPRESENTATIVE)} played\n", 0), ran
