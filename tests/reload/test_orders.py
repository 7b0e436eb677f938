"""Several things at once: the supervisor stands still while they happen, and then hears of all."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.launching.reload.conftest import APP, SIGNAL, Reloading, reloading, state
from tests.reload.test_findings import watcher_of
from tests.reload.test_processes import is_gone, pending
from tests.support import machine
from tests.support.waiting import PATIENCE, until

LOOP = 'echo "start $PLAIN"; while :; do sleep 0.02; done'
# It survives QUIT.
STAYS = f"trap 'echo QUIT' QUIT; {LOOP}"
ALARM = signal.SIGALRM


def freeze(run: Reloading) -> None:
    """Let the supervisor stand still."""
    run.process.send_signal(signal.SIGSTOP)
    stat = Path(f"/proc/{run.process.pid}/stat")
    assert until(lambda: stat.read_text().rpartition(") ")[2][0] == "T")


def thaw(run: Reloading) -> None:
    """Let it go on."""
    run.process.send_signal(signal.SIGCONT)


def all_said(run: Reloading, seconds: float = PATIENCE) -> list[str]:
    """What the app says until the container ends, or for so long."""
    found: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            found.append(run.app(0.05))
        except queue.Empty:
            if run.process.poll() is not None:
                break
    return found


def up(run: Reloading) -> int:
    """Wait for app and watcher; the app's number."""
    assert run.app().startswith("start")
    run.says("listening for notifications")
    [app] = [pid for pid in run.children() if pid != watcher_of(run)]
    return app


def changed(platform, run, plain="two"):
    """A change that takes a restart, and that the supervisor knows of."""
    platform.state.write_text(state(plain=plain))
    run.says("reloaded in")
    time.sleep(0.2)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGUSR1, signal.SIGTERM])
@pytest.mark.parametrize("drain", ["", 'drain = "300ms"\n'])
def test_a_stop_comes_when_the_app_has_just_survived_another(platform, ground, stop, drain):
    """The time of the first is over; it is not taken for that of the second, whose app ends the
    container although a restart has waited.
    """
    name = stop.name.removeprefix("SIG")
    app = f"trap 'echo {name}; exit 5' {name}; {STAYS}"
    manifest = f'grace = "1500ms"\n{drain}'
    if stop != signal.SIGINT:
        manifest += f'stop_signal = "{name}"\n'
    with reloading(platform, ground, manifest, "sh", "-c", app) as run:
        up(run)
        run.process.send_signal(signal.SIGQUIT)
        assert run.app() == "QUIT"
        changed(platform, run)
        freeze(run)
        assert until(lambda: pending(run.process.pid, ALARM))
        run.process.send_signal(stop)
        thaw(run)
        said = all_said(run)
        # By TERM, the restart may have ended the app before the stop was heard of.
        codes = (5, 143) if stop == signal.SIGTERM else (5,)
        assert run.process.wait(PATIENCE) in codes
        # Where the restart has come first, the stop has been for the same app.
        assert "start two" not in said


def test_a_stop_that_has_ended_the_app_is_not_survived(platform, ground):
    """Its end counts, which came before the timer was over, and not the restart that waited."""
    app = f"trap 'echo QUIT; until [ -e {ground}/go ]; do sleep 0.02; done; exit 5' QUIT; {LOOP}"
    with reloading(platform, ground, 'grace = "1500ms"\n', "sh", "-c", app) as run:
        pid = up(run)
        run.process.send_signal(signal.SIGQUIT)
        assert run.app() == "QUIT"
        changed(platform, run)
        freeze(run)
        (ground / "go").touch()
        assert until(lambda: is_gone(pid))
        assert until(lambda: pending(run.process.pid, ALARM))
        thaw(run)
        assert all_said(run) == []
        assert run.process.wait(PATIENCE) == 5


DIES = """
import os, signal, time
def ended(number, frame):
    print("HUP", flush=True)
    while not os.path.exists(os.environ["GO"]):
        time.sleep(0.01)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGHUP)
signal.signal(signal.SIGHUP, ended)
print("start", flush=True)
while True:
    time.sleep(1)
"""


def test_who_died_of_ours_did_so_however_late_it_is_heard_of(platform, ground):
    """It is started again, although the time in which it may die of a signal is over since."""
    app, go = ground / "app.py", ground / "go"
    app.write_text(DIES)
    with reloading(platform, ground, SIGNAL, sys.executable, str(app), GO=str(go)) as run:
        assert run.app() == "start"
        run.says("listening for notifications")
        [pid] = [each for each in run.children() if cmdline(each)[1:2] == [os.fsencode(app)]]
        platform.state.write_text(state(page="second"))
        assert run.app() == "HUP"
        time.sleep(0.1)
        freeze(run)
        go.touch()
        assert until(lambda: is_gone(pid))
        assert until(lambda: pending(run.process.pid, ALARM))
        thaw(run)
        assert run.app() == "start"
        assert "no handler" in run.says("was ended by HUP of on_change")


def cmdline(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")


def test_a_job_that_is_done_is_not_run_again(platform, ground):
    """What has changed since is nothing to it."""
    app = f'echo "start $PLAIN"; until [ -e {ground}/go ]; do sleep 0.02; done; exit 5'
    with reloading(platform, ground, "", "sh", "-c", app) as run:
        pid = up(run)
        freeze(run)
        (ground / "go").touch()
        assert until(lambda: is_gone(pid))
        platform.state.write_text(state(plain="two"))
        assert until(lambda: pending(run.process.pid, signal.SIGRTMAX))
        run.says("reloaded in")
        thaw(run)
        assert all_said(run) == []
        assert run.process.wait(PATIENCE) == 5


def test_a_job_that_is_done_is_not_run_again_for_a_watcher_that_died(platform, ground):
    """Whose last words are read at its end."""
    app = f'echo "start $PLAIN"; until [ -e {ground}/go ]; do sleep 0.02; done; exit 5'
    with reloading(platform, ground, "", "sh", "-c", app) as run:
        pid, watcher = up(run), watcher_of(run)
        freeze(run)
        platform.state.write_text(state(plain="two"))
        assert until(lambda: pending(run.process.pid, signal.SIGRTMAX))
        run.says("reloaded in")
        (ground / "go").touch()
        os.kill(watcher, signal.SIGKILL)
        assert until(lambda: is_gone(pid) and is_gone(watcher))
        thaw(run)
        assert all_said(run) == []
        assert run.process.wait(PATIENCE) == 5


ENDS = "trap 'echo TERM; until [ -e {}/go ]; do sleep 0.02; done; exit' TERM"


def test_a_signal_for_an_app_that_has_just_ended_is_for_the_next(platform, ground):
    """It is started again anyway, and gets what came meanwhile."""
    app = APP.replace("trap 'echo TERM; exit 7' TERM", ENDS.format(ground))
    with reloading(platform, ground, "", "sh", "-c", app) as run:
        pid = up(run)
        platform.state.write_text(state(plain="two"))
        assert run.app() == "TERM"
        freeze(run)
        (ground / "go").touch()
        assert until(lambda: is_gone(pid))
        run.process.send_signal(signal.SIGUSR1)
        thaw(run)
        assert [run.app(), run.app()] == ["start two", "USR1"]


def test_what_is_left_of_the_app_has_its_time(platform, ground):
    """A restart, then a stop; the app ends in its time, and the rest gets its own."""
    child = (
        f"(trap 'echo child; [ -e {ground}/go ] && {{ sleep 0.5; echo tidied; exit; }}' TERM; "
        "while :; do sleep 0.02; done) & "
    )
    app = f"{child}{ENDS.format(ground)}; {LOOP}"
    with reloading(platform, ground, 'grace = "2s"\n', "sh", "-c", app) as run:
        pid = up(run)
        platform.state.write_text(state(plain="two"))
        assert {run.app(), run.app()} == {"TERM", "child"}
        run.process.send_signal(signal.SIGTERM)
        assert run.app() in ("child", "TERM")
        time.sleep(0.1)
        freeze(run)
        (ground / "go").touch()
        assert until(lambda: is_gone(pid))
        assert until(lambda: pending(run.process.pid, ALARM))
        thaw(run)
        assert "tidied" in all_said(run)
        assert run.process.wait(PATIENCE) == 143


def test_a_handler_of_the_interpreter_is_not_the_app_s(platform, ground):
    """INT of on_change, wanted while the child is not the app yet: it waits for the app's."""
    app = APP.replace("trap 'echo HUP' HUP;", "trap 'echo INT' INT;")
    app = app.replace("trap 'echo TERM; exit 7' TERM", ENDS.format(ground))
    manifest = SIGNAL.replace("signal:HUP", "signal:INT")
    with reloading(platform, ground, manifest, "sh", "-c", app) as run:
        pid, watcher = up(run), watcher_of(run)
        platform.state.write_text(state(plain="two"))
        assert run.app() == "TERM"
        run.says("reloaded in")
        # The app has ended, the watcher has prepared its start, and has news: all at once.
        os.kill(watcher, signal.SIGSTOP)
        (ground / "go").touch()
        assert until(lambda: is_gone(pid))
        time.sleep(0.2)
        freeze(run)
        os.kill(watcher, signal.SIGCONT)
        platform.state.write_text(state(plain="two", page="second"))
        run.says("reloaded in")
        time.sleep(0.2)
        thaw(run)
        assert [run.app(), run.app()] == ["start two", "INT"]


@pytest.mark.needs("prlimit")
def test_a_change_that_cannot_be_handed_over_is_not_lost(platform, ground):
    """The watcher ends for it, and the next one does what is to be done."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        up(run)
        limited = [machine.program("prlimit"), "--pid", str(watcher_of(run))]
        subprocess.run([*limited, "--fsize=300:unlimited"], check=True)
        platform.state.write_text(state(page="second"))
        run.says("what has changed cannot be handed over: ")
        assert (ground / "page").read_text() == "page second\n"
        run.says("the watcher has exited with code 1; the app is not affected, another watcher")
        assert run.app() == "HUP"
        assert run.end() == 7


def test_a_watcher_that_stands_still_holds_no_end_up(platform, ground):
    """It is woken to be told, and the container ends as soon as the app."""
    manifest = '[[before]]\ncommand = ["true"]\non_restart = true\n'
    with reloading(platform, ground, manifest, "sh", "-c", APP) as run:
        up(run)
        os.kill(watcher_of(run), signal.SIGSTOP)
        began = time.monotonic()
        assert run.end() == 7
        # Not the ten seconds that a command may take to end.
        assert time.monotonic() - began < 8


def test_a_command_of_a_watcher_that_is_killed_is_run_again(platform, ground):
    """It goes on itself, for nobody is left who could tell it to end."""
    ran = ground / "ran"
    script = f"[ $PLAIN = one ] || {{ echo begin >>{ran}; sleep 3; echo end >>{ran}; }}"
    manifest = f"[[before]]\ncommand = ['sh', '-c', '{script}']\non_restart = true\n"
    with reloading(platform, ground, manifest, "sh", "-c", APP) as run:
        up(run)
        platform.state.write_text(state(plain="two"))
        assert until(ran.exists)
        os.kill(watcher_of(run), signal.SIGKILL)
        assert [run.app(), run.app()] == ["TERM", "start two"]
        assert sorted(ran.read_text().split()) == ["begin", "begin", "end", "end"]


def test_a_term_at_the_very_moment_in_which_the_app_has_survived_a_quit(platform, ground):
    """Nobody stands still here: only the moments are chosen."""
    app = f"trap 'echo TERM; exit 7' TERM; {STAYS}"
    for number in range(5):
        platform.state.write_text(state())
        with reloading(platform, ground, 'grace = "1s"\n', "sh", "-c", app) as run:
            up(run)
            began = time.monotonic()
            os.kill(run.process.pid, signal.SIGQUIT)
            platform.state.write_text(state(plain="two"))
            moment = began + 1.0 - 0.0006 + 0.00012 * number
            while time.monotonic() < moment:
                pass
            os.kill(run.process.pid, signal.SIGTERM)
            assert run.process.wait(PATIENCE) in (7, 143)
