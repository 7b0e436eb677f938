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
from tests.support.launching import PATH, SCRIPT, Ground, Ran, Running

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


@pytest.fixture
def ground(tmp_path):
    """A target, whose state before and after a refusal is compared."""
    found = Ground(tmp_path)
    found.target("page")
    found.template("{{ variables.PLAIN }}")
    return found


def written(ground: Ground, *more: str) -> tuple[str, ...]:
    """Return the options of a launch that replaces the target."""
    text = '[[templates]]\nsource = "~/page.j2"\ntarget = "@/page"\n'
    return ("--manifest", str(ground.manifest(text + "".join(more))))


@pytest.mark.parametrize("verb", [(), ("plan",)])
@pytest.mark.parametrize("kind", ["program", "script", "interpreter"])
def test_a_program_that_is_open_for_writing_is_found_before_the_swap(
    api, ground, program, verb, kind
):
    """The kernel counts who writes, also to a script, and to what interprets it."""
    script = program.with_name("script")
    script.write_text(f"#!{program}\n")
    script.chmod(0o755)
    command = program if kind == "program" else script
    busy = script if kind == "script" else program
    named = "" if busy == command else f"{busy}: "
    with open(busy, "r+b"):
        ran = ground.verb(api, *verb, *written(ground), "--", str(command))
        ground.refused(
            ran, 126, "command-not-executable", f"command {command}: {named}it is open for writing"
        )
    assert ground.verb(api, *verb, *written(ground), "--", str(command)).code == 0


def test_where_it_cannot_be_known_it_is_said_after_the_swap(api, ground, program):
    """Only a file's owner is told whether it is open: then the files are new, the words true."""
    ground.through = ("setpriv", "--bounding-set=-lease", "--inh-caps=-lease", str(SCRIPT))
    shutil.chown(program, "nobody")
    with open(program, "r+b"):
        ran = ground.verb(api, *written(ground), "--", str(program))
    assert ran.code == 126, ran
    assert f"command {program}: it is open for writing (command-not-executable)" in ran.err
    assert (ground.folder / "page").read_bytes() == b"x"


def test_a_limit_of_processes_that_is_reached_later(api, ground, program):
    """What the trial could not know is said truly."""
    started = program.with_name("started")
    fill = program.with_name("fill")
    fill.write_text(
        "#!/bin/sh\n"
        "setsid setpriv --reuid=64124 --regid=64124 --clear-groups sleep 60 >/dev/null 2>&1 &\n"
        f"echo $! >{started}\n"
        "until grep -q '^Uid:.64124' /proc/$!/status; do :; done\n"
    )
    fill.chmod(0o755)
    options = written(ground, f'check = ["{fill}"]\n')
    try:
        ran = ground.launch(
            api,
            *(*options, "--user", "64124:64124"),
            command=[str(program)],
            before=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (0, 0)),
        )
    finally:
        os.kill(int(started.read_text()), signal.SIGKILL)
    assert ran.code == 126, ran
    assert f"command {program}: the user's limit of processes (RLIMIT_NPROC) is" in ran.err


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
