"""A stop that is held back from the app, so that load balancers look away first."""

from __future__ import annotations

import signal
import subprocess

from cycle_exec.system.init import board
from tests.support.hostile import VARIABLES, hang, hostile
from tests.support.inits import LISTENER, ours, python, running
from tests.support.waiting import until


def test_other_signals_are_not_held_back(api):
    """The app hears a HUP that came after the TERM before it; health checks hear of the TERM."""
    with running(ours(api, "--drain", "500ms"), *python(LISTENER)) as app:
        assert app.line() == "up"
        # The app may be there before the supervisor is.
        assert until(lambda: board.line(app.pid).startswith("running "))
        app.send(signal.SIGTERM)
        assert until(lambda: board.line(app.pid).startswith("stopping "))
        app.send(signal.SIGHUP)
        assert app.line() == "HUP"
        assert app.line() == "TERM"
        assert app.finish().code == 7


def test_a_second_stop_ends_it(api):
    """A drain of a day does not keep who asks again."""
    with running(ours(api, "--drain", "24h"), *python(LISTENER)) as app:
        assert app.line() == "up"
        app.send(signal.SIGTERM)
        # Two of one kind would be one while the first is not heard.
        assert until(lambda: board.line(app.pid).startswith("stopping "))
        app.send(signal.SIGUSR1)
        assert app.line() == "USR1"
        app.send(signal.SIGTERM)
        assert app.line() == "TERM"
        assert app.finish().code == 7


def test_the_stop_signal_as_it_is_passed_on(api):
    """QUIT of the platform is held back, and reaches the app as TERM."""
    options = ("--drain", "300ms", "--stop-signal", "QUIT", "--signal-map", "QUIT:TERM")
    with running(ours(api, *options), *python(LISTENER)) as app:
        assert app.line() == "up"
        app.send(signal.SIGQUIT)
        app.send(signal.SIGUSR2)
        assert (app.line(), app.line()) == ("USR2", "TERM")
        assert app.finish().code == 7


def test_the_code_of_an_app_that_ends_meanwhile(api):
    """Is the container's."""
    words = ("sh", "-c", "echo up; read line; exit 4")
    with running(ours(api, "--drain", "24h"), *words, stdin=subprocess.PIPE) as app:
        assert app.line() == "up"
        app.send(signal.SIGTERM)
        assert until(lambda: board.line(app.pid).startswith("stopping "))
        app.process.communicate("go\n")
        assert app.process.returncode == 4


def test_a_start_is_stopped_at_once():
    """It has no app yet that anybody could look away from."""
    with hostile(variables={"PLAIN": "x"}) as api:
        api.on(VARIABLES, hang)
        with running(ours(api, "--drain", "24h"), "true") as app:
            api.wait_for(1)
            app.send(signal.SIGTERM)
            ended = app.finish()
            assert ended.code == 143
            assert ended.err == "cycle-exec: stopped by SIGTERM before the launch\n"


def test_what_is_for_the_supervisor_is_closed_to_the_app(api):
    """The pipe by which it knows that the launch is over."""
    script = "for n in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && echo $n; done; echo none; read x"
    with running(ours(api, "--drain", "1ms"), "sh", "-c", script, stdin=subprocess.PIPE) as app:
        assert app.line() == "none"
        app.process.communicate("go\n")
