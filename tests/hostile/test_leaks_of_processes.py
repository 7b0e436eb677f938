"""What /proc and the disk tell of a launch under way, and of one that crashes."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hostile.canaries import fact, family
from tests.hostile.leaking import CANARIES, SECRETS, WORLD, Place, place
from tests.support.hostile import CERTIFICATES, SERVER, Hostile, hang, hostile, reply
from tests.support.launching import SCRIPT
from tests.support.waiting import PATIENCE, until

MODES = {"plain": (), "init": ("--init",), "reload": ("--reload",)}
APP = "ulimit -Sc; ulimit -Hc; echo up; read line; exit 0"


@contextmanager
def started(ground: Place, api: Hostile, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A launch with every kind of secret, below limits that would let a core file be written."""
    manifest = ("--manifest", str(ground.folder / "in" / "manifest.toml"))
    process = subprocess.Popen(
        [str(SCRIPT), *manifest, *words],
        env=ground.environ(api, CYCLE_EXEC_LOG_LEVEL="debug", CYCLE_EXEC_DEBUG="true"),
        cwd=ground.folder / "work",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=all_cores,
    )
    try:
        yield process
    finally:
        for pid in [*family(process.pid)][1:]:
            with_no_fuss(pid)
        process.kill()
        process.communicate()


def with_no_fuss(pid: int) -> None:
    """Kill it, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def all_cores() -> None:
    """As much of a core file as the parent allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


@pytest.fixture
def ground(tmp_path) -> Place:
    """Everything a launch needs."""
    return place(tmp_path)


@pytest.fixture
def api(ground):
    """The platform."""
    with hostile(token=SECRETS["token"], **WORLD) as running:
        ground.meet(running)
        running.on("/v1/notifications", reply(404, {}))
        yield running


@pytest.mark.parametrize("mode", MODES)
def test_only_the_app_has_values_and_nobody_has_the_token(ground, api, mode):
    """While the app runs: arguments and environment of every process of the launch."""
    with started(ground, api, *MODES[mode], "--", "sh", "-c", APP) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(3)]
        assert lines[2] == b"up", process.communicate()
        pids = list(family(process.pid))
        environs = {pid: fact(pid, "environ") for pid in pids}
        words = {pid: fact(pid, "cmdline") for pid in pids}
        assert len(pids) == {"plain": 1, "init": 2, "reload": 3}[mode]
        for pid in pids:
            CANARIES.absent(words[pid], f"the argument list of {pid}")
        [app] = [pid for pid in pids if words[pid].startswith(b"sh\0")]
        assert SECRETS["value"].encode() in environs[app]
        assert SECRETS["token"].encode() not in environs[app]
        if mode != "plain":
            assert environs[process.pid] == b""
        for pid in set(pids) - {app, process.pid}:
            # The watcher: it is nobody's to look into but root's.
            assert Path(f"/proc/{pid}").stat().st_uid == 0
        CANARIES.absent_below(ground.folder, ground.named)
        out, err = process.communicate(b"\n", timeout=PATIENCE)
    CANARIES.absent(out + err, "the words")
    CANARIES.absent_below(ground.folder, ground.named)


@pytest.mark.parametrize("mode", MODES)
def test_the_app_has_its_old_limit_on_core_files(ground, api, mode):
    """Soft and hard, as a process started directly."""
    direct = subprocess.run(
        ["sh", "-c", "ulimit -Sc; ulimit -Hc"],
        stdout=subprocess.PIPE,
        preexec_fn=all_cores,
        check=True,
    )
    with started(ground, api, *MODES[mode], "--", "sh", "-c", APP) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
    assert b"".join(lines) == direct.stdout + b"up\n"


CRASHES = [signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGQUIT]


def launcher(process: subprocess.Popen[bytes], mode: str) -> int:
    """The process that holds the secrets."""
    if mode == "plain":
        return process.pid
    assert until(lambda: len(list(family(process.pid))) > 1)
    return list(family(process.pid))[1]


@pytest.mark.parametrize("number", CRASHES)
@pytest.mark.parametrize("mode", MODES)
def test_a_crash_while_others_are_waited_for_leaves_no_core(ground, api, mode, number):
    """Variables and integrations are in memory, one answer is not there yet."""
    api.on(SERVER if number == signal.SIGBUS else CERTIFICATES, hang)
    with started(ground, api, *MODES[mode], "--", "sh", "-c", APP) as process:
        api.wait_for(1, CERTIFICATES)
        pid = launcher(process, mode)
        assert until(lambda: limit(pid) == "1"), limit(pid)
        os.kill(pid, number)
        assert process.wait(PATIENCE) in (-number, 128 + number)
        _no_core(ground)


@pytest.mark.parametrize("mode", MODES)
def test_a_crash_during_a_check_leaves_no_core(ground, api, mode):
    """Everything is in memory and staged; the check itself is only a program of its own."""
    pause = ground.folder / "in" / "check.sh"
    pause.write_text('echo $$ >"$0.started"; exec sleep 60\n')
    with started(ground, api, *MODES[mode], "--", "sh", "-c", APP) as process:
        mark = Path(f"{pause}.started")
        assert until(lambda: mark.exists() and mark.read_text())
        pid = launcher(process, mode)
        assert limit(pid) == "1"
        words = b"\0".join(fact(each, "cmdline") for each in family(process.pid))
        CANARIES.absent(words, "an argument list")
        environs = fact(int(mark.read_text()), "environ")
        assert SECRETS["token"].encode() not in environs
        os.kill(pid, signal.SIGSEGV)
        assert process.wait(PATIENCE) in (-signal.SIGSEGV, 128 + signal.SIGSEGV)
        with_no_fuss(int(mark.read_text()))
        _no_core(ground)


def test_a_watcher_that_crashes_leaves_no_core(ground, api):
    """It holds the secrets as long as the app runs."""
    with started(ground, api, *MODES["reload"], "--", "sh", "-c", APP) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)][2] == b"up\n"
        [watcher] = [pid for pid in [*family(process.pid)][1:] if b"python" in fact(pid, "cmdline")]
        assert limit(watcher) == "1"
        os.kill(watcher, signal.SIGABRT)
        assert until(lambda: not Path(f"/proc/{watcher}/exe").exists())
        process.communicate(b"\n", timeout=PATIENCE)
    _no_core(ground)


def test_the_search_would_see_a_core_file(ground):
    """The control: the same crash of another program leaves one, if this machine makes files."""
    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    done = subprocess.run(
        ["sh", "-c", "kill -SEGV $$"],
        cwd=ground.folder / "work",
        env={"SECRET": SECRETS["value"]},
        preexec_fn=all_cores,
        check=False,
    )
    assert done.returncode == -signal.SIGSEGV
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == resource.RLIM_INFINITY and not pattern.startswith(("|", "/")):
        [core] = (ground.folder / "work").iterdir()
        assert "value (plain)" in CANARIES.found(core.read_bytes())


def limit(pid: int) -> str:
    """The soft limit on core files."""
    found = re.search(r"^Max core file size +(\S+) ", fact(pid, "limits").decode(), re.MULTILINE)
    return found[1] if found else ""


def _no_core(ground: Place) -> None:
    for folder in (ground.folder / "work", ground.folder):
        assert not [path for path in folder.iterdir() if "core" in path.name]
    CANARIES.absent_below(ground.folder, ground.named)
