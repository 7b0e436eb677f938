"""The same bad days at a refresh in reload mode: the app goes on, or has the new data."""

from __future__ import annotations

import time

import pytest

from tests.hostile.model import FETCHED, Refuses, Scenario, Starts
from tests.hostile.playing import Playground, alike, environment, files, misbehave
from tests.hostile.scenarios import REPRESENTATIVE, SCENARIOS
from tests.launching.reload.conftest import Reloading, reloading
from tests.support.hostile import VARIABLES, Hostile, hostile, reply
from tests.support.waiting import PATIENCE

# What the app has at first; KEY is for a file.
BEFORE = {"PLAIN": "before the refresh", "KEY": "AA=="}
# These refuse, or come to be, before the platform is asked for the first time.
_AT_THE_START = (
    "a target that is a link",
    "no socket appears",
    "template: a value as a name",
    "resource: a member named as a method",
)
NAMES = [name for name in REPRESENTATIVE if name not in _AT_THE_START]
SETTINGS = """reload_interval = "150ms"
reload_missing = "drop"
[api]
deadline = "3s"
"""
APP = """
trap 'exit 7' TERM
(cat /proc/$$/environ >"$0.new"; ls -l /proc/$$/fd >"$0.descriptors"; mv "$0.new" "$0.environ")
echo up
while :; do sleep 0.02; done
"""


@pytest.mark.parametrize("name", NAMES)
def test_at_a_refresh(tmp_path, name):
    """A refusal is one warning, and nothing changes; what is good reaches files and app."""
    scenario = SCENARIOS[name]
    ground = Playground(tmp_path, scenario)
    manifest = ground.manifest(SETTINGS + scenario.manifest).read_text()
    with hostile(variables=dict(BEFORE)) as api:
        api.on("/v1/notifications", reply(404, {}))
        app = ("sh", "-c", APP, str(ground.mark))
        with reloading(api, ground.inputs, manifest, *app) as run:
            assert run.app() == "up"
            run.says("no notifications: the API answered 404 to the handshake; retrying")
            ground.remember()
            if isinstance(scenario.outcome, Starts) and VARIABLES not in scenario.on:
                api.world.variables = dict(FETCHED)
            misbehave(api, scenario)
            if isinstance(scenario.outcome, Refuses):
                _refused(scenario.outcome, ground, api, run)
            else:
                _renewed(scenario, scenario.outcome, ground, api, run)
            assert run.end() == 7
        assert not [secret for secret in api.secrets() if secret in "\n".join(run.said)]


def _refused(outcome: Refuses, ground: Playground, api: Hostile, run: Reloading) -> None:
    told = ground.told
    line = run.says("reload failed: ")
    [first, *others] = outcome.problems
    more = f", and {len(others)} more" if others else ""
    expected = f"cycle-exec: warning: reload failed: {first}{more}; the app keeps running unchanged"
    assert alike(expected, line, ground, api), line
    assert run.silent(0.05)
    assert ground.told == told
    changes = ground.changes()
    assert not changes, changes


def _renewed(
    scenario: Scenario, start: Starts, ground: Playground, api: Hostile, run: Reloading
) -> None:
    run.says("reloaded in ")
    inherited = ground.environ(api, **scenario.environ)
    end = time.monotonic() + PATIENCE
    while True:
        try:
            environment(start, ground, inherited)
            files(start, ground)
            break
        except AssertionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
    assert ground.descriptors == [0, 1, 2]
    for warning in start.warnings:
        assert f"cycle-exec: warning: {warning}" in run.said


def test_enough_of_them_can_happen_at_a_refresh():
    """Most of those that stand for all."""
    assert len(NAMES) >= 20
