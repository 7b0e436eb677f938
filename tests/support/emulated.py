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
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import cycle_exec

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
_PATIENCE = 15.0


class Answer(NamedTuple):
    """An answer: status, headers in lower case, decoded JSON."""

    status: int
    headers: Mapping[str, str]
    json: Any


class UnixConnection(http.client.HTTPConnection):
    """The standard library's client on a Unix socket; keeps the connection."""

    def __init__(self, path: str) -> None:
        super().__init__("any.host", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(10)
        self.sock.connect(self._path)


class Emulated(NamedTuple):
    """A running emulator. `ca` is the file of its root certificate."""

    socket: str
    token: str
    ca: str
    state: Path
    log: Path
    process: subprocess.Popen[bytes]

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
        return self.process.wait(_PATIENCE)


def start(socket_path: str, log: Path, **options: str) -> subprocess.Popen[bytes]:
    """An emulator process with these options of `commands.emulator.run`; it may not be ready."""
    words = [f"{name}={value}" for name, value in {"socket": socket_path, **options}.items()]
    with log.open("ab") as stderr:
        return subprocess.Popen(
            [sys.executable, "-I", "-c", _BOOT, str(HOME), *words],
            stdin=subprocess.DEVNULL,
            stderr=stderr,
        )


def wait_for(path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until somebody listens at the socket; the emulator's own words if it never does."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if probe.connect_ex(path) == 0:
                return
        time.sleep(0.01)
    words = log.read_text()
    pytest.fail(f"the emulator does not listen: {words}")


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
                process.wait(5)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _token(state: str) -> str:
    import tomllib

    return str(tomllib.loads(state).get("token", "any-token"))
