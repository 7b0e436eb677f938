"""The process above an app in init mode: its stop signal, its own signals, a start that fails."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cycle_exec.errors import Refused
from cycle_exec.resident.model import SupervisorArguments
from cycle_exec.system.init import fork
from tests.support.hostile import hostile
from tests.support.inits import LISTENER, ours, python, run, running
from tests.support.waiting import until


@pytest.fixture(scope="module")
def api():
    """A platform with one variable."""
    with hostile(variables={"PLAIN": "fetched-value"}) as platform:
        yield platform


def test_what_is_left_gets_the_stop_signal(api, tmp_path):
    """`--stop-signal`, as `--signal-map` passes it on."""
    left = 'trap "echo bye; exit" USR2; echo up; : >"$0"; while :; do sleep 0.05; done'
    script = 'sh -c "$0" "$1" & while ! [ -e "$1" ]; do sleep 0.02; done; exit 4'
    for options in (("--stop-signal", "USR2"), ("--signal-map", "TERM:USR2")):
        (tmp_path / "up").unlink(missing_ok=True)
        words = ("sh", "-c", script, left, str(tmp_path / "up"))
        ended = run(ours(api, "--grace", "1h", *options), *words)
        assert (ended.code, ended.out) == (4, "up\nbye\n")


def test_every_signal_is_passed_on_and_none_of_its_own(api):
    """Those that Python ignores for itself as well."""
    with running(ours(api), *python(LISTENER), namespace=False) as app:
        assert app.line() == "up"
        for name in ("PIPE", "XFSZ", "ALRM", "RTMAX", "TERM"):
            app.send(getattr(signal, f"SIG{name}"))
            assert app.line() == ("RTMIN+30" if name == "RTMAX" else name)
        assert app.finish().code == 7


def test_a_supervisor_that_cannot_start_is_a_refusal(monkeypatch):
    """In words; the child, which nobody would be above, is ended."""
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    monkeypatch.setattr(fork, "interpreter", lambda *_, **__: ["/nonexistent/python"])
    arguments = SupervisorArguments(
        child=child,
        channel=None,
        launch=None,
        terminal=False,
        mask=(),
        ignored=False,
        log_level="notice",
        log_format="text",
        before=0.0,
        drain=0.0,
        grace=0.0,
        patience=10.0,
        stop_signal="TERM",
        signal_map={},
    )
    assert SupervisorArguments.from_argv(arguments.to_argv()) == arguments
    with pytest.raises(Refused) as caught:
        fork._become_supervisor(arguments)
    [problem] = caught.value.problems
    subject = "the supervisor's program /nonexistent/python"
    assert (problem.subject, problem.reason) == (subject, "it does not exist")
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def test_an_app_outlives_a_supervisor_that_is_killed(api):
    """Where it is not PID 1, whose end would be everybody's."""
    script = "trap 'echo TERM; exit' TERM; echo $$; while :; do sleep 0.02; done"
    with running(ours(api), "sh", "-c", script, namespace=False) as app:
        pid = int(app.line())
        app.send(signal.SIGKILL)
        assert until(lambda: Path(f"/proc/{pid}/stat").read_text().split()[3] != str(app.pid))
        os.kill(pid, signal.SIGTERM)
        assert app.line() == "TERM"
