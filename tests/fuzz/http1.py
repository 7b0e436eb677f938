"""The reader of answers: the same in any pieces, and never more permissive than h11."""

from __future__ import annotations

from collections.abc import Iterable

import h11

from cycle_exec.secret import SecretBytes
from cycle_exec.sources import retry
from cycle_exec.sources.model import Response
from cycle_exec.system.api import http1
from cycle_exec.system.api.http1 import Malformed, ResponseReader, TooLarge, Truncated

_LIMIT = 256

WORDS = (
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    *(b"HTTP/1.1 204 \r\n", b"HTTP/1.1 503 \r\n", b"HTTP/1.1 101 \r\n", b"\r\n\r\n", b"\r\n"),
    *(b"Content-Length: 2\r\n", b"Content-Length: ", b"Transfer-Encoding: chunked\r\n"),
    *(b"Transfer-Encoding: ", b"Content-Encoding: gzip\r\n", b"chunked", b"identity", b"X: y\r\n"),
    *(b"2\r\n{}\r\n", b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"2;a=b\r\n", b"{}", b"00000002\r\n"),
    *(b"Retry-After: 7\r\n", b"Retry-After: ", b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"),
    *(b"fffffff\r\n", b"100\r\n", b" ", b"\t", b",", b";", b":", b"\r", b"\n", b"\0", b"\xff"),
)


def target(data: bytes) -> None:
    """In one piece, byte by byte and in sevens: one outcome, and h11's, unless it is refused."""
    found = _outcome(data, len(data) or 1)
    assert found == _outcome(data, 1)
    assert found == _outcome(data, 7)
    alone = _status_alone(data)
    if isinstance(found, type):
        return
    status, headers, body = found
    assert alone == status
    assert len(body) <= _LIMIT
    response = Response(status=status, headers=headers, body=SecretBytes(body))
    assert retry.retry_after(response) >= 0
    assert _by_h11(data) == (status, _without_framing(headers), body)


def _outcome(
    data: bytes, size: int
) -> tuple[int, tuple[tuple[str, str], ...], bytes] | type[Exception]:
    reader = ResponseReader(_LIMIT)
    try:
        for start in range(0, len(data), size):
            reader.feed(data[start : start + size])
        reader.close()
    except (Malformed, TooLarge, Truncated) as error:
        return type(error)
    assert reader.response is not None
    return reader.response


def _status_alone(data: bytes) -> int | None:
    """What a wait makes of it that reads line by line, and no further than it must."""
    end = 0
    while end < len(data):
        end = data.find(b"\n", end) + 1 or len(data)
        try:
            status = http1.status(data[:end])
        except Malformed:
            return None
        if status is not None:
            assert 200 <= status < 600
            return status
    return None


def _by_h11(data: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=64 * 1024)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "localhost")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(data)
    connection.receive_data(b"")
    status, body = 0, b""
    headers: list[tuple[str, str]] = []
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
            headers = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return status, _without_framing(headers), body
        else:
            assert isinstance(event, h11.InformationalResponse)


def _without_framing(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """h11 writes these two in its own way."""
    framing = ("content-length", "transfer-encoding")
    return [(name, value) for name, value in headers if name not in framing]
