"""On macOS: client, emulator, `api` and `state` work, and what needs Linux refuses in words.

There is no macOS here: Python is without what it lacks there, and calls itself so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import cycle_exec
from tests.support import macos
from tests.support.launching import PATH
from tests.support.waiting import PATIENCE, until

HOMES = [str(Path(cycle_exec.__file__).parents[1]), str(Path(macos.__file__).parents[2])]
BOOT = f"""
import sys
sys.path[:0] = {HOMES!r}
from tests.support import macos
macos.remove()
{{0}}
"""
MAIN = BOOT.format("from cycle_exec.entry import main\nmain()")
STATE = 'token = "t"\n[variables]\nA = "1"\n[vpn.users]\nalice = "pw"\n'
CLIENT = """
import asyncio
from cycle_exec import AsyncClient, Client

with Client() as cycle:
    assert cycle.scoped_variables() == {"A": "1"}
    assert cycle.vpn_login("alice", "pw")
    following = cycle.notifications()
    assert next(following).connected
    following.close()

async def ask():
    async with AsyncClient() as cycle:
        return await asyncio.gather(cycle.hub(), cycle.scoped_variables())

assert asyncio.run(ask())[1] == {"A": "1"}
"""


def environ(folder: Path) -> dict[str, str]:
    return {
        "PATH": PATH,
        "CYCLE_API_TOKEN": "t",
        "CYCLE_EXEC_SOCKET": str(folder / "api.sock"),
        "CYCLE_EXEC_MANIFEST": "",
    }


def run(folder: Path, *words: str, program: str = MAIN) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", program, *words],
        env=environ(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@contextmanager
def emulated_there() -> Iterator[Path]:
    """An emulator that runs there; at its end nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="cx-") as name:
        folder = Path(name)
        (folder / "state.toml").write_text(STATE)
        words = ["emulator", "--socket", str(folder / "api.sock"), "--state", "state.toml"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-c", MAIN, *words],
                env=environ(folder),
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        try:
            until(lambda: b"ready" in (folder / "log").read_bytes() or process.poll() is not None)
            yield folder
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0, (folder / "log").read_text()
            assert not os.path.lexists(folder / "api.sock")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def test_what_is_removed_is_there_first():
    """A name that is misspelt, or that no Python has, would remove nothing."""
    program = "\n".join(
        f"import {name}; print(sum(hasattr({name}, word) for word in {words.split()!r}))"
        for name, words in macos.LACKING.items()
    )
    counts = run(Path("/"), program=program).stdout.split()
    assert all(int(count) >= 4 for count in counts)
    gone = run(Path("/"), program=BOOT.format(program)).stdout.split()
    assert gone == ["0"] * len(macos.LACKING)


def test_emulator_client_and_verbs_that_ask():
    """Both clients, notifications, `api` and `state`, against an emulator that runs there too."""
    with emulated_there() as folder:
        asked = run(folder, program=BOOT.format(CLIENT))
        assert (asked.returncode, asked.stderr) == (0, "")
        done = run(folder, "api", "GET", "/v1/environment/scoped-variables")
        assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, {"A": "1"}, "")
        done = run(folder, "state", "new", "--from-platform")
        assert (done.returncode, done.stderr) == (0, "")
        assert '[variables]\nA = "1"\n' in done.stdout
        words = ("GET", "/v1/environment/scoped-variables", "--state", "state.toml")
        done = run(folder, "api", *words)
        assert (done.returncode, done.stdout, done.stderr) == (0, '{"A":"1"}\n', "")
        version = run(folder, "--version")
        assert (version.returncode, version.stderr) == (0, "")


@pytest.mark.parametrize(
    "words",
    [
        ["--", "true"],
        ["plan", "--", "true"],
        ["env"],
        ["dev", "--", "true"],
        ["certificates", "write", "--directory", "certificates"],
        ["--init", "--", "true"],
        ["--reload", "--", "true"],
    ],
    ids=" ".join,
)
def test_a_launch_refuses_in_words(tmp_path, words):
    """64, and what works; nothing is written."""
    done = run(tmp_path, *words)
    assert (done.returncode, done.stdout) == (64, "")
    assert "a launch: it needs Linux, and this is darwin (usage)" in done.stderr
    assert "cycle-exec emulator" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_verb_that_meets_what_only_linux_has_says_so(tmp_path):
    """Rather than that it has a bug."""
    program = BOOT.format(
        "from cycle_exec import entry\n"
        "from cycle_exec.commands import explain\n"
        "def run(code):\n    import os\n    os.memfd_create('x')\n"
        "explain.run = run\n"
        "entry.main()"
    )
    done = run(tmp_path, "explain", program=program)
    assert done.returncode == 64
    assert "this verb: it needs Linux, and this is darwin (usage)" in done.stderr
