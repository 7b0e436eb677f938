"""Every state of the supervisor's machine, with all that can happen in it."""

from __future__ import annotations

import pytest

from cycle_exec.resident.model import State, Terms
from tests.resident.exploring import World, explore

TERMS = {
    "plain": Terms(),
    "grace": Terms(grace=2.0, patience=2.0),
    "mapped": Terms(stop="QUIT", signal_map={"TERM": "QUIT", "HUP": "NONE"}),
    "stop signal": Terms(stop="USR1", stop_signal="USR1"),
    "below a shell": Terms(terminal=True, alone=False),
}


@pytest.mark.parametrize("name", TERMS)
def test_every_state_in_reload_mode(name):
    """Whatever comes, in whatever order: no stop is lost, no app is started twice, none ends but
    by itself or by a stop, and the newest plan comes to run."""
    found = explore(TERMS[name], State(phase="launching"), World())
    assert found.states > 1000


@pytest.mark.parametrize("name", TERMS)
def test_every_state_in_init_mode(name):
    """The same without a watcher."""
    world = World(app=True, launched=True, watcher=False)
    found = explore(TERMS[name], State(phase="running"), world)
    assert found.states > 10
