"""Notifications: any frame is one or none, and any bytes after the handshake end in frames."""

from __future__ import annotations

import json

from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from cycle_exec.client import notifications
from cycle_exec.client.notifications import Notification
from cycle_exec.resident import topics

_ASKED = ("variables", "certificates", "container", "hub", "metadata")

WORDS = (
    *(b'{"topic": "', b'"topic"', b'"object": {"id": "', b'"state": "live"', b'"context": {'),
    *(b"dns.zone.certificate.ready", b"environment.scoped-variable.updated", b"{", b"}", b"["),
    *(b"]", b'"', b",", b":", b"\\ud800", b"null", b"1", b"NaN", b"\xff", b"\x81\x02{}"),
    *(b"\x81\x7e\x00", b"\x01\x01{", b"\x80\x01}", b"\x89\x00", b"\x8a\x00", b"\x82\x00"),
    *(b"\x88\x02\x03\xe8", b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x02{}", b"\xc1\x00"),
    *(b"\x81\x80\x00\x00\x00\x00", b"\x81"),
)


def target(data: bytes) -> None:
    """As a message, and as what comes over the connection, in one piece and byte by byte."""
    _message(data.decode("utf-8", "replace"))
    assert notifications.parse(data) is None
    frames = _frames(data, len(data) or 1)
    assert frames == _frames(data, 1)
    for frame in frames:
        if frame.opcode is Opcode.TEXT:
            _message(bytes(frame.data).decode("utf-8", "replace"))


def _message(text: str) -> None:
    found = notifications.parse(text)
    if found is None:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return
        assert not isinstance(document, dict) or not isinstance(document.get("topic"), str)
        return
    assert isinstance(found, Notification)
    assert all(isinstance(each, str) for each in (found.topic, found.object, found.state))
    assert found.topic == found.message["topic"]
    topics.concerns(found.topic, _ASKED)


def _frames(data: bytes, size: int) -> list[Frame]:
    protocol = ClientProtocol(
        parse_uri("ws://localhost/v1/notifications"), state=State.OPEN, max_size=4096
    )
    found: list[Frame] = []
    for start in range(0, len(data), size):
        protocol.receive_data(data[start : start + size])
        found.extend(each for each in protocol.events_received() if isinstance(each, Frame))
        protocol.data_to_send()
        if protocol.state is not State.OPEN:
            break
    return found
