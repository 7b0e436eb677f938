"""Nobody reads standard error: its reader is gone, or stands still and the pipe is full."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.launching.reload.conftest import APP, PROCESS, SIGNAL, state
from tests.support.emulated import Emulated, emulated
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE, until


@contextmanager
def launched(
    platform: Emulated, folder: Path, stderr: int, form: str
) -> Iterator[subprocess.Popen[str]]:
    """The app in reload mode, with this standard error."""
    path = folder / "manifest.toml"
    path.write_text((PROCESS + SIGNAL).replace("@", str(folder)))
    words = [str(SCRIPT), "--manifest", str(path), "--log-level", "debug", "--log-format", form]
    # A shell whose child ends by a signal says so, and would wait or end by its own write.
    process = subprocess.Popen(
        [*words, "--", "sh", "-c", f"exec 2>/dev/null; {APP}"],
        env={
            "PATH": PATH,
            "CYCLE_API_TOKEN": platform.token,
            "CYCLE_EXEC_SOCKET": platform.socket,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            for pid in (*children(process.pid), process.pid):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def full_pipe() -> tuple[int, int]:
    """A pipe that takes not a byte more: who writes to it waits, as ever."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    for size in (65_536, 1):
        try:
            while True:
                os.write(writes, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(writes, True)
    return reads, writes


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("manner", ["gone", "stands still"])
def test_nobody_reads(ground, manner, form):
    """Changes, outages, a killed watcher and a stop go their way, whatever there is to say."""
    reads, writes = full_pipe()
    if manner == "gone":
        os.close(reads)
    try:
        with emulated(state()) as platform, launched(platform, ground, writes, form) as run:
            assert run.stdout is not None

            def heard(line: str) -> bool:
                assert run.stdout is not None
                return run.stdout.readline() == line + "\n"

            assert heard("start one")
            platform.state.write_text(state(page="second"))
            assert heard("HUP")
            watcher = children(run.pid)[0]
            os.kill(watcher, signal.SIGKILL)
            assert until(lambda: len(children(run.pid)) == 2 and watcher not in children(run.pid))
            platform.state.write_text(state(more='LD_PRELOAD = "x"\n'))
            platform.state.write_text(state(page="third"))
            assert heard("HUP")
            assert (ground / "page").read_text() == "page third\n"
            platform.state.write_text(state(plain="two", page="third"))
            assert heard("TERM")
            assert heard("start two")
            run.terminate()
            assert heard("TERM")
            assert run.wait(PATIENCE) == 7
    finally:
        os.close(writes)
        if manner != "gone":
            os.close(reads)
