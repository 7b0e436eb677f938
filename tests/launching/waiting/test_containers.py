"""Launches that wait for other containers of the emulated environment."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest

from tests.launching.waiting.conftest import children
from tests.support.emulated import emulated
from tests.support.launching import PATH, Running
from tests.support.waiting import until

STATE = """
[[containers]]
identifier = "app"
[[containers]]
identifier = "db"
instances = 2
"""
CHECK = 'config = { deploy = { readiness_check = { command = "true" } } }\n'


@pytest.fixture
def platform():
    """The environment, in which everything runs."""
    with emulated(STATE) as running:
        yield running


def start(platform, *words: str) -> Running:
    """Begin a launch."""
    environ = {
        "PATH": PATH,
        "CYCLE_API_TOKEN": platform.token,
        "CYCLE_EXEC_SOCKET": platform.socket,
    }
    return Running([*words, "--", "echo", "started"], environ)


def launch(platform, *words: str):
    """Return how a launch ends."""
    return start(platform, *words).finish()


def act(platform, action: str, instances) -> None:
    """Have the platform start or stop instances."""
    for each in instances:
        contents = {"instance_id": each["id"], "container_id": each["container_id"]}
        body = {"action": f"container.instance.{action}", "contents": contents}
        answer = platform.ask("/v1/conductor/tasks", "POST", body=json.dumps(body))
        assert answer.status == 200, answer


def of_db(platform):
    """Return the instances of the database."""
    found = platform.ask("/v1/environment/instances").json["data"]
    return [each for each in found if each["hostname"].startswith("db-")]


@pytest.mark.parametrize(
    "address", ["container://db", "container://db?instances=2", "container://db?instances=all"]
)
def test_a_container_that_runs(platform, address):
    """It is asked for once."""
    ran = launch(platform, "--wait", address)
    assert (ran.code, ran.out) == (0, "started\n"), ran


def test_one_that_starts_later(platform):
    """One instance is enough; who wants two waits for the second."""
    act(platform, "stop", of_db(platform))
    waits = ("--wait", "container://db", "--wait", "container://db?instances=all")
    run = start(platform, *waits, "--log-level=info")
    assert until(lambda: len(children(run.process.pid)) == 1)
    one, other = of_db(platform)
    act(platform, "start", [one])
    [asking] = children(run.process.pid)
    assert run.process.stderr is not None
    assert b"container://db: there after" in run.process.stderr.readline()
    assert children(run.process.pid) == [asking]
    # Its successor looks for both once more; what was there stays so.
    os.kill(asking, signal.SIGKILL)
    act(platform, "stop", [one])
    assert until(lambda: children(run.process.pid) not in ([], [asking]))
    act(platform, "start", [one, other])
    ran = run.finish()
    assert (ran.code, ran.out) == (0, "started\n"), ran
    assert re.match(r"cycle-exec: container://db\?instances=all: there after \d+ ms\n", ran.err)


def test_one_that_is_not_ready(platform):
    """Where the platform looks, running is not enough."""
    platform.state.write_text(STATE.replace("instances = 2", f"ready = false\n{CHECK}"))
    assert until(lambda: len(of_db(platform)) == 1)
    ran = launch(platform, "--wait", "container://db", "--deadline", "1s")
    assert ran.code == 69, ran
    assert ran.err.startswith(
        "cycle-exec: container://db: no instance is running and ready, 1 running, but not ready, "
        "the deadline has passed (wait-failed)\n"
    )
    run = start(platform, "--wait", "container://db")
    assert until(lambda: len(children(run.process.pid)) == 1)
    platform.state.write_text(STATE.replace("instances = 2", CHECK))
    ran = run.finish()
    assert (ran.code, ran.out) == (0, "started\n"), ran


def test_one_that_is_not_there(platform):
    """It may be made in time; the nearest name is told."""
    words = ("--wait", "container://cache-1")
    ran = launch(platform, "--wait", "container://dbs", *words, "--deadline", "1s")
    assert ran.code == 69, ran
    unknown = "the environment has no container with this identifier"
    assert f"container://dbs: {unknown}, did you mean db, the deadline has passed" in ran.err
    assert f"container://cache-1: {unknown}, the deadline has passed" in ran.err
    run = start(platform, *words)
    assert until(lambda: len(children(run.process.pid)) == 1)
    platform.state.write_text(f'{STATE}\n[[containers]]\nidentifier = "cache-1"\n')
    ran = run.finish()
    assert (ran.code, ran.out) == (0, "started\n"), ran
