"""[[before]] in reload mode: at the start, and before restarts where that is asked for."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from cycle_exec.system.init import handlers
from tests.launching.reload.conftest import APP, reloading, state
from tests.support.waiting import until

WAITS = "sleep 60 & wait; wait"
TABLE = '[[before]]\ncommand = ["sh", "-c", {script}]\n{more}\n'


def table(script: str, more: str = "") -> str:
    """One command. The settings of [process] go on before it."""
    return TABLE.format(script=json.dumps(script), more=more)


def lines(path: Path) -> list[str]:
    """What the commands have written down."""
    return path.read_text().splitlines()


def test_only_what_is_asked_for_is_run_before_a_restart(platform, ground):
    """With the new environment, while the app still runs."""
    ran = ground / "ran"
    manifest = table(f"echo once >>{ran}") + table(f"echo $PLAIN >>{ran}", "on_restart = true")
    with reloading(platform, ground, manifest, "sh", "-c", APP) as running:
        assert running.app() == "start one"
        assert lines(ran) == ["once", "one"]
        platform.state.write_text(state(plain="two"))
        assert running.app() == "TERM"
        assert lines(ran) == ["once", "one", "two"]
        assert running.app() == "start two"
        assert running.end() == 7
    assert lines(ran) == ["once", "one", "two"]


def test_none_is_run_without(platform, ground):
    """A restart is one as ever."""
    ran = ground / "ran"
    with reloading(platform, ground, table(f"echo $PLAIN >>{ran}"), "sh", "-c", APP) as running:
        assert running.app() == "start one"
        platform.state.write_text(state(plain="two"))
        assert (running.app(), running.app()) == ("TERM", "start two")
        assert lines(ran) == ["one"]


def test_one_that_fails_before_a_restart(platform, ground):
    """The app goes on as it was; it is tried again until it works, and then the restart comes."""
    bad = ground / "bad"
    script = f'echo "trying $PLAIN"; [ "$PLAIN" = one ] || ! [ -e {bad} ]'
    bad.touch()
    with reloading(
        platform, ground, table(script, "on_restart = true"), "sh", "-c", APP
    ) as running:
        assert running.app() == "start one"
        platform.state.write_text(state(plain="two"))
        said = running.says("before command sh: it exited with code 1 (before-failed); the app is")
        assert said.endswith("the app is not restarted; it is tried again until it works")
        running.process.send_signal(signal.SIGHUP)
        assert running.app() == "HUP"
        bad.unlink()
        assert (running.app(), running.app()) == ("TERM", "start two")


def test_newer_data_come_while_it_fails(platform, ground):
    """They count, and it is tried with them at once."""
    script = '[ "$PLAIN" != two ]'
    with reloading(
        platform, ground, table(script, "on_restart = true"), "sh", "-c", APP
    ) as running:
        assert running.app() == "start one"
        platform.state.write_text(state(plain="two"))
        running.says("the app is not restarted")
        platform.state.write_text(state(plain="three"))
        assert (running.app(), running.app()) == ("TERM", "start three")


def test_a_watcher_that_dies_meanwhile(platform, ground):
    """The next one runs it again, and restarts the app."""
    script = f'[ "$PLAIN" = one ] || ! [ -e {ground}/bad ]'
    (ground / "bad").touch()
    with reloading(
        platform, ground, table(script, "on_restart = true"), "sh", "-c", APP
    ) as running:
        assert running.app() == "start one"
        platform.state.write_text(state(plain="two"))
        running.says("the app is not restarted")
        watcher, _ = running.children()
        os.kill(watcher, signal.SIGKILL)
        running.says("another watcher starts")
        (ground / "bad").unlink()
        assert (running.app(), running.app()) == ("TERM", "start two")


def test_one_that_is_gone_later_is_no_reason_to_refuse_a_look(platform, ground):
    """Of a start it was, and what has not changed blocks nothing."""
    program = ground / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    manifest = f'[[before]]\ncommand = ["{program}"]\n'
    with reloading(platform, ground, manifest, "sh", "-c", APP) as running:
        assert running.app() == "start one"
        program.unlink()
        platform.state.write_text(state(plain="two"))
        assert (running.app(), running.app()) == ("TERM", "start two")


def test_a_failed_start_ends_the_supervisor(platform, ground):
    """With 65, and without an app."""
    with reloading(platform, ground, table("exit 9"), "sh", "-c", APP) as running:
        running.says("before command sh: it exited with code 9; the app is not started")
        assert running.process.wait() == 65


def test_one_that_is_run_when_the_container_ends(platform, ground):
    """It gets TERM and its time, and the exit code is the app's."""
    ran = ground / "ran"
    at_restart = f"trap 'sleep 0.3; echo ended >{ran}; exit 1' TERM; echo begun >{ran}; {WAITS}"
    manifest = table(f"[ $PLAIN = one ] || {{ {at_restart}; }}", "on_restart = true")
    with reloading(platform, ground, manifest, "sh", "-c", APP) as running:
        assert running.app() == "start one"
        platform.state.write_text(state(plain="two"))
        assert until(lambda: ran.exists() and lines(ran) == ["begun"])
        assert running.end() == 7
        assert lines(ran) == ["ended"]


def test_one_that_does_not_end_with_the_container(platform, ground):
    """After `grace` it is killed, with what it has started."""
    ran = ground / "ran"
    at_restart = f"trap '' TERM; echo $$ >{ran}; {WAITS}"
    script = f"[ $PLAIN = one ] || {{ {at_restart}; }}"
    manifest = f'grace = "300ms"\n{table(script, "on_restart = true")}'
    with reloading(platform, ground, manifest, "sh", "-c", APP) as running:
        assert running.app() == "start one"
        platform.state.write_text(state(plain="two"))
        assert until(lambda: ran.exists() and len(lines(ran)) == 1)
        assert running.end() == 7
        assert handlers.members(int(lines(ran)[0])) == []
