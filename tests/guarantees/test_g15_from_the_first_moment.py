"""G15: as PID 1 no signal is lost while Python itself still starts: the program of a wheel holds
them until cycle-exec can hear them, and the app finds its mask as it was.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.early import DELAYS, await_first_instructions, child_of
from tests.support.hostile import hostile
from tests.support.stub import compiled, installed
from tests.support.waiting import PATIENCE


@pytest.fixture(scope="module")
def script(tmp_path_factory) -> Path:
    """bin/cycle-exec as the wheel for this processor installs it."""
    folder = tmp_path_factory.mktemp("first")
    return installed(folder / "venv", compiled(folder))


@pytest.fixture
def environ(tmp_path):
    """Of a start that finds an API which takes connections and never answers."""
    path = f"/tmp/cx-first-{os.getpid()}-{tmp_path.name[-8:]}.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(64)
        yield {"PATH": os.defpath, "CYCLE_API_TOKEN": "t", "CYCLE_EXEC_SOCKET": path}
    os.unlink(path)


@pytest.mark.parametrize("options", [(), ("--init",)])
@pytest.mark.parametrize(
    "number", [signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGRTMIN + 3]
)
def test_a_signal_in_the_first_moments_ends_the_start_as_pid_1(
    script, environ, tmp_path, number, options
):
    """Sent before Python has run a line, and a little later, and later."""
    machine.need_processes()
    started = tmp_path / "started"
    for delay in DELAYS:
        process = subprocess.Popen(
            [*machine.PROCESSES, script, *options, "--deadline=5s", "--", "touch", started],
            env=environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        child = child_of(process)
        await_first_instructions(child, signal.SIGUSR2)
        time.sleep(delay)
        os.kill(child, number)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 128 + number, (delay, err)
        assert err.endswith(" before the launch\n"), (delay, err)
    assert not started.exists()


@pytest.mark.parametrize("inherited", [(), (signal.SIGUSR1, signal.SIGRTMIN)])
@pytest.mark.parametrize("as_pid_1", [True, False])
def test_the_app_gets_the_mask_that_the_program_was_started_with(script, inherited, as_pid_1):
    """Whether the program has held much, or little."""
    if as_pid_1:
        machine.need_processes()
    with hostile() as api:
        environ = {"PATH": os.defpath, "CYCLE_API_TOKEN": api.token}
        environ["CYCLE_EXEC_SOCKET"] = api.socket
        done = subprocess.run(
            [
                *(machine.PROCESSES if as_pid_1 else ()),
                *(script, "--", "sed", "-n", "s/^Sig[BI][lg][kn]:\t//p", "/proc/self/status"),
            ],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, inherited),
        )
    assert done.returncode == 0, done.stderr
    mask, ignored = (int(line, 16) for line in done.stdout.split())
    assert mask == sum(1 << (number - 1) for number in inherited)
    assert ignored & (1 << (signal.SIGPIPE - 1)) == 0


def test_a_signal_that_was_ignored_stays_so_from_the_first_moment(script, environ):
    """As PID 1 of somebody who has said so."""
    machine.need_processes()
    ignoring = ("sh", "-c", 'trap "" QUIT; exec "$@"', "sh")
    process = subprocess.Popen(
        [*machine.PROCESSES, *ignoring, script, "--deadline=5s", "--", "true"],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    child = child_of(process)
    await_first_instructions(child, signal.SIGUSR2)
    os.kill(child, signal.SIGQUIT)
    os.kill(child, signal.SIGHUP)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGHUP


def test_an_interrupt_in_the_first_moments_shows_no_traceback(script, environ):
    """Where it is not PID 1: Python has a handler for it long before it runs a line of ours."""
    for delay in DELAYS:
        process = subprocess.Popen(
            [script, "--deadline=5s", "--", "true"],
            env=environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        await_first_instructions(process.pid, signal.SIGINT)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130, (delay, err)
        assert err == "cycle-exec: stopped by SIGINT before the launch\n", delay


@pytest.mark.parametrize("words", [("--version",), ("vpn-auth",), ("explain", "78")])
def test_what_is_held_is_held_for_no_verb(script, environ, words):
    """Their masks are the inherited ones, and they end as ever."""
    machine.need_processes()
    done = subprocess.run(
        [*machine.PROCESSES, script, *words],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (1 if words == ("vpn-auth",) else 0), done.stderr
