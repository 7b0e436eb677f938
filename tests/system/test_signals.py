import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cycle_exec.errors import DeadlinePassed, Stopped
from cycle_exec.system import signals
from cycle_exec.system.clock import Deadline
from cycle_exec.system.exec import process
from tests.support import machine, probe
from tests.support.waiting import PATIENCE

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def armed():
    armed = signals.arm()
    yield armed
    armed.disarm()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_raises_stopped_once(armed, number):
    """The first one ends the run, whatever comes later disturbs its cleaning up no more."""
    with pytest.raises(Stopped) as stopped:
        signal.raise_signal(number)
    assert stopped.value.code == 128 + number
    signal.raise_signal(number)


ENDING = "HUP INT QUIT ABRT USR1 USR2 ALRM TERM STKFLT XCPU VTALRM PROF IO PWR RTMIN RTMAX".split()


@pytest.mark.parametrize("name", ENDING)
def test_every_signal_that_ends_a_process_ends_the_start(armed, name):
    """128 and its number, and its name."""
    number = getattr(signal, f"SIG{name}")
    with pytest.raises(Stopped) as stopped:
        signal.raise_signal(number)
    assert stopped.value.code == 128 + number
    expected = {"RTMIN": "SIGRTMIN+0", "RTMAX": "SIGRTMIN+30"}.get(name, f"SIG{name}")
    assert stopped.value.name == expected


@pytest.mark.parametrize("name", ["CHLD", "CONT", "URG", "WINCH", "PIPE", "XFSZ"])
def test_what_ends_no_process_is_not_heard(armed, name):
    """Nor what Python ignores."""
    before = signal.getsignal(getattr(signal, f"SIG{name}"))
    signal.raise_signal(getattr(signal, f"SIG{name}"))
    assert signal.getsignal(getattr(signal, f"SIG{name}")) == before


@pytest.mark.parametrize("stops", [True, False])
def test_a_held_signal_waits_for_its_release(stops):
    """WINCH, until it is known whether it is the stop signal."""
    armed = signals.arm(held=(signals.SIGWINCH,))
    try:
        signal.raise_signal(signal.SIGWINCH)
        assert signal.SIGWINCH in signal.sigpending()
        if stops:
            with pytest.raises(Stopped) as stopped:
                armed.release(signals.SIGWINCH, stops=True)
            assert stopped.value.code == 128 + signal.SIGWINCH
        else:
            armed.release(signals.SIGWINCH, stops=False)
        assert signal.SIGWINCH not in signal.sigpending()
    finally:
        armed.disarm()


def test_an_alarm_of_somebody_else_is_no_deadline(armed):
    """While our own timer runs."""
    armed.bound(30)
    with pytest.raises(Stopped) as stopped:
        signal.raise_signal(signal.SIGALRM)
    assert stopped.value.name == "SIGALRM"


class Deaf:
    """Its destructor gets the signal, or the deadline; Python ignores what a destructor raises."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def __del__(self):
        for number in self.numbers:
            signal.raise_signal(number)
        if not self.numbers:
            time.sleep(20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_in_a_destructor_is_not_lost(armed, capfd, number):
    """What Python ignores there is raised again at once, and nothing is printed."""
    with pytest.raises(Stopped) as stopped:
        stop_in_a_destructor(number)
    assert stopped.value.code == 128 + number
    assert capfd.readouterr() == ("", "")


def stop_in_a_destructor(*numbers):
    deaf = [Deaf(*numbers)]
    deaf.clear()
    time.sleep(20)


def test_the_deadline_in_a_destructor_is_not_lost(armed, capfd):
    """The same for the deadline."""
    armed.bound(0.05 - signals.GRACE)
    with pytest.raises(DeadlinePassed):
        stop_in_a_destructor()
    assert capfd.readouterr() == ("", "")


def test_disarm_gives_back_pythons_handlers():
    """A process that goes on has the handlers, the mask and the timer it had."""
    before = {n: signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}
    hook = sys.unraisablehook
    running = signal.getitimer(signal.ITIMER_REAL)[0] > 0
    signals.arm(5).disarm()
    assert {number: signal.getsignal(number) for number in before} == before
    assert sys.unraisablehook == hook
    assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0) == running


def test_the_deadline_refuses_whatever_is_running():
    """Half a second after the deadline a launch that hangs in our own code is refused."""
    armed = signals.arm()
    try:
        armed.bound(0.05 - signals.GRACE)
        with pytest.raises(DeadlinePassed) as late:
            time.sleep(20)
    finally:
        armed.disarm()
    assert late.value.problem.kind == "unavailable"


def test_a_signal_ignored_on_entry_stays_ignored():
    """As under nohup: neither the run nor the app hears it."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        armed = signals.arm()
        signal.raise_signal(signal.SIGTERM)
        armed.disarm()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_blocked_body_is_not_interrupted(armed):
    """A stop that arrives during a commit is delivered after it."""
    done = []

    def body():
        with signals.blocked():
            signal.raise_signal(signal.SIGTERM)
            done.append(True)

    with pytest.raises(Stopped):
        body()
    assert done


def test_a_stop_ends_a_running_check_and_its_group(armed, tmp_path):
    """Stopped comes out of the waiting, and none of the check's processes is left."""
    script = f"sleep 60 & echo $! > {tmp_path}/child; kill -TERM {os.getpid()}; wait"
    environ = {"PATH": os.environ["PATH"]}
    with pytest.raises(Stopped):
        process.run_check("/bin/sh", ["sh", "-c", script], environ, Deadline.after(30))
    assert probe.gone(int((tmp_path / "child").read_text()))


AS_PID_1 = f"""
import os, sys, time
sys.path.insert(0, {ROOT!r})
from cycle_exec.errors import Stopped
from cycle_exec.system import signals
assert os.getpid() == 1
signals.arm()
try:
    print("armed", flush=True)
    time.sleep(30)
except Stopped as stopped:
    os._exit(stopped.code)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_ends_the_run_as_pid_1(number):
    """PID 1 hears only what it has a handler for; the run has one."""
    machine.need_processes()
    words = [*machine.PROCESSES, sys.executable, "-I", "-S", "-c", AS_PID_1]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as outer:
        assert outer.stdout is not None
        assert outer.stdout.readline() == "armed\n"
        children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        os.kill(int(children[0]), number)
        assert outer.wait(PATIENCE) == 128 + number


ZOMBIES = f"""
import os, sys
sys.path.insert(0, {ROOT!r})
from cycle_exec.system.exec import process
from cycle_exec.system.clock import Deadline
script = "(sleep 60 & sleep 60 &) ; exit 4"
found = process.run_check("/bin/sh", ["sh", "-c", script], dict(os.environ), Deadline.after(9))
assert found == 4, found
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("nothing left")
"""


def test_as_pid_1_a_check_leaves_no_zombie_for_the_app():
    """Orphans of a check come to PID 1; they are killed and reaped before the launch."""
    machine.need_processes()
    words = [*machine.PROCESSES, sys.executable, "-I", "-c", ZOMBIES]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.returncode) == ("nothing left\n", 0), ran.stderr
