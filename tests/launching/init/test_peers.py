"""The same cases for Debian's inits: docs/init.md has the table, which this holds to the truth."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.test_reference import rows
from tests.launching.init.test_life import ORPHANS, children, quiet
from tests.launching.init.test_terminal import ECHO, foreground, terminal
from tests.support import machine
from tests.support.inits import LISTENER, Init, ours, python, run, running, theirs
from tests.support.waiting import PATIENCE, until

PAGE = Path(__file__).parents[3] / "docs" / "init.md"
PEERS = ("tini", "tini -g", "dumb-init", "catatonit")
# How long to wait for what the page says that it never comes. What should come may take its time.
_NEVER = 2.0


def exit_code(init: Init, patience: float) -> bool:
    return run(init, "sh", "-c", "exit 7").code == 7


def killed(init: Init, patience: float) -> bool:
    return run(init, "sh", "-c", "kill -TERM $$").code == 143


def missing(init: Init, patience: float) -> bool:
    return run(init, "/nonexistent/app").code == 127


def folder(init: Init, patience: float) -> bool:
    return run(init, "/etc/passwd").code == 126


def below_a_file(init: Init, patience: float) -> bool:
    return run(init, "/etc/passwd/app").code in (126, 127)


def group(init: Init, patience: float) -> bool:
    child = "trap 'echo child; exit' TERM; echo up; while :; do sleep 0.05; done"
    with running(init, "sh", "-c", f"trap : TERM; ({child}) & wait; wait") as app:
        assert app.line() == "up"
        app.send(signal.SIGTERM)
        try:
            return "child" in app.finish(patience).out
        except subprocess.TimeoutExpired:
            return False


def orphans(init: Init, patience: float) -> bool:
    with running(init, *python(ORPHANS), stdin=subprocess.PIPE) as app:
        assert app.line() == "done"
        return until(lambda: children(app.pid) == 1, patience)


def adopted(init: Init, patience: float) -> bool:
    script = "(sleep 600 & echo $!); read -r end"
    with running(init, "sh", "-c", script, namespace=False, stdin=subprocess.PIPE) as app:
        orphan = app.line()
        parent = f"/proc/{app.pid}/task/{app.pid}/children"
        try:
            return until(lambda: orphan in Path(parent).read_text().split(), patience)
        finally:
            os.kill(int(orphan), signal.SIGKILL)


def sigchld_ignored(init: Init, patience: float) -> bool:
    through = init._replace(words=("env", "--ignore-signal=CHLD", *init.words))
    try:
        return run(through, "sh", "-c", "exit 9", timeout=patience).code == 9
    except subprocess.TimeoutExpired:
        return False


def stdin_closed(init: Init, patience: float) -> bool:
    return run(init, "sh", "-c", "exit 8", before=lambda: os.close(0), namespace=False).code == 8


def still_ignored(init: Init, patience: float) -> bool:
    through = init._replace(words=("env", "--ignore-signal=HUP", *init.words))
    ended = run(through, "grep", "^SigIgn", "/proc/self/status")
    return bool(int(ended.out.split()[1], 16) & 1)


def ctrl_c_once(init: Init, patience: float) -> bool:
    with terminal(*init.words, *python(LISTENER), environ=dict(init.environ)) as screen:
        assert screen.shows(b"up")
        screen.press(b"\x03")
        assert screen.shows(b"INT")
        screen.process.send_signal(signal.SIGTERM)
        assert screen.shows(b"TERM")
        return b"INT" not in screen.shown


def job_control(init: Init, patience: float) -> bool:
    environ = {**init.environ, "PS1": "ready> "}
    with terminal(*init.words, machine.program("bash"), "--norc", "-i", environ=environ) as screen:
        assert screen.shows(b"ready> ")
        screen.press(ECHO.encode() + b"\n")
        assert screen.shows(b"\r\nup\r\n")
        screen.press(b"\x1a")
        return screen.shows(b"Stopped", patience)


def comes_back(init: Init, patience: float) -> bool:
    with terminal(
        machine.program("bash"), "--norc", "-i", environ={**init.environ, "PS1": "above> "}
    ) as screen:
        assert screen.shows(b"above> ")
        screen.press(" ".join([*init.words, "sh", "-c", "'echo up; exec cat'"]).encode() + b"\n")
        assert screen.shows(b"\r\nup\r\n")
        screen.press(b"\x1a")
        if not screen.shows(b"Stopped", patience) or not screen.shows(b"above> ", patience):
            return False
        screen.press(b"fg\n")
        # From here on the keys are the job's, and no longer the shell's.
        if not screen.shows(b"exec cat", patience):
            return False
        if not until(lambda: foreground(screen) != screen.process.pid, patience):
            return False
        screen.press(b"two\n")
        return screen.shows(b"two\r\ntwo\r\n", patience)


def undisturbed(init: Init, patience: float) -> bool:
    with running(init, "sh", "-c", "echo up; cat", stdin=subprocess.PIPE) as app:
        assert app.line() == "up"
        return until(lambda: quiet(app.pid, 2.2), patience)


def secretive(init: Init, patience: float) -> bool:
    carrying = init._replace(environ={**init.environ, "CARRIED": "carried-value"})
    with running(carrying, "sh", "-c", "echo up; cat", stdin=subprocess.PIPE) as app:
        assert app.line() == "up"
        return b"carried-value" not in Path(f"/proc/{app.pid}/environ").read_bytes()


CASES: dict[str, Callable[[Init, float], bool]] = {
    "ends with the app's exit code": exit_code,
    "ends with 128 + n after a signal": killed,
    "127: the command does not exist": missing,
    "126: the command cannot be executed": folder,
    "126 or 127: its directory is a file": below_a_file,
    "signals reach the app's children": group,
    "500 orphans leave no zombie": orphans,
    "adopts orphans when it is not PID 1": adopted,
    "works with SIGCHLD ignored on entry": sigchld_ignored,
    "works with stdin closed": stdin_closed,
    "ignored signals stay ignored for the app": still_ignored,
    "Ctrl-C reaches the app once": ctrl_c_once,
    "job control in a shell that is the app": job_control,
    "Ctrl-Z and fg below a shell": comes_back,
    "no wake-up in two idle seconds": undisturbed,
    "its own environment holds no secrets": secretive,
}


@pytest.mark.parametrize("case", CASES)
def test_ours_does_it(api, case):
    """All of them."""
    assert CASES[case](ours(api), PATIENCE)


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("case", CASES)
def test_the_table_tells_the_truth_about_others(case, peer):
    """What the page says of them is what they do."""
    column = 2 + PEERS.index(peer)
    said = {row[0]: row[column] for row in rows(PAGE, "init")}
    patience = PATIENCE if said[case] == "yes" else _NEVER
    assert ("yes" if CASES[case](theirs(peer), patience) else "no") == said[case]


def test_the_table_has_every_case():
    """And says that ours does it."""
    found = rows(PAGE, "init")
    assert [row[0] for row in found] == list(CASES)
    assert {row[1] for row in found} == {"yes"}
