"""`cycle-exec health`, by real supervisors, each PID 1 of a namespace of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cycle_exec.commands import health
from cycle_exec.errors import Refused
from cycle_exec.resident.model import BOARD, MARK
from cycle_exec.system.init import board
from tests.launching.reload.conftest import PROCESS, state
from tests.support import machine
from tests.support.emulated import HOME, emulated
from tests.support.hostile import hostile
from tests.support.launching import PATH, SCRIPT
from tests.support.stub import compiled, installed
from tests.support.waiting import until

# Does what it reads, and says how that ended; TERM does not end it.
APP = f"""
trap 'echo TERM' TERM
# Its own group, so that it gets none of the app's signals.
health() {{ setsid --wait {SCRIPT} health "$@"; }}
echo "up $PLAIN"
# A trap ends the reading.
while :; do if read -r line; then eval "$line" 2>&1; echo "= $?"; fi; done
"""
NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"


class App:
    """A shell above which there is whatever was asked for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.heard: list[str] = []  # of its signals
        self.first = self.line()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def does(self, command: str) -> tuple[int, str]:
        """Exit code and output of a command beside the app."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        lines: list[str] = []
        while not (line := self.line()).startswith("= "):
            (self.heard if line in ("TERM", "QUIT") else lines).append(line)
        return int(line[2:]), "\n".join(lines)

    def members(self, options: str = "") -> dict[str, object]:
        """What --json says."""
        code, out = self.does(f"health --json {options}")
        if code > 128:
            return {}  # it is in the app's group, and has had the app's signal
        found: dict[str, object] = json.loads(out)
        assert found["healthy"] == (code == 0)
        return found

    def becomes(self, **wanted: object) -> bool:
        """Whether it says this before long."""
        return bool(until(lambda: wanted.items() <= self.members().items()))


@contextmanager
def running(api, *options: str, app: str = APP) -> Iterator[App]:
    machine.need_processes()
    process = subprocess.Popen(
        [*machine.PROCESSES, str(SCRIPT), *options, "--", "sh", "-c", app],
        env={"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield App(process)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def api():
    """A platform with variables, and without notifications."""
    with hostile(variables={"PLAIN": "c4n4ry", "PAGE": "x"}) as platform:
        yield platform


def reloading(tmp_path, more="") -> tuple[str, str]:
    """The options of reload mode."""
    path = tmp_path / "manifest.toml"
    path.write_text(PROCESS + more)
    return "--manifest", str(path)


def test_with_init(api):
    """The app is running until it is told to end, which it may survive if it is no real end."""
    with running(api, "--init") as app:
        # The app may be quicker than the interpreter of the process above it.
        assert app.becomes(mode="init", app="running")
        code, line = app.does("health")
        assert (code, line.partition(";")[0]) == (0, "healthy: the app is running")
        assert "not known: contact with the platform" in line
        assert app.does("health --strict")[0] == 0
        code, line = app.does("health --max-age 1h")
        assert (code, line[:19]) == (1, "unhealthy: the age ")
        app.does("trap 'echo QUIT' QUIT; kill -QUIT 1")
        assert until(lambda: app.does(":")[0] == 0 and app.heard == ["QUIT"])
        assert app.does("health")[0] == 0
        app.does("kill -TERM 1")
        assert app.becomes(app="stopping")
        assert app.does("health") == (1, "unhealthy: the app is being stopped")
        assert app.does("true")[0] == 0
        assert app.heard == ["QUIT", "TERM"]


def test_without_a_supervisor(api):
    """It says what it cannot know."""
    with running(api) as app:
        code, line = app.does("health")
        assert code == 0
        assert line.startswith("healthy: PID 1 is running; not known: whether it is being stopped")
        assert app.members()["mode"] == "plain"
        assert app.does("health --max-age 1h")[0] == 1


def test_another_user_a_read_only_root_and_no_secret(api, tmp_path):
    """It needs nothing but /proc, and there is nothing else to read."""
    with running(api, *reloading(tmp_path)) as app:
        assert app.first == "up c4n4ry"
        assert app.becomes(mode="reload", app="running")
        if os.geteuid() == 0:
            code, line = app.does(f"{NOBODY} {SCRIPT} health")
            assert (code, line.partition(";")[0]) == (0, "healthy: the app is running")
            read_only = "mount --make-rprivate / && mount -o remount,ro,bind / && ! touch /x"
            command = f"unshare --mount sh -c '{read_only} && {SCRIPT} health'"
            code, line = app.does(command)
            assert (code, line.splitlines()[-1].partition(";")[0]) == (
                0,
                "healthy: the app is running",
            )
        _, words = app.does("tr '\\0' '\\n' </proc/1/cmdline")
        assert MARK in words
        assert "c4n4ry" not in words
        assert api.token not in words


def test_an_outage_of_the_platform(tmp_path):
    """The app is well; --strict and --max-age say otherwise."""
    manifest = '[api]\ntimeout = "300ms"\n'
    options = reloading(tmp_path, manifest)
    with emulated(state()) as platform, running(platform, *options) as app:
        assert app.becomes(connected=True, contact_age_seconds=0.0)
        assert app.does("health --strict --max-age 1ms") == (
            0,
            "healthy: the app is running; connected to the platform",
        )
        platform.stop(signal.SIGKILL)
        assert app.becomes(connected=False)
        assert until(lambda: app.does("health --max-age 1ms")[0] == 1)
        assert app.does("health --max-age 1h")[0] == 0
        assert until(lambda: app.does("health --strict")[0] == 1)
        code, line = app.does("health")
        assert code == 0
        assert "no connection to the platform for 1" in line
        assert app.members()["concerns"]


def test_looks_and_certificates(tmp_path):
    """Data that are refused, and few days left."""
    certificate = '[[certificates]]\ndomains = ["app.example.test"]\ndays = 5\n'
    manifest = f'[variables]\nrequired = ["PLAIN"]\n[certificates]\ndirectory = "{tmp_path}/c"\n'
    options = reloading(tmp_path, manifest)
    with emulated(state(more=certificate)) as platform, running(platform, *options) as app:
        assert app.becomes(connected=True, days_left=4, refused_seconds=None)
        platform.state.write_text(state(plain="a\\u0000b", more=certificate))
        assert until(lambda: app.members()["refused_seconds"] is not None)
        assert app.does("health")[0] == 0
        code, line = app.does("health --strict")
        assert code == 1
        assert "no reload has worked for" in line
        platform.state.write_text(state(more=certificate))
        assert app.becomes(refused_seconds=None)


def test_a_watcher_that_is_killed(tmp_path):
    """The app is well; another watcher tells again."""
    with emulated(state()) as platform, running(platform, *reloading(tmp_path)) as app:
        assert app.becomes(connected=True)
        # It was started first.
        assert app.does("kill -KILL 2")[0] == 0
        assert app.becomes(watcher=False, connected=False)
        assert app.becomes(watcher=True, connected=True)


def test_a_restart(tmp_path):
    """Unhealthy while the old app ends, although nobody stops the container."""
    app_ = APP.replace("echo TERM", ": >ending; while [ -e ending ]; do sleep 0.02; done; exit")
    app_ = f"cd {tmp_path}; {app_}"
    with emulated(state()) as platform, running(platform, *reloading(tmp_path), app=app_) as app:
        assert app.becomes(connected=True)
        platform.state.write_text(state(plain="two"))
        assert until((tmp_path / "ending").exists)
        found = board_of(app.process.pid)
        assert found.startswith("restarting up")
        (tmp_path / "ending").unlink()
        assert app.line() == "up two"
        assert app.does("health")[0] == 0


def board_of(unshare: int) -> str:
    """What stands on the board of the PID 1 below it."""
    children = f"/proc/{unshare}/task/{unshare}/children"
    with open(children) as file:
        return board.line(int(file.read().split()[0]))


@pytest.mark.parametrize("program", ["the wheel's program", "the wheel's script", "python -m"])
@pytest.mark.parametrize("options", [(), ("--init",), ("--reload",)])
def test_a_launch_under_way(api, tmp_path, options, program):
    """There is no app yet, with a supervisor and without: a check of a template asks."""
    machine.need_processes()
    start: list[str | Path] = [SCRIPT]
    environ = {}
    if program == "the wheel's program":
        start = [installed(tmp_path / "venv", compiled(tmp_path))]
    elif program == "python -m":
        # It starts again, as the variable could affect it.
        start, environ = [sys.executable, "-m", "cycle_exec"], {"PYTHONPATH": "/nowhere"}
    (tmp_path / "page.j2").write_text("page")
    check = f"cat {{{{ staged }}}} >/dev/null; {SCRIPT} health >{tmp_path}/out; :"
    (tmp_path / "manifest.toml").write_text(
        f'[[templates]]\nsource = "{tmp_path}/page.j2"\ntarget = "{tmp_path}/made/page"\n'
        f'check = ["sh", "-c", "{check}"]\n'
    )
    manifest = ("--manifest", str(tmp_path / "manifest.toml"))
    done = subprocess.run(
        [*machine.PROCESSES, *start, *options, *manifest, "--", "true"],
        env={
            "PATH": PATH,
            "CYCLE_API_TOKEN": api.token,
            "CYCLE_EXEC_SOCKET": api.socket,
            **environ,
        },
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = (tmp_path / "out").read_text()
    assert said == "unhealthy: the app has not been started yet\n"


@pytest.mark.parametrize("value", ["", "x", "0s", "5"])
def test_mistakes(value):
    """An age is a duration."""
    options = health.options(["--max-age", value])
    if not value:
        assert options is None
        return
    assert options == {"as_json": False, "strict": False, "max_age": value}
    with pytest.raises(Refused) as caught:
        health.run(**options)
    assert caught.value.code == 64


def test_the_words():
    """Read without click, where they are certain."""
    options = health.options(["--json", "--strict", "--max-age=1h"])
    assert options == {"as_json": True, "strict": True, "max_age": "1h"}
    for words in (["--help"], ["x"], ["--max-age"], ["--max-age", "--json"], ["--strict=x"]):
        assert health.options(words) is None


def test_a_board_that_cannot_be_written(monkeypatch, capfd):
    """Nobody fails by it, and it is said."""

    def refused(*_: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refused)
    board.Board().write("running none 0 - - - - -")
    monkeypatch.undo()
    words = ["1", "", "0", "", "0", "notice", "text", "0.0", "TERM", BOARD]
    monkeypatch.setattr(board, "supervisor", lambda: (os.getpid(), words))
    assert health.run(as_json=False, strict=True, max_age="") == 0
    assert capfd.readouterr().out.startswith("healthy: PID 1 is running; not known: how the app is")


@pytest.mark.parametrize(
    ("channel", "apps", "words"),
    [
        ("", 0, "unhealthy: the app has not been started yet"),
        ("5", 0, "unhealthy: the app has not been started yet"),
        ("5", 1, "healthy: PID 1 is running; not known: how the app is"),
    ],
    ids=["init", "reload", "reload, with an app"],
)
def test_a_supervisor_that_has_not_said_anything_yet(
    tmp_path, monkeypatch, capfd, channel, apps, words
):
    """Its child is the launch, or in reload mode all that it has."""
    (tmp_path / "cycle-exec").write_text("read -r line\n")
    program = (
        "import os, subprocess, sys\n"
        "launch = subprocess.Popen(['sh', sys.argv[2], '--', 'app'])\n"
        "apps = [subprocess.Popen(['cat']) for _ in range(int(sys.argv[3]))]\n"
        "print(launch.pid, flush=True)\n"
        "launch.wait()\n"
    )
    command = [sys.executable, "-I", "-c", program, BOARD, str(tmp_path / "cycle-exec"), str(apps)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = process.stdout.readline().strip()
        assert until(lambda: board.command_line(int(child))[:1] == ["sh"])
        told = [child, channel, "0", "", "0", "notice", "text", "0.0", "TERM", BOARD]
        monkeypatch.setattr(board, "supervisor", lambda: (process.pid, told))
        code = health.run(as_json=False, strict=False, max_age="")
        said = capfd.readouterr().out
    assert said.startswith(words)
    assert code == int(words.startswith("un"))


def test_a_launch_is_known_by_its_name():
    """Also before the program has become an interpreter."""
    for words in (["cycle-exec", "--", "app"], ["/usr/bin/cycle-exec", "run", "--", "app"]):
        assert health._is_launch(words)
    for words in (["cycle-exec", "health"], ["app", "--", "x"], ["my-cycle-exec", "--", "app"]):
        assert not health._is_launch(words)


def test_a_line_is_never_read_half():
    """While another process writes it as fast as it can."""
    writer = (
        "import sys; sys.path.append(sys.argv[2])\n"
        "from cycle_exec.system.init.board import Board\n"
        "board = Board(); print('up', flush=True)\n"
        "while True:\n"
        "    for letter in 'ab': board.write(letter * 120)\n"
    )
    words = [sys.executable, "-I", "-c", writer, BOARD, str(HOME)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            found = {board.line(process.pid) for _ in range(2000)}
        finally:
            process.kill()
    assert found - {""} == {"a" * 120, "b" * 120}
