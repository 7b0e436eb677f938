"""Signals and the app: those that it has no handler for, survives, or is not there to hear."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.launching.reload.conftest import SIGNAL, reloading, state

DEAF = "trap 'echo TERM; exit 7' TERM; echo \"start $PLAIN\"; while :; do sleep 0.05; done"


@pytest.mark.lasting
def test_an_app_without_a_handler_is_left_alone(platform, ground):
    """A warning says so once nobody waits any more; the file is new."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", DEAF) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(page="second"))
        run.says("HUP of on_change was not sent: the app has had no handler for it for 30 s")
        assert (ground / "page").read_text() == "page second\n"
        assert run.end() == 7


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_a_restart_after_a_signal_that_was_survived(platform, ground, number):
    """As soon as it is clear that the app goes on, which the grace says."""
    app = "trap 'echo INT' INT; trap 'echo QUIT' QUIT; trap 'exit 0' TERM; echo \"start $PLAIN\"; "
    app += "while :; do sleep 0.02; done"
    with reloading(platform, ground, 'grace = "300ms"\n', "sh", "-c", app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        for value in ("two", "three"):
            run.process.send_signal(number)
            assert run.app() == number.name.removeprefix("SIG")
            platform.state.write_text(state(plain=value))
            assert run.app() == f"start {value}"


PROGRAM = """#!/bin/sh
trap "rm -f $0; exit 0" TERM
{handler}
echo "start $PLAIN"
while :; do sleep 0.02; done
"""


def make(path: Path, handler: str = "") -> None:
    """A program that removes itself at its end."""
    new = path.with_name("new")
    new.write_text(PROGRAM.format(handler=handler))
    new.chmod(0o755)
    new.rename(path)


def test_another_signal_while_no_app_runs_is_for_the_next_one(platform, ground):
    """It gets it once it has a handler."""
    program = ground / "program"
    make(program)
    with reloading(platform, ground, "", str(program)) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        run.says("the app could not be started again: ")
        os.kill(run.process.pid, signal.SIGUSR1)
        make(program, "trap 'echo USR1' USR1")
        assert [run.app(), run.app()] == ["start two", "USR1"]
