"""Inits as PID 1 of a namespace of their own: ours, and Debian's for comparison."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from tests.support import machine
from tests.support.hostile import Hostile
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE, until

# Says "up", then the name of each signal it gets, in order; TERM ends it with 7.
LISTENER = """
import _signal, sys, time
names = {
    int(getattr(_signal, name)): name[3:]
    for name in dir(_signal)
    if name.startswith("SIG") and name[3] != "_" and name not in ("SIGIOT", "SIGPOLL", "SIGCLD")
}
everything = _signal.valid_signals() - {_signal.SIGCHLD}
_signal.pthread_sigmask(_signal.SIG_BLOCK, everything)
sys.stdout.write("up\\n")
sys.stdout.flush()
while True:
    found = _signal.sigwaitinfo(everything).si_signo
    first = int(_signal.SIGRTMIN)
    name = f"RTMIN+{found - first}" if found >= first else names[found]
    sys.stdout.write(name + "\\n")
    sys.stdout.flush()
    if found == _signal.SIGTERM:
        sys.exit(7)
"""


class Init(NamedTuple):
    """A way to start an app: the words before it and what it needs in its environment."""

    name: str
    words: tuple[str, ...]
    environ: Mapping[str, str]


def ours(api: Hostile, *options: str) -> Init:
    """cycle-exec in init mode."""
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    return Init("cycle-exec --init", (str(SCRIPT), "--init", *options, "--"), environ)


def theirs(name: str) -> Init:
    """One of Debian's inits: `tini`, `tini -g`, `dumb-init`, `catatonit`."""
    program, *options = name.split()
    return Init(name, (machine.program(program), *options, "--"), {"PATH": PATH})


class Ended(NamedTuple):
    """How it ended."""

    code: int
    out: str
    err: str


class Running:
    """An init under way."""

    def __init__(self, process: subprocess.Popen[str], namespace: bool) -> None:
        self.process = process
        self._namespace = namespace

    @cached_property
    def pid(self) -> int:
        """Its number outside of its namespace; it has to run still."""
        return _only_child(self.process.pid) if self._namespace else self.process.pid

    def line(self) -> str:
        """The app's next line of output."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def send(self, number: int) -> None:
        """A signal for the init."""
        os.kill(self.pid, number)

    def finish(self, timeout: float = PATIENCE) -> Ended:
        """Wait for its end. Raises TimeoutExpired."""
        out, err = self.process.communicate(timeout=timeout)
        code = self.process.returncode
        return Ended(128 - code if code < 0 else code, out, err)


@contextmanager
def running(
    init: Init,
    *app: str,
    namespace: bool = True,
    before: Callable[[], object] | None = None,
    stdin: int = subprocess.DEVNULL,
) -> Iterator[Running]:
    """The init with this app, killed at the end if it still runs.

    namespace: whether it is PID 1. before: what is done in the process that becomes it.
    """
    if namespace:
        machine.need_processes()
    process = subprocess.Popen(
        [*(machine.PROCESSES if namespace else ()), *init.words, *app],
        env=dict(init.environ),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=before,
    )
    try:
        yield Running(process, namespace)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def run(init: Init, *app: str, timeout: float = PATIENCE, **more: object) -> Ended:
    """A whole run."""
    with running(init, *app, **more) as under_way:  # type: ignore[arg-type]
        return under_way.finish(timeout)


def python(text: str) -> tuple[str, ...]:
    """An app in Python."""
    return (sys.executable, "-I", "-S", "-c", text)


def _only_child(pid: int) -> int:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    assert until(lambda: path.read_text().split()), "the init never started"
    return int(path.read_text().split()[0])


def ignored(status: str) -> int:
    """A mask of ignored signals, without the two that belong to the C library: a harness that was
    spawned by it may have them ignored.
    """
    return int(status, 16) & ~(0b11 << 31)


def names_of(numbers: Sequence[int]) -> list[str]:
    """As the listener says them."""
    first = int(signal.SIGRTMIN)
    return [
        f"RTMIN+{number - first}" if number >= first else signal.Signals(number).name[3:]
        for number in numbers
    ]
