"""Watcher and supervisor that are killed or stand still, and kernels that refuse prctl."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.launching.reload.conftest import APP, PROCESS, SIGNAL, Reloading, reloading, state
from tests.reload.test_findings import watcher_of
from tests.support import seccomp
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import until


def is_gone(pid: int) -> bool:
    """Whether a process has ended; whoever waits for it may not have done so yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_watcher_that_is_killed(platform, ground, number):
    """However; what changes meanwhile is taken by the next one, and the app is the same."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        app = run.children()[1]
        os.kill(watcher_of(run), number)
        name = number.name
        run.says(f"the watcher was killed by {name}; the app is not affected, another watcher")
        platform.state.write_text(state(page="second"))
        assert run.app() == "HUP"
        assert app in run.children()
        assert run.end() == 7


def pending(pid: int, number: int) -> bool:
    """Whether such a signal waits for a process."""
    text = Path(f"/proc/{pid}/status").read_text()
    found = int(text.partition("ShdPnd:")[2].split()[0], 16)
    return bool(found >> (number - 1) & 1)


@pytest.mark.parametrize("others", [False, True])
def test_a_watcher_that_is_killed_after_its_last_words(platform, ground, others):
    """The signal by which it rings is its own, also after its end: the app does not get it, but
    gets the same one that others have sent.
    """
    app = f"trap 'echo RTMAX' {int(signal.SIGRTMAX)}\n{APP}" if others else APP
    with reloading(platform, ground, SIGNAL, "sh", "-c", app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        watcher = watcher_of(run)
        run.process.send_signal(signal.SIGSTOP)
        platform.state.write_text(state(page="second"))
        assert until(lambda: pending(run.process.pid, signal.SIGRTMAX))
        os.kill(watcher, signal.SIGKILL)
        assert until(lambda: is_gone(watcher))
        if others:
            run.process.send_signal(signal.SIGRTMAX)
        run.process.send_signal(signal.SIGCONT)
        heard = ["HUP", "RTMAX"] if others else ["HUP"]
        assert sorted(run.app() for _ in heard) == heard
        run.says("the watcher was killed by SIGKILL; the app is not affected, another watcher")
        platform.state.write_text(state(page="third"))
        assert run.app() == "HUP"
        assert run.end() == 7


def test_a_watcher_that_stands_still_holds_no_restart_up(platform, ground):
    """The app is started again without its answer; once it goes on, so do changes."""
    app = APP.replace("echo TERM; exit 7", f"echo TERM; until [ -e {ground}/on ]; do :; done; exit")
    with reloading(platform, ground, SIGNAL, "sh", "-c", app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        watcher = watcher_of(run)
        platform.state.write_text(state(plain="two"))
        assert run.app() == "TERM"
        run.says("reloaded in")
        os.kill(watcher, signal.SIGSTOP)
        (ground / "on").touch()
        assert run.app() == "start two"
        platform.state.write_text(state(plain="two", page="second"))
        assert run.silent(0.3)
        os.kill(watcher, signal.SIGCONT)
        assert run.app() == "HUP"
        assert watcher_of(run) == watcher


def test_a_watcher_that_is_killed_in_a_restart(platform, ground):
    """What it has handed over is started."""
    app = APP.replace("echo TERM; exit 7", f"echo TERM; until [ -e {ground}/on ]; do :; done; exit")
    with reloading(platform, ground, SIGNAL, "sh", "-c", app) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(plain="two"))
        assert run.app() == "TERM"
        run.says("reloaded in")
        os.kill(watcher_of(run), signal.SIGKILL)
        run.says("the watcher was killed by SIGKILL")
        (ground / "on").touch()
        assert run.app() == "start two"
        platform.state.write_text(state(plain="two", page="second"))
        assert run.app() == "HUP"


def started(platform, ground: Path, *before: str) -> Reloading:
    """A launch whose own words have others before them."""
    path = ground / "manifest.toml"
    path.write_text((PROCESS + SIGNAL).replace("@", str(ground)))
    words = [*before, str(SCRIPT), "--manifest", str(path), "--log-level", "info", "--"]
    environ = {"CYCLE_API_TOKEN": platform.token, "CYCLE_EXEC_SOCKET": platform.socket}
    return Reloading(
        subprocess.Popen(
            [*words, "sh", "-c", APP],
            env={"PATH": PATH, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )


@pytest.mark.parametrize("refused", ["", "prctl"])
def test_a_supervisor_that_is_killed(platform, ground, refused):
    """The watcher ends with it, also where it cannot ask the kernel for that; the app goes on."""
    run = started(platform, ground, *(seccomp.words(refused) if refused else ()))
    try:
        assert run.app() == "start one"
        run.says("listening for notifications")
        watcher, app = watcher_of(run), run.children()[1]
        run.process.kill()
        run.process.wait()
        assert until(lambda: is_gone(watcher))
        assert not is_gone(app)
        os.kill(app, signal.SIGHUP)
        assert run.app() == "HUP"
        os.killpg(app, signal.SIGTERM)
        assert run.app() == "TERM"
        assert until(lambda: is_gone(app))
    finally:
        run.close()


def test_where_prctl_is_refused_all_else_is_as_ever(platform, ground):
    """Changes, a killed watcher, a restart."""
    run = started(platform, ground, *seccomp.words("prctl"))
    try:
        assert run.app() == "start one"
        run.says("listening for notifications")
        platform.state.write_text(state(page="second"))
        assert run.app() == "HUP"
        os.kill(watcher_of(run), signal.SIGKILL)
        platform.state.write_text(state(page="third"))
        assert run.app() == "HUP"
        platform.state.write_text(state(plain="two", page="third"))
        assert [run.app(), run.app()] == ["TERM", "start two"]
        assert run.end() == 7
    finally:
        run.close()


def test_an_app_that_stands_still_is_started_again(platform, ground):
    """It cannot hear its stop signal; KILL follows after its grace."""
    with reloading(platform, ground, 'grace = "300ms"\n', "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        os.kill(run.children()[1], signal.SIGSTOP)
        platform.state.write_text(state(plain="two"))
        assert run.app() == "start two"
        assert run.end() == 7


def test_an_app_that_is_killed_is_the_end(platform, ground):
    """As by the kernel that is out of memory: the platform has to know."""
    with reloading(platform, ground, SIGNAL, "sh", "-c", APP) as run:
        assert run.app() == "start one"
        run.says("listening for notifications")
        watcher, app = watcher_of(run), run.children()[1]
        os.kill(app, signal.SIGKILL)
        assert run.process.wait() == 128 + signal.SIGKILL
        assert until(lambda: is_gone(watcher))
