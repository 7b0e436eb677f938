"""A real OpenVPN server with our hook, and real clients."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support import issued, ports
from tests.support.hostile import Hostile, after, data, drop, error, garbage, hang, hostile, reply
from tests.support.launching import SCRIPT
from tests.support.waiting import until

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="OpenVPN makes its interface as root"),
    pytest.mark.needs("openvpn"),
]

LOGIN = "/v1/vpn/login"
PASSWORD = "c4n4ry correct horse"
SERVER = """
dev tun
topology subnet
server 10.{net}.0 255.255.255.0
ifconfig-noexec
route-noexec
proto tcp-server
local 127.0.0.1
port {port}
ca ca.pem
cert server.pem
key server.key
dh none
verify-client-cert none
tmp-dir tmp
script-security {level}
auth-user-pass-verify "{hook}" {method}
verb 3
"""
CLIENT = """
client
dev tun
ifconfig-noexec
route-noexec
proto tcp-client
remote 127.0.0.1 {port}
ca ca.pem
auth-user-pass {login}
auth-retry none
connect-retry 1 1
connect-retry-max 2
verb 3
"""


class Server:
    """A running server; its log has the hook's lines as well."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self._clients = 0

    @property
    def log(self) -> str:
        """What it and its hook have said."""
        return (self.folder / "server.log").read_text(errors="replace")

    def client(self, username: str | bytes, password: str | bytes) -> subprocess.Popen[bytes]:
        """A client under way; its log is `client-N.log`."""
        self._clients += 1
        login = self.folder / f"login-{self._clients}"
        raw = [each.encode() if isinstance(each, str) else each for each in (username, password)]
        login.write_bytes(raw[0] + b"\n" + raw[1] + b"\n")
        login.chmod(0o600)
        config = self.folder / f"client-{self._clients}.conf"
        config.write_text(CLIENT.format(port=self.port, login=login.name))
        process = subprocess.Popen(
            ["openvpn", "--config", config.name, "--log", f"client-{self._clients}.log"],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        process.log = self.folder / f"client-{self._clients}.log"  # type: ignore[attr-defined]
        return process

    def login(self, username: str | bytes, password: str | bytes, patience: float = 15.0) -> str:
        """How a client fares: "in", "refused", or what it says of itself until the time is over."""
        process = self.client(username, password)
        log: Path = process.log  # type: ignore[attr-defined]
        try:
            until(lambda: outcome(log) or process.poll() is not None, patience)
            return outcome(log) or "nothing"
        finally:
            process.terminate()
            process.wait()


def outcome(log: Path) -> str:
    """What a client's log says of its login so far."""
    text = log.read_text(errors="replace") if log.exists() else ""
    if "PUSH: Received control message: 'PUSH_REPLY" in text:
        return "in"
    if "AUTH_FAILED,TEMP" in text or "AUTH: Received control message: AUTH_FAILED,TEMP" in text:
        return "again"
    return "refused" if "AUTH_FAILED" in text else ""


@contextmanager
def server(
    api: Hostile, *options: str, method: str = "via-file", level: int = 2, more: str = ""
) -> Iterator[Server]:
    """A server with the hook in this manner."""
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    (folder / "tmp").mkdir()
    (folder / "token").write_text(api.token)
    _certificates(folder)
    [port] = ports.free()
    words = [str(SCRIPT), "vpn-auth", "--socket", api.socket, "--token-file", "token", *options]
    config = SERVER.format(
        net=f"{port // 256}.{port % 256}",
        port=port,
        hook=" ".join(words),
        method=method,
        level=level,
    )
    (folder / "server.conf").write_text(config + more)
    with open(folder / "server.log", "wb") as log:
        process = subprocess.Popen(
            ["openvpn", "--config", "server.conf"],
            cwd=folder,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    running = Server(folder, port)
    try:
        assert until(lambda: "Initialization Sequence Completed" in running.log), running.log
        yield running
        assert os.listdir(folder / "tmp") == [] or until(lambda: not os.listdir(folder / "tmp"))
        for secret in ("c4n4ry", PASSWORD):
            assert secret not in running.log
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


def _certificates(folder: Path) -> None:
    """A server's certificate of this hour, and who has signed it."""
    now = int(time.time())
    dated = partial(issued.certificate, not_before=now - 1000, not_after=now + issued.DAY)
    root = dated(issued.ROOT.name, issued.ROOT.key, issued.ROOT, authority=True)
    key = issued.key("P-256", 7)
    name = issued.name("vpn.example.test")
    leaf = dated(name, key, issued.ROOT, names=("vpn.example.test",))
    (folder / "ca.pem").write_text(issued.pem(root))
    (folder / "server.pem").write_text(issued.pem(leaf))
    (folder / "server.key").write_text(issued.key_pem(key))


@pytest.fixture
def api():
    """A platform that knows one login."""
    with hostile() as platform:
        platform.on(LOGIN, data(True))
        yield platform


WAYS = [((), "via-file", 2), (("--deferred",), "via-file", 2), ((), "via-env", 3)]


@pytest.mark.parametrize(("options", "method", "level"), WAYS)
def test_a_good_login_comes_in_and_a_bad_one_does_not(api, options, method, level):
    """Via file and environment, at once and deferred."""
    with server(api, *options, method=method, level=level) as running:
        assert running.login("alice", PASSWORD) == "in"
        assert 'vpn-auth from 127.0.0.1: accepted, user "alice"\n' in running.log
        api.on(LOGIN, reply(403, {"data": False}))
        assert running.login("alice", "wrong") == "refused"
        assert (
            'rejected, user "alice": the platform did not accept the username and password\n'
            in running.log
        )


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("alice", "with blanks  and tabs"),
        ("bob@example.com", "'single' \"double\" \\back\\slash"),
        ("carol", "colons:in:it"),
        ("dörte", "pässwörd é 𝄞"),
        (b"eve\xff", b"\xfe\xfd not UTF-8"),
        ("frank", "x" * 127),
    ],
)
def test_every_byte_of_a_login_reaches_the_platform(api, username, password):
    """As the user typed it."""
    import base64

    with server(api) as running:
        assert running.login(username, password) == "in"
    encoded = api.requests[0].headers["authorization"].removeprefix("Basic ")
    raw = [each.encode() if isinstance(each, str) else each for each in (username, password)]
    assert base64.b64decode(encoded) == raw[0] + b":" + raw[1].replace(b"\t", b"_")


@pytest.mark.parametrize(
    "behaviour", [error(500), garbage(), drop, hang, reply(200, {"data": "true"})]
)
@pytest.mark.parametrize("options", [(), ("--deferred",)])
def test_a_platform_in_any_state_lets_nobody_in(api, behaviour, options):
    """Refused, or told to try again; in time."""
    api.on(LOGIN, behaviour)
    with server(api, *options, "--timeout", "1s") as running:
        assert running.login("alice", PASSWORD) in ("refused", "again")
        assert "accepted" not in running.log


@pytest.mark.parametrize("options", [(), ("--deferred",)])
def test_a_platform_that_is_not_there(api, options):
    """No socket: the client is told to try again."""
    with server(api, *options, "--timeout", "1s") as running:
        os.rename(api.socket, api.socket + ".away")
        assert running.login("alice", PASSWORD) == "again"
        os.rename(api.socket + ".away", api.socket)
        assert f"no verdict from the API at {api.socket}: there is no socket" in running.log
        assert running.login("alice", PASSWORD) == "in"


def test_a_colon_in_a_name_logs_nobody_in(api):
    """It would be somebody else's login."""
    with server(api) as running:
        assert running.login("alice:x", PASSWORD) == "refused"
    assert api.requests == []


def test_level_two_hides_the_password_from_the_environment(api):
    """Refused with the reason, where a careless hook would let everybody in."""
    with server(api, method="via-env", level=2) as running:
        assert running.login("alice", PASSWORD) == "refused"
        assert "via-env needs script-security 3" in running.log
    assert api.requests == []


def test_a_name_forges_no_line(api):
    """Whatever a client types, the address and the verdict before it are ours."""
    api.on(LOGIN, reply(403, {"data": False}))
    with server(api) as running:
        assert running.login('alice", from 192.0.2.7, accepted \\"', "wrong") == "refused"
        [line] = [line for line in running.log.splitlines() if "cycle-exec: " in line]
    head = 'cycle-exec: vpn-auth from 127.0.0.1: rejected, user "'
    name = r'alice\", from 192.0.2.7, accepted \\\"": '
    assert line == head + name + "the platform did not accept the username and password"


def test_nobody_at_all(api):
    """auth-user-pass-optional sends an empty login."""
    with server(api, more="auth-user-pass-optional\n") as running:
        config = running.folder / "anonymous.conf"
        text = CLIENT.format(port=running.port, login="none").replace("auth-user-pass none\n", "")
        config.write_text(text + "cert server.pem\nkey server.key\n")
        with subprocess.Popen(
            ["openvpn", "--config", config.name, "--log", "anonymous.log"], cwd=running.folder
        ) as client:
            assert until(lambda: "the username is empty" in running.log)
            client.terminate()
    assert api.requests == []


def test_a_slow_verdict_comes_in_later(api):
    """Deferred: OpenVPN polls for what the worker has written."""
    api.on(LOGIN, after(1.0, data(True)))
    with server(api, "--deferred") as running:
        assert running.login("alice", PASSWORD) == "in"


def test_a_slow_login_stalls_nobody_when_deferred(api):
    """While one waits for its verdict, another one comes in."""
    with server(api, "--deferred", "--timeout", "6s") as running:
        api.on(LOGIN, [hang, data(True)])
        waiting = running.client("slow", PASSWORD)
        try:
            assert until(lambda: api.requests)
            began = time.monotonic()
            assert running.login("quick", PASSWORD) == "in"
            assert time.monotonic() - began < 4
        finally:
            waiting.terminate()
            waiting.wait()


def test_twenty_at_once(api):
    """Each gets its own verdict."""
    api.on(LOGIN, after(0.3, data(True)))
    with server(api, "--deferred") as running:
        clients = [running.client(f"user{number}", PASSWORD) for number in range(20)]
        try:
            logs: list[Path] = [client.log for client in clients]  # type: ignore[attr-defined]
            assert until(lambda: all(outcome(log) == "in" for log in logs))
        finally:
            for client in clients:
                client.terminate()
            for client in clients:
                client.wait()
    assert len(api.requests) == 20


def test_no_password_is_on_a_command_line(api):
    """Nor the token, while the hook runs."""
    api.on(LOGIN, hang)
    with server(api, "--deferred", "--timeout", "3s") as running:
        client = running.client("alice", PASSWORD)
        try:
            assert until(lambda: api.requests)
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    words = path.read_bytes()
                except OSError:
                    continue
                if b"vpn-auth" in words:
                    assert b"c4n4ry" not in words
        finally:
            client.terminate()
            client.wait()
