"""What execve refuses a file that looks well: known before the swap, or said truly after it."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.launching import PATH, SCRIPT, Ran, Running

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives capabilities to files")
WITHOUT = ("setpriv", "--bounding-set=-ipc_lock")


@pytest.fixture
def program(public):
    """A program in a folder that everyone may enter."""
    shutil.copy(shutil.which("true", path=PATH) or "", public / "program")
    return public / "program"


def launched(api, *words: str, through=(), before=None) -> Ran:
    """A launch that writes a file first."""
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    through = (*through, str(SCRIPT))
    return Running(words, environ, through=through, before=before).finish()


def capable(program: Path, text: str) -> str:
    """Give the file these capabilities."""
    setcap = machine.program("setcap")
    done = subprocess.run([setcap, text, program], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("file capabilities cannot be set here")
    return str(program)


@pytest.mark.parametrize("verb", [(), ("plan",)])
@pytest.mark.parametrize("options", [(), ("--no-new-privs",), ("--user", "65534:65534")])
def test_capabilities_that_the_container_lacks(api, program, verb, options):
    """126, before anything is asked, with their names."""
    path = capable(program, "cap_ipc_lock+ep")
    before = len(api.requests)
    ran = launched(api, *verb, *options, "--", path, through=WITHOUT)
    assert ran.code == 126, ran
    assert f"command {path}: {path} has the file capabilities IPC_LOCK, which this" in ran.err
    assert f"setcap -r {path}\n" in ran.err
    assert len(api.requests) == before
    assert launched(api, "--", path).code == 0


def test_a_script_of_such_a_program(api, program):
    """Its interpreter is what is executed."""
    path = capable(program, "cap_ipc_lock+ep")
    script = program.with_name("script")
    script.write_text(f"#!{path}\n")
    script.chmod(0o755)
    ran = launched(api, "--", str(script), through=WITHOUT)
    assert ran.code == 126
    assert "IPC_LOCK" in ran.err


@pytest.mark.parametrize("text", ["cap_ipc_lock+p", "cap_ipc_lock+ei", "cap_chown+ep"])
def test_capabilities_that_the_kernel_does_not_insist_on(api, program, text):
    """It starts, as it would without us."""
    path = capable(program, text)
    assert subprocess.run([*WITHOUT, path], check=False).returncode == 0
    ran = launched(api, "--", path, through=WITHOUT)
    assert ran.code == 0, ran


def test_a_program_that_is_open_for_writing(api, program):
    """The cause is named."""
    with open(program, "r+b"):
        ran = launched(api, "--", str(program))
    assert ran.code == 126, ran
    assert f"command {program}: it is open for writing (command-not-executable)" in ran.err
    assert "fix: start it when it is written completely" in ran.err


def test_a_user_at_the_limit_of_processes(api, program):
    """Found out in the child that tries."""
    user = ("setpriv", "--reuid=64123", "--regid=64123", "--clear-groups")
    before = len(api.requests)
    script = "sleep 100 & echo both; wait"
    words = [*user, "sh", "-c", script]
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"both\n"
        try:
            ran = launched(
                api,
                *("--user", "64123:64123", "--", str(program)),
                before=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (1, 1)),
            )
        finally:
            os.killpg(other.pid, signal.SIGKILL)
    assert ran.code == 126, ran
    assert "the limit of processes (RLIMIT_NPROC) of user 64123:64123 is reached" in ran.err
    assert len(api.requests) == before
