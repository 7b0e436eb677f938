"""builtin:redis/redis.conf.j2 with real Redis: TLS, and a password of any characters."""

from __future__ import annotations

import socket
import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle_exec.planning.templates.filters import quoting
from tests.support import ports
from tests.support.waiting import PATIENCE
from tests.templates import web
from tests.templates.serving import (
    HOST,
    TRICKY,
    as_root,
    place,
    served,
    state,
)

pytestmark = [as_root, pytest.mark.needs("redis-server", "openssl")]


NAME = "redis/redis.conf.j2"
PASSWORD = TRICKY + "\n\t\x01end"


class Client:
    """RESP over TLS, in a few lines."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._talk = tls.wrap_socket(plain, server_hostname=HOST)
        self._lines = self._talk.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._talk.close()

    def ask(self, *words: str) -> bytes:
        """A command, and its answer."""
        parts = [word.encode() for word in words]
        sent = b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        return self.line(b"*%d\r\n" % len(parts) + sent)

    def line(self, raw: bytes) -> bytes:
        """What is answered to these bytes."""
        self._talk.sendall(raw)
        head = self._lines.readline().rstrip(b"\r\n")
        if head[:1] != b"$":
            return head
        return self._lines.read(int(head[1:]) + 2)[:-2]


@pytest.fixture(scope="module")
def redis():
    [port] = ports.free()
    with place() as folder:
        (folder / "data").mkdir()
        (folder / "data").chmod(0o777)
        variables = {
            "REDIS_PASSWORD": PASSWORD,
            "REDIS_PORT": str(port),
            "REDIS_BIND": "127.0.0.1 -::1",
            "REDIS_FOLDER": str(folder / "data"),
            "REDIS_MEMORY": "32mb",
        }
        with served(folder, NAME, state(variables, HOST), port) as server:
            yield server, port


def test_the_password_is_that_of_the_variable(redis):
    """Every character of it; nobody comes in without."""
    server, port = redis
    with Client(port, server.tls) as client:
        assert client.ask("GET", "a").startswith(b"-NOAUTH")
        assert client.ask("AUTH", "wrong").startswith(b"-WRONGPASS")
        assert client.ask("AUTH", PASSWORD) == b"+OK"
        assert client.ask("SET", "a", "value") == b"+OK"
        assert client.ask("GET", "a") == b"value"
    assert web.modern_alone(port)
    assert PASSWORD not in server.log
    target = server.folder / "run/redis/redis.conf"
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.owner() == "redis"


def test_any_text_is_one_argument(redis):
    """Redis splits lines typed to it with the function that reads redis.conf."""
    server, port = redis

    @settings(max_examples=300, deadline=None)
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def echoed(text):
        raw = f"ECHO {quoting.quote_redis(text)}\r\n".encode()
        assert client.line(raw) == text.encode()

    with Client(port, server.tls) as client:
        assert client.ask("AUTH", PASSWORD) == b"+OK"
        echoed()
