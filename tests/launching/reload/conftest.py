"""An app in reload mode, and the words of its watcher."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pytest

from tests.support.emulated import Emulated, emulated
from tests.support.hostile import Hostile
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE

# Quick, for tests: no splay worth the name, hardly any quiet.
PROCESS = """
[process]
reload = true
reload_debounce = "20ms"
reload_longest = "2s"
reload_splay = "1ms"
"""
# Says how it starts and which signals it gets.
TEMPLATE = """
[variables]
exclude = ["PAGE"]
[[templates]]
source = "@/page.j2"
target = "@/page"
on_change = {}
"""
SIGNAL = TEMPLATE.format('"signal:HUP"')
APP = """
trap 'echo HUP' HUP; trap 'echo USR1' USR1; trap 'echo TERM; exit 7' TERM
echo "start $PLAIN"
while :; do sleep 0.02; done
"""


class Reloading:
    """A launch under way; lines of its app and of itself, as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._out: queue.Queue[str] = queue.Queue()
        self._err: queue.Queue[str] = queue.Queue()
        self.said: list[str] = []
        self._reads = True
        self._threads: list[threading.Thread] = []
        for stream, lines in ((process.stdout, self._out), (process.stderr, self._err)):
            assert stream is not None
            self._threads.append(threading.Thread(target=self._read, args=(stream, lines)))
            self._threads[-1].start()

    def _read(self, stream: IO[str], lines: queue.Queue[str]) -> None:
        with stream:
            for line in stream:
                lines.put(line.rstrip("\n"))
                if lines is self._err and not self._reads:
                    return

    def close(self) -> None:
        """Kill whoever is left of it."""
        if self.process.poll() is None:
            for pid in [*self.children(), self.process.pid]:
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()
        for thread in self._threads:
            thread.join()

    def stop_reading(self) -> None:
        """Let nobody be at the other end of its standard error: what is written there fails."""
        self._reads = False
        # The reader ends with the next line.

    def app(self, seconds: float = PATIENCE) -> str:
        """The app's next line."""
        return self._out.get(timeout=seconds)

    def silent(self, seconds: float) -> bool:
        """Whether the app says nothing for so long."""
        try:
            self._out.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def says(self, words: str) -> str:
        """The next line of cycle-exec with these words."""
        end = time.monotonic() + PATIENCE
        while True:
            line = self._err.get(timeout=max(0.0, end - time.monotonic()))
            self.said.append(line)
            if words in line:
                return line

    def children(self) -> list[int]:
        """Watcher and app."""
        pid = self.process.pid
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def end(self) -> int:
        """TERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@pytest.fixture
def ground(tmp_path) -> Path:
    """A folder with a template."""
    (tmp_path / "page.j2").write_text("page {{ variables.PAGE }}\n")
    folder: Path = tmp_path
    return folder


Start = Callable[..., Reloading]


@contextmanager
def reloading(
    platform: Emulated | Hostile,
    folder: Path,
    manifest: str,
    *app: str,
    through: Sequence[str] = (),
    **environ: str,
) -> Iterator[Reloading]:
    """An app with this manifest; @ stands for the folder. through: words before all others."""
    path = folder / "manifest.toml"
    path.write_text((PROCESS + manifest).replace("@", str(folder)))
    process = subprocess.Popen(
        [*through, str(SCRIPT), "--manifest", str(path), "--log-level", "info", "--", *app],
        env={
            "PATH": PATH,
            "CYCLE_API_TOKEN": platform.token,
            "CYCLE_EXEC_SOCKET": platform.socket,
            **environ,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    found = Reloading(process)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def platform() -> Iterator[Emulated]:
    """Its state can be rewritten."""
    with emulated(state()) as running:
        yield running


def state(plain: str = "one", page: str = "first", more: str = "") -> str:
    """A state file."""
    return f'token = "c4n4ry-token"\n[variables]\nPLAIN = "{plain}"\nPAGE = "{page}"\n{more}'
