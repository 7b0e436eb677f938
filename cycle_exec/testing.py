r"""For tests of programs that talk to Cycle: the emulator, in a process of its own, without Cycle.

With pytest, to which the package is a plugin:

    def test_mine(emulated_platform):
        emulated_platform.write('[variables]\nGREETING = "hello"\n')
        assert Client().scoped_variables() == {"GREETING": "hello"}

Other frameworks use `platform`. Needs the extra `emulator`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from socket import AF_UNIX, SOCK_STREAM, socket
from time import monotonic, sleep
from typing import TYPE_CHECKING

from cycle_exec.settings.model import SOCKET, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from cycle_exec.client.client import Client

_PATIENCE = 20.0  # seconds until it listens
_ANY_TOKEN = "any-token"  # noqa: S105 - the emulator takes any


class Platform:
    """A running emulator."""

    def __init__(self, folder: str, process: subprocess.Popen[bytes]) -> None:
        self._folder = folder
        self._process = process
        self.socket = os.path.join(folder, "api.sock")
        self.state = os.path.join(folder, "state.toml")

    @property
    def token(self) -> str:
        """A token that it takes: the state's, or any at all."""
        import tomllib

        with open(self.state, "rb") as file:
            return str(tomllib.load(file).get("token") or _ANY_TOKEN)

    @property
    def ca(self) -> str:
        """The file of the root certificate of its throw-away CA, PEM."""
        return f"{self.socket}.ca.pem"

    @property
    def environ(self) -> dict[str, str]:
        """What a program needs in its environment to find it."""
        return {TOKEN: self.token, SOCKET: self.socket}

    def write(self, state: str) -> None:
        """Make this its state; notifications tell of what changed."""
        part = f"{self.state}.part"
        with open(part, "w", encoding="utf-8") as file:
            file.write(state)
        os.replace(part, self.state)

    def client(self) -> Client:
        """Return a client of it; close it, or use it as a context."""
        from cycle_exec.client.client import Client

        return Client(self.socket, self.token)

    def kept(self, name: str) -> Any:
        """Return what was handed in: "metrics", "events", "telemetry", "cache", "images",
        "instances".
        """
        with self.client() as client:
            status, body = client.raw("GET", f"/_emulator/{name}")
        if status != 200:
            raise LookupError(f"the emulator keeps no {name}")
        return json.loads(body)["data"]


@contextmanager
def platform(state: str = "", *options: str) -> Iterator[Platform]:
    """Yield an emulator for as long as the context lasts.

    state: TOML, see docs/emulator.md. options: of cycle-exec emulator, "--latency=20ms" for
    example. Raises RuntimeError with its words if it does not start.
    """
    # Short, for a socket's path has 107 bytes at most, on macOS 103.
    folder = tempfile.mkdtemp(prefix="cx-")
    try:
        with open(os.path.join(folder, "state.toml"), "w", encoding="utf-8") as file:
            file.write(state)
        log = os.path.join(folder, "log")
        with open(log, "wb") as words:
            process = _started(folder, options, words)
        found = Platform(folder, process)
        try:
            _wait(found.socket, process, log)
            yield found
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(folder: str, options: tuple[str, ...], words: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cycle_exec", "emulator", *options]
    places = ["--socket", f"{folder}/api.sock", "--state", f"{folder}/state.toml"]
    return subprocess.Popen(  # noqa: S603 - our own program
        [*command, *places], stdin=subprocess.DEVNULL, stdout=words, stderr=words
    )


def _wait(path: str, process: subprocess.Popen[bytes], log: str) -> None:
    end = monotonic() + _PATIENCE
    while monotonic() < end and process.poll() is None:
        with socket(AF_UNIX, SOCK_STREAM) as probe:
            if probe.connect_ex(path) == 0:
                return
        sleep(0.01)
    with open(log, encoding="utf-8", errors="replace") as file:
        raise RuntimeError(f"the emulator does not listen: {file.read()}")


try:
    import pytest
except ModuleNotFoundError:
    pass
else:

    @pytest.fixture
    def platform_state() -> str:
        """Return the state that `emulated_platform` begins with; define your own of this name."""
        return ""

    @pytest.fixture
    def emulated_platform(platform_state: str) -> Iterator[Platform]:
        """Yield a platform of its own for each test; CYCLE_API_TOKEN and CYCLE_EXEC_SOCKET lead to
        it.
        """
        with _leading_to(platform_state) as found:
            yield found

    @pytest.fixture(scope="session")
    def session_platform_state() -> str:
        """Return the state that `session_platform` begins with; define your own of this name."""
        return ""

    @pytest.fixture(scope="session")
    def session_platform(session_platform_state: str) -> Iterator[Platform]:
        """Yield one platform for all tests of the session; the variables lead to it as well."""
        with _leading_to(session_platform_state) as found:
            yield found

    @contextmanager
    def _leading_to(state: str) -> Iterator[Platform]:
        with pytest.MonkeyPatch.context() as patch, platform(state) as found:
            for name, value in found.environ.items():
                patch.setenv(name, value)
            yield found
