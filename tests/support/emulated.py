"""The emulated platform for tests: `with emulated(STATE) as platform:` and a way to ask it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import cycle_exec
from tests.support.waiting import PATIENCE, Timed, until

HOME = Path(cycle_exec.__file__).parent.parent  # the folder that holds what is tested
_BOOT = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from cycle_exec.commands import emulator
from cycle_exec.errors import Refused
from cycle_exec.system import invocation
from cycle_exec.system.output import stderr
given = dict(word.split("=", 1) for word in sys.argv[1:])
try:
    code = emulator.run(invocation.read(), **given)
except Refused as refused:
    stderr.log.problems(refused.problems)
    code = refused.code
sys.exit(code)
"""


class Answer(NamedTuple):
    """An answer: status, headers in lower case, decoded JSON."""

    status: int
    headers: Mapping[str, str]
    json: Any


class UnixConnection(http.client.HTTPConnection):
    """The standard library's client on a Unix socket; keeps the connection."""

    def __init__(self, path: str) -> None:
        super().__init__("any.host", timeout=PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self._path)


class Emulated(NamedTuple):
    """A running emulator. `ca` is the file of its root certificate."""

    socket: str
    token: str
    ca: str
    state: Path
    log: Path
    process: Timed

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """One request with the token, unless the headers give another."""
        sent = {"X-CYCLE-TOKEN": self.token, **(headers or {})}
        connection = UnixConnection(self.socket)
        try:
            connection.request(method, path, body=body, headers=sent)  # type: ignore[arg-type]
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, json.loads(response.read()))
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and give its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def start(socket_path: str, log: Path, **options: str) -> Timed:
    """An emulator process with these options of `commands.emulator.run`; it may not be ready."""
    words = [f"{name}={value}" for name, value in {"socket": socket_path, **options}.items()]
    with log.open("ab") as stderr:
        return Timed(
            [sys.executable, "-I", "-c", _BOOT, str(HOME), *words],
            stdin=subprocess.DEVNULL,
            stderr=stderr,
        )


def wait_for(path: str, process: Timed, log: Path) -> None:
    """Wait until the emulator says that it is ready; fail with its words if it never does.

    A client can connect before that: it waits for its answer, but the CA file may not be there.
    The log is this emulator's alone.
    """
    ready = f"emulator ready at {path},"
    until(lambda: ready in log.read_text() or process.poll() is not None)
    words = log.read_text()
    if ready not in words or process.poll() is not None:
        pytest.fail(f"the emulator is not ready: {words}")


@contextmanager
def emulated(
    state: str = "", *, files: Mapping[str, str] | None = None, **options: str
) -> Iterator[Emulated]:
    """The platform of this state file. files: more files beside it. options: --fail and its kin.

    The folder is short, for a socket's path has 107 bytes at most.
    """
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    path, log, state_file = str(folder / "api.sock"), folder / "log", folder / "state.toml"
    state_file.write_text(state)
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    process = start(path, log, state=str(state_file), **options)
    try:
        wait_for(path, process, log)
        yield Emulated(path, _token(state), path + ".ca.pem", state_file, log, process)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _token(state: str) -> str:
    import tomllib

    return str(tomllib.loads(state).get("token", "any-token"))
