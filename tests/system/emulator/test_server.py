"""HTTP at the emulator's socket, as real clients speak it."""

from __future__ import annotations

import socket
import threading

import pytest

from tests.support.emulated import UnixConnection, emulated
from tests.support.waiting import PATIENCE

STATE = 'token = "t"\n[variables]\nA = "1"\n'
PATH = "/v1/environment/scoped-variables"


@pytest.fixture(scope="module")
def platform():
    with emulated(STATE) as running:
        yield running


def exchange(path: str, *parts: bytes) -> bytes:
    """All that comes back for these bytes, until the server closes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        client.connect(path)
        for part in parts:
            client.sendall(part)
        found = b""
        while piece := client.recv(65536):
            found += piece
        return found


def test_one_connection_carries_many_requests(platform):
    """The connection is kept alive, as undici and httpx expect."""
    connection = UnixConnection(platform.socket)
    descriptors = set()
    for _ in range(3):
        connection.request("GET", PATH, headers={"x-cycle-token": "t"})
        response = connection.getresponse()
        assert response.read() == b'{"data": {"A": "1"}}'
        descriptors.add(connection.sock.fileno())
    assert len(descriptors) == 1
    connection.close()


def test_chunked_bodies_are_read(platform):
    """The TypeScript client posts without a length; what follows is the next request."""
    found = exchange(
        platform.socket,
        b"POST /v1/vpn/login HTTP/1.1\r\nhost: a\r\nx-cycle-token: t\r\n"
        b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"GET " + PATH.encode() + b" HTTP/1.1\r\nhost: unix\r\nx-cycle-token: t\r\n"
        b"connection: close\r\n\r\n",
    )
    assert found.count(b"HTTP/1.1 ") == 2
    assert found.endswith(b'{"data": {"A": "1"}}')


@pytest.mark.parametrize("host", ["localhost", "internal.cycle", "unix", "[::1]:80"])
def test_any_host_is_good(platform, host):
    """The name in the address means nothing on a Unix socket."""
    assert platform.ask(PATH, headers={"Host": host}).status == 200


def test_queries_are_decoded(platform):
    """Percent signs and plus signs mean what they mean in a query."""
    answer = platform.ask("/v1/hub/integrations?identifier=a%20b+c&vendor=")
    assert (answer.status, answer.json["error"]["code"]) == (404, "404.hub.integration")


def test_every_answer_is_json_of_a_known_length(platform):
    """Also an error is one complete object."""
    answer = platform.ask("/v1/nothing")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) > 0
    assert "server" not in answer.headers


def test_what_is_not_http_is_refused_and_nothing_breaks(platform):
    """The next client is served."""
    assert exchange(platform.socket, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(platform.socket)
        client.sendall(b"POST /v1/hub HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\nab")
    assert platform.ask(PATH).status == 200


def test_requests_are_served_side_by_side():
    """The latency of one answer does not hold up the others."""
    with emulated(STATE, latency="300ms") as slow:
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(slow.ask(PATH).status))
            for _ in range(30)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert answers == [200] * 30
