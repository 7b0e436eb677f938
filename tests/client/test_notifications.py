"""The platform's notifications, from a real server on a Unix socket."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection, unix_serve

from cycle_exec.client.notifications import Notifications, Unreachable, parse
from tests.support.hostile import hang, hostile


@contextmanager
def serving(talk: Callable[[ServerConnection], None], status: int = 0) -> Iterator[str]:
    """A server that talks with each client; status: what it answers instead."""
    asked: list[tuple[str, str]] = []

    def refuse(connection: ServerConnection, request):
        asked.append((request.path, request.headers.get("X-CYCLE-TOKEN", "")))
        if status:
            return connection.respond(HTTPStatus(status), "SECRET WORDS")
        return None

    with tempfile.TemporaryDirectory(prefix="cx-") as folder:
        path = str(Path(folder) / "api.sock")
        with unix_serve(talk, path, process_request=refuse) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield path
            finally:
                server.shutdown()
                thread.join()
    assert asked[0] == ("/v1/notifications", "t0ken")


def test_notifications_arrive_in_order():
    """Each with its topic and what it is about; the token goes in the header."""

    def talk(connection):
        connection.send(json.dumps({"topic": "a.b", "object": {"id": "1", "state": "live"}}))
        connection.send(json.dumps({"topic": "c", "object": None, "context": {}}))
        connection.send("no JSON")
        connection.send(b"\x00")
        connection.recv()

    with serving(talk) as path, Notifications(path, "t0ken", timeout=5) as client:
        found = client.receive(5)
        assert found is not None
        assert (found.topic, found.object, found.state) == ("a.b", "1", "live")
        assert found.message == {"topic": "a.b", "object": {"id": "1", "state": "live"}}
        found = client.receive(5)
        assert found is not None
        assert (found.topic, found.object, found.state) == ("c", "", "")
        assert client.receive(5) is None
        assert client.receive(5) is None
        began = time.monotonic()
        assert client.receive(0.05) is None
        assert time.monotonic() - began < 1


def test_an_ended_connection_is_said():
    """So that the caller can connect again; its end may come with the answer to the handshake."""
    with (
        serving(lambda connection: connection.close()) as path,
        pytest.raises(Unreachable, match="the connection was closed"),
        Notifications(path, "t0ken", timeout=5) as client,
    ):
        client.receive(5)


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refused_handshake_has_its_status(status):
    """And nothing of the platform's text."""
    with serving(lambda connection: None, status) as path, pytest.raises(Unreachable) as caught:
        Notifications(path, "t0ken", timeout=5)
    assert caught.value.status == status
    assert caught.value.reason == f"the API answered {status} to the handshake"


def test_nobody_is_there():
    """No socket, or one that does not answer."""
    with pytest.raises(Unreachable, match="cannot connect to the socket"):
        Notifications("/nonexistent/api.sock", "t0ken", timeout=1)
    with hostile() as api:
        api.on("/v1/notifications", hang)
        with pytest.raises(Unreachable, match="no response in time"):
            Notifications(api.socket, api.token, timeout=0.1)


@pytest.mark.parametrize(
    "message", ["", "[]", "1", "{}", '{"topic": 1}', "[" * 100_000, b"{}", '{"topic": null}']
)
def test_what_is_no_notification(message):
    """Is passed over."""
    assert parse(message) is None


def test_odd_parts_are_empty():
    """Types that a later platform may change do no harm."""
    found = parse('{"topic": "x", "object": {"id": 5, "state": {"current": "y"}}}')
    assert found is not None
    assert (found.topic, found.object, found.state, found.connected) == ("x", "", "", False)
