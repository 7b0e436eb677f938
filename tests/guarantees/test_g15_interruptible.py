"""G15: SIGTERM or SIGINT before the launch ends it within a second, nothing changed; as PID 1, so
does every signal that ends a process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time

import pytest

from tests.guarantees.conftest import SCRIPT, manifest
from tests.support import machine
from tests.support.hostile import hostile
from tests.support.unread import full_pipe
from tests.support.waiting import PATIENCE, Stopwatch, Timed, until


@pytest.fixture
def silent(tmp_path):
    """An API that takes connections and never answers."""
    path = f"/tmp/cx-silent-{os.getpid()}-{tmp_path.name[-8:]}.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(16)
        listener.settimeout(PATIENCE)
        yield listener, path
    os.unlink(path)


def stopped(silent, tmp_path, number, before=()):
    """Start a launch, wait until it has asked, send the signal; its end and how long it took."""
    listener, path = silent
    settings = manifest(tmp_path, '[dotenv]\ntarget = "@/new/target"\n')
    process = Timed(
        [*before, str(SCRIPT), "--manifest", settings, "--", "touch", str(tmp_path / "started")],
        env={"PATH": os.defpath, "CYCLE_API_TOKEN": "t", "CYCLE_EXEC_SOCKET": path},
        stderr=subprocess.PIPE,
        text=True,
    )
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(PATIENCE)
        assert b"/v1/environment/scoped-variables" in connection.recv(4096)
        watch = Stopwatch(process)
        yield process
        _, err = process.communicate(timeout=PATIENCE)
        took = watch.seconds(process)
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "started").exists()
    yield process.returncode, err, took


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stop_signal_during_the_fetch_ends_the_launch(silent, tmp_path, number, code):
    """143 or 130 within a second, one line, no target, no app."""
    story = stopped(silent, tmp_path, number)
    process = next(story)
    process.send_signal(number)
    returncode, err, took = next(story)
    assert returncode == code
    assert err == f"cycle-exec: stopped by {signal.Signals(number).name} before the launch\n"
    assert took < 1.0


# All that signal(7) lets end a process, but KILL, PIPE and XFSZ.
ENDING = [
    getattr(signal, f"SIG{name}")
    for name in (
        "HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 ALRM TERM STKFLT XCPU VTALRM PROF IO "
        "PWR SYS RTMIN RTMAX"
    ).split()
]


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_is_heard_as_pid_1(silent, tmp_path, number):
    """A process that is PID 1 of its namespace is not deaf while it waits for the API."""
    machine.need_processes()
    story = stopped(silent, tmp_path, number, machine.PROCESSES)
    process = next(story)
    [child] = children(process.pid)
    os.kill(child, number)
    # That it is within a second, the test above has shown; unheard it would be 69, or nothing.
    returncode, err, _ = next(story)
    assert returncode == 128 + number
    assert err.endswith(" before the launch\n"), err


@pytest.mark.parametrize(
    "number", [signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH, signal.SIGPIPE]
)
def test_what_ends_no_process_ends_no_start(silent, tmp_path, number):
    """As PID 1, as anywhere."""
    machine.need_processes()
    story = stopped(silent, tmp_path, number, machine.PROCESSES)
    process = next(story)
    [child] = children(process.pid)
    os.kill(child, number)
    os.kill(child, signal.SIGUSR1)
    returncode, _, _ = next(story)
    assert returncode == 128 + signal.SIGUSR1


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1])
def test_others_end_the_start_when_it_is_not_pid_1(silent, tmp_path, number):
    """In the same words, with nothing left on the disk."""
    story = stopped(silent, tmp_path, number)
    process = next(story)
    process.send_signal(number)
    returncode, err, took = next(story)
    assert returncode == 128 + number
    assert err == f"cycle-exec: stopped by {signal.Signals(number).name} before the launch\n"
    assert took < 1.0


def test_a_quit_that_was_ignored_on_entry_is_ignored_as_pid_1(silent, tmp_path):
    """Whoever starts it so wants it so."""
    machine.need_processes()
    ignoring = ("sh", "-c", 'trap "" QUIT; exec "$@"', "sh")
    story = stopped(silent, tmp_path, signal.SIGQUIT, (*machine.PROCESSES, *ignoring))
    process = next(story)
    [child] = children(process.pid)
    os.kill(child, signal.SIGQUIT)
    os.kill(child, signal.SIGHUP)
    returncode, _, _ = next(story)
    assert returncode == 128 + signal.SIGHUP


@pytest.fixture
def unread():
    """A standard error that is full, and whose reader does not read."""
    with full_pipe() as writing:
        yield writing


def test_a_stop_is_heard_where_nobody_reads_standard_error(silent, tmp_path, unread):
    """The words are given up, not the stop."""
    listener, path = silent
    environ = {"PATH": os.defpath, "CYCLE_API_TOKEN": "t", "CYCLE_EXEC_SOCKET": path}
    process = Timed([str(SCRIPT), "--log-level=debug", "--", "true"], env=environ, stderr=unread)
    connection, _ = listener.accept()
    with connection:
        watch = Stopwatch(process)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)
    assert process.returncode == 143
    assert watch.seconds(process) < 1.0


def test_the_deadline_holds_where_nobody_reads_standard_error(silent, tmp_path, unread):
    """And so does the exit code."""
    _, path = silent
    environ = {"PATH": os.defpath, "CYCLE_API_TOKEN": "t", "CYCLE_EXEC_SOCKET": path}
    watch = Stopwatch()
    process = Timed([str(SCRIPT), "--deadline=1s", "--", "true"], env=environ, stderr=unread)
    process.wait(timeout=PATIENCE)
    assert process.returncode == 69
    assert watch.seconds(process) < 2.5


@pytest.mark.parametrize("options", [(), ("--init",)])
def test_the_app_starts_where_nobody_reads_standard_error(tmp_path, unread, options):
    """It is the words that are given up."""
    with hostile() as api:
        environ = {"PATH": os.defpath, "CYCLE_API_TOKEN": api.token}
        environ["CYCLE_EXEC_SOCKET"] = api.socket
        process = Timed(
            [str(SCRIPT), *options, "--", "sh", "-c", "exit 3"], env=environ, stderr=unread
        )
        process.wait(timeout=PATIENCE)
    assert process.returncode == 3


@pytest.mark.parametrize("as_pid_1", [True, False])
@pytest.mark.parametrize("words", [("explain", "78"), ("--help",), ("plan", "--help"), ("env",)])
def test_a_stop_is_heard_where_nobody_reads_standard_output(unread, words, as_pid_1):
    """Of every verb that prints, whether it asks anything or not."""
    if as_pid_1:
        machine.need_processes()
    before = machine.PROCESSES if as_pid_1 else ()
    with hostile() as api:
        environ = {"PATH": os.defpath, "CYCLE_API_TOKEN": api.token}
        environ["CYCLE_EXEC_SOCKET"] = api.socket
        process = Timed([*before, str(SCRIPT), *words], env=environ, stdout=unread)
        pid = process.pid
        if as_pid_1:
            assert until(lambda: children(process.pid))
            [pid] = children(process.pid)
        # A wait for room is what it comes to.
        assert until(lambda: waits_for_room(pid))
        watch = Stopwatch(process)
        os.kill(pid, signal.SIGTERM)
        process.wait(timeout=PATIENCE)
    assert process.returncode in (143, -signal.SIGTERM)
    assert watch.seconds(process) < 1.0


def waits_for_room(pid: int) -> bool:
    with open(f"/proc/{pid}/wchan") as file:
        place = file.read()
    return "pipe_write" in place or "select" in place or "poll_schedule_timeout" in place


def children(pid: int) -> list[int]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(word) for word in file.read().split()]


def test_a_signal_that_was_ignored_on_entry_stays_ignored(silent, tmp_path):
    """nohup and its like: SIGINT does not end what was started to ignore it."""
    story = stopped(silent, tmp_path, signal.SIGINT, ("sh", "-c", 'trap "" INT; exec "$@"', "sh"))
    process = next(story)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    returncode, _, _ = next(story)
    assert returncode == 143
