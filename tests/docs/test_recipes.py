"""The workflow of the page of recipes, step by step as a runner of GitHub runs it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.support import machine, ports
from tests.support.emulated import Emulated, emulated
from tests.support.launching import PATH, SCRIPT
from tests.support.story import blocks
from tests.support.waiting import PATIENCE, until

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"


@contextmanager
def checkout() -> Iterator[Path]:
    """What actions/checkout brings: the page's files. Its path is short, for a socket's."""
    with tempfile.TemporaryDirectory(prefix="cx-") as name:
        folder = Path(name)
        for block in blocks(PAGE):
            if block.file and not block.file.startswith("/"):
                (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
                (folder / block.file).write_text(block.text)
        yield folder


def step(script: str, folder: Path, environ: dict[str, str]) -> tuple[int, int]:
    """Run a script as `bash -e` does there; its exit code, and its session, which may go on."""
    (folder / "step").write_text(script)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(folder / "step")],
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return process.wait(PATIENCE), process.pid


def test_the_workflow_passes_on_a_runner():
    """Every step but those that install, with the variables that one step gives to the next."""
    with checkout() as folder:
        document = yaml.safe_load((folder / ".github/workflows/test.yml").read_text())
        [job] = document["jobs"].values()
        scripts = {each["name"]: each["run"] for each in job["steps"] if "run" in each}
        assert scripts.pop("install") == "pip install 'cycle-exec[emulator]'"
        assert list(scripts) == ["one command", "start the emulator", "test"]
        environ = {
            "PATH": f"{Path(SCRIPT).parent}:{PATH}",
            "RUNNER_TEMP": str(folder),
            "GITHUB_ENV": str(folder / "given"),
        }
        (folder / "given").touch()
        sessions = []
        try:
            for name, script in scripts.items():
                code, session = step(script, folder, environ)
                sessions.append(session)
                assert code == 0, f"{name}: {(folder / 'log').read_text()}"
                given = (folder / "given").read_text().splitlines()
                environ |= dict(line.split("=", 1) for line in given)
        finally:
            for session in sessions:
                try:
                    os.killpg(session, signal.SIGTERM)
                except ProcessLookupError:
                    continue
        assert {"CYCLE_EXEC_SOCKET", "CYCLE_API_TOKEN"} <= environ.keys()


CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
"""
OPTIONS = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null")


@contextmanager
def running(*words: str) -> Iterator[None]:
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def forwarded(platform: Emulated, folder: Path) -> Iterator[str]:
    """The platform's socket at the other end of the page's own line, through a real SSH server."""
    [port] = ports.free()
    for name in ("host", "user"):
        words = [machine.program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", name]
        subprocess.run(words, check=True, cwd=folder)
    (folder / "sshd").write_text(CONFIG.format(port=port, folder=folder))
    os.makedirs("/run/sshd", exist_ok=True)
    found = re.search(r"^    ssh (.*) root@CONTAINER$", PAGE.read_text(), re.MULTILINE)
    assert found
    line = found[1].replace("/tmp/live.sock", f"{folder}/live.sock")
    line = line.replace("/var/run/cycle/api/api.sock", platform.socket)
    options = [word for each in OPTIONS for word in ("-o", each)]
    login = ["-p", str(port), "-i", f"{folder}/user", "root@127.0.0.1"]
    with running(machine.program("sshd"), "-D", "-e", "-f", f"{folder}/sshd"):
        assert until(lambda: ports.listens(port))
        with running(machine.program("ssh"), *options, *shlex.split(line), *login):
            yield f"{folder}/live.sock"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an SSH server for root")
def test_a_laptop_with_the_api_of_a_container(tmp_path):
    """The socket of a container, forwarded: a launch gets what it would get there."""
    with (
        emulated('[variables]\nDB_HOST = "db.internal"\n') as platform,
        tempfile.TemporaryDirectory(prefix="cx-") as name,
        forwarded(platform, Path(name)) as socket,
    ):
        environ = {"PATH": PATH, "CYCLE_API_TOKEN": platform.token, "CYCLE_EXEC_SOCKET": socket}

        def printed() -> str:
            words = [str(SCRIPT), "--deadline", "2s", "--", "printenv", "DB_HOST"]
            done = subprocess.run(words, env=environ, check=False, capture_output=True, text=True)
            return done.stdout

        assert until(lambda: printed() == "db.internal\n")
