"""The reader of answers: held against h11 on generated messages, in any split, and its bounds."""

from __future__ import annotations

import tracemalloc
from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.sources.model import Request
from cycle_exec.system.api.http1 import (
    HEAD_LIMIT,
    HEADERS_LIMIT,
    Malformed,
    ResponseReader,
    TooLarge,
    Truncated,
    request_bytes,
    status,
)

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def read(message, splits=(), closes=True, limit=16 * 2**20):
    """(status, headers, body) of a message that comes in pieces; raises what the reader raises."""
    reader = ResponseReader(limit)
    ends = [*sorted(splits), len(message)]
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        if start < end:
            reader.feed(message[start:end])
    if closes:
        reader.close()
    return reader.response


def read_with_h11(message):
    """The same by h11; raises h11.RemoteProtocolError."""
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "localhost")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(message)
    connection.receive_data(b"")
    status, body = 0, b""
    headers: tuple[tuple[str, str], ...] = ()
    while True:
        event = connection.next_event()
        if isinstance(event, h11.Response):
            status = event.status_code
            headers = tuple(
                (name.decode(), value.decode("latin-1")) for name, value in event.headers
            )
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return status, headers, body
        elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise h11.RemoteProtocolError("no answer")


# What h11 accepts and we refuse, by name. Each rule sees the raw message and, where it has one,
# h11's reading of it.


def _head_lines(message):
    return message.partition(b"\r\n\r\n")[0].split(b"\r\n")


def _field(headers, name):
    return [value for each, value in headers if each == name]


STRICTER = {
    "a line ends with CRLF, not with LF alone": lambda message, _: (
        b"\n" in message.replace(b"\r\n", b"")
    ),
    "no CR alone": lambda message, _: b"\r" in message.replace(b"\r\n", b""),
    "no control characters in the head or in chunk lines": lambda message, _: any(
        (byte < 0x20 and byte not in b"\t\r\n") or byte == 0x7F for byte in message
    ),
    "no folded headers": lambda message, _: b"\n " in message or b"\n\t" in message,
    "the version is 1.0 or 1.1": lambda message, _: any(
        line.startswith(b"HTTP/") and not line.startswith((b"HTTP/1.0 ", b"HTTP/1.1 "))
        for line in message.split(b"\r\n")
    ),
    "a status is below 600": lambda _, found: found[0] >= 600,
    "a length and chunks exclude each other": lambda message, _: (
        b"chunked" in message.lower() and b"content-length" in message.lower()
    ),
    "no chunks in HTTP/1.0": lambda message, _: (
        b"HTTP/1.0" in message and b"chunked" in message.lower()
    ),
    "a length is one number of at most 15 digits": lambda message, found: (
        any("," in value or len(value) > 15 for value in _field(found[1], "content-length"))
        or any(
            b"," in line or len(line) > 31
            for line in _head_lines(message)
            if line.lower().startswith(b"content-length")
        )
    ),
    "the content is not encoded": lambda message, _: b"content-encoding" in message.lower(),
    "a chunk's size has at most 8 digits": lambda message, _: b"0" * 8 in message,
    "trailers frame nothing": lambda message, _: (
        message.lower().count(b"content-length") > 1
        or message.lower().count(b"transfer-encoding") > 1
        or b"0\r\ncontent-length" in message.lower()
    ),
}

# Valid messages, and pieces that break them

names = st.sampled_from(["X-A", "Date", "Server", "retry-after", "x_~!#$%&'*+.^`|"])
texts = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=12
).map(lambda text: "".join(letter for letter in text if not 0x7F <= ord(letter) <= 0x9F))
padding = st.sampled_from(["", " ", "\t", " \t "])
bodies = st.binary(max_size=60) | st.just(b'{"data": {"A": "b"}}')


@st.composite
def headers(draw):
    lines = [
        f"{draw(names)}:{draw(padding)}{draw(texts)}{draw(padding)}\r\n"
        for _ in range(draw(st.integers(0, 3)))
    ]
    return "".join(lines).encode("latin-1")


@st.composite
def chunks(draw, body):
    found = b""
    while body:
        size = draw(st.integers(1, len(body)))
        digits = draw(st.sampled_from([b"%x", b"%X", b"000%x"])) % size
        extension = draw(st.sampled_from([b"", b"", b" ", b";a=b", b';a="; b"', b";"]))
        found += digits + extension + b"\r\n" + body[:size] + b"\r\n"
        body = body[size:]
    trailers = draw(st.sampled_from([b"", b"", b"X-Sum: 1\r\n"]))
    return found + b"0\r\n" + trailers + b"\r\n"


@st.composite
def messages(draw):
    """A valid answer: any of the three framings, after any 1xx."""
    body = draw(bodies)
    information = draw(st.sampled_from([b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    information *= draw(st.integers(1, 2))
    status = draw(st.sampled_from([200, 200, 201, 204, 304, 401, 404, 429, 500, 503]))
    reason = draw(st.sampled_from([b"", b" ", b" OK", b" Not \xe9"]))
    kind = draw(st.sampled_from(["length", "chunked", "close", "old", "twice"]))
    version = b"1.0" if kind == "old" else b"1.1"
    head = b"HTTP/%s %d%s\r\n" % (version, status, reason) + draw(headers())
    if kind == "chunked":
        name = draw(st.sampled_from([b"Transfer-Encoding: chunked", b"transfer-encoding:ChunkeD "]))
        return information + head + name + b"\r\n\r\n" + draw(chunks(body))
    if kind in ("length", "twice"):
        length = b"Content-Length: %d\r\n" % len(body)
        head += length * (2 if kind == "twice" else 1)
    return information + head + draw(headers()) + b"\r\n" + body


PIECES = [
    b"\r",
    b"\n",
    b"\r\n",
    b"\x00",
    b"\x7f",
    b"\x0b",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"0",
    b"1",
    b"f",
    b"-1",
    b"+",
    b"0x",
    b"00000000",
    b"\r\n X: folded",
    b"\r\nContent-Length: 3",
    b"\r\nContent-Length: 3, 3",
    b"\r\nContent-Length: abc",
    b"\r\nTransfer-Encoding: chunked",
    b"\r\nTransfer-Encoding: gzip, chunked",
    b"\r\nContent-Encoding: gzip",
    b"\r\nX: y",
    b"HTTP/1.1 101 Switch\r\n\r\n",
    b"HTTP/2.0 200\r\n\r\n",
    b"\xff",
]


@st.composite
def mutated(draw):
    message = bytearray(draw(messages()))
    spots = [0, *(at for at in range(len(message)) if message[at] in b"\r\n:; ")]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from(spots) | st.integers(0, len(message)))
        message[at : at + draw(st.integers(0, 3))] = draw(st.sampled_from(PIECES))
    return bytes(message)


splits = st.lists(st.integers(0, 300), max_size=8)


def outcome(message, at):
    at = [each for each in at if each < len(message)]
    try:
        return read(message, at)
    except (Malformed, TooLarge, Truncated) as refusal:
        return type(refusal)


def as_h11_keeps_it(found):
    """h11 keeps a repeated length once, and writes a transfer coding in lower case."""
    status, headers, body = found
    kept: list[tuple[str, str]] = []
    for name, value in headers:
        if name == "transfer-encoding":
            kept.append((name, value.lower()))
        elif name != "content-length" or name not in dict(kept):
            kept.append((name, value))
    return status, tuple(kept), body


@given(messages(), splits)
def test_a_valid_answer_is_read_as_h11_reads_it(message, at):
    """Status, headers and body of every valid message equal h11's, in whatever pieces it comes."""
    found = outcome(message, at)
    assert isinstance(found, tuple), found
    assert as_h11_keeps_it(found) == read_with_h11(message)


@given(mutated() | st.binary(max_size=60), splits)
def test_what_h11_refuses_is_refused_and_stricter_rules_have_names(message, at):
    """No mutation is accepted that h11 refuses; one we alone refuse breaks a rule of the list."""
    found = outcome(message, at)
    assert found == outcome(message, [])
    try:
        expected = read_with_h11(message)
    except h11.RemoteProtocolError:
        assert isinstance(found, type), "accepted, though h11 refuses"
        return
    if isinstance(found, type):
        assert any(broken(message, expected) for broken in STRICTER.values()), "no rule broken"
    else:
        assert found is not None
        assert (found[0], found[2]) == (expected[0], expected[2])


@pytest.mark.parametrize("message", [GOOD, GOOD.replace(b"Content-Length: 2", b"X: y")])
def test_byte_by_byte_is_as_good_as_at_once(message):
    """An answer that comes byte by byte is the same answer."""
    assert read(message, range(len(message))) == read(message)


# One by one


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"H",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\n{}",
    ],
)
def test_an_answer_that_breaks_off_is_truncated(message):
    """An end before the end is told apart from wrong bytes, for it is worth another try."""
    with pytest.raises(Truncated):
        read(message)
    assert read(message, closes=False) is None


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\n",
        b"HTTP/1.1  200 OK",
        b"HTTP/1.1\t200 OK",
        b"HTTP/1.1 20 OK",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 099 OK",
        b"HTTP/1.1 600 OK",
        b"HTTP/1.1 20\xb2 OK",
        b"HTTP/1.1 +20 OK",
        b"HTTP/1.1 101 Switching Protocols",
        b"HTTP/1.2 200 OK",
        b"HTTP/2 200 OK",
        b"http/1.1 200 OK",
        b"ICY 200 OK",
        b" HTTP/1.1 200 OK",
        b"HTTP/1.1 200 O\x00K",
        b"HTTP/1.1 200 O\rK",
        b"HTTP/1.1 200 OK\r\n folded: y",
        b"HTTP/1.1 200 OK\r\nX: y\r\n folded",
        b"HTTP/1.1 200 OK\r\nX : y",
        b"HTTP/1.1 200 OK\r\n: y",
        b"HTTP/1.1 200 OK\r\nX",
        b"HTTP/1.1 200 OK\r\nX\xe9: y",
        b"HTTP/1.1 200 OK\r\nX: a\x00b",
        b"HTTP/1.1 200 OK\r\nX: a\x1bb",
        b"HTTP/1.1 200 OK\r\nX: a\x7fb",
        b"HTTP/1.1 200 OK\r\nX: a\rb",
        b"HTTP/1.1 200 OK\r\nX: a\nY: b",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 02",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2_0",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xb2",
        b"HTTP/1.1 200 OK\r\nContent-Length:",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"0" * 16,
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2",
        b"HTTP/1.1 204 No Content\r\nContent-Length: two",
        b"HTTP/1.1 100 Continue\r\nContent-Length: two",
    ],
)
def test_a_head_that_is_not_quite_right_is_refused(head):
    """Whatever could be read in two ways is refused, before the peer closes."""
    with pytest.raises(Malformed):
        read(head + b"\r\n\r\n", closes=False)


@pytest.mark.parametrize(
    "rest",
    [
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"+1\r\na\r\n",
        b"0x1\r\na\r\n",
        b"1_0\r\n",
        b" 1\r\na\r\n",
        b"1 ;a\r\n",
        b"1\na\r\n",
        b"1;a\rb\r\n",
        b"1;a\x00b\r\n",
        b"1\r\nab\r\n",
        b"1\r\na\n\r",
        b"000000001\r\n",
        b"1;" + b"x" * 5000,
        b"0\r\nContent-Length: 1\r\n\r\n",
        b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"0\r\n folded\r\n\r\n",
        b"0\r\n" + b"X: y\r\n" * 20_000,
    ],
)
def test_chunks_that_are_not_quite_right_are_refused(rest):
    """Sizes are hexadecimal digits alone, and each chunk ends where it says."""
    with pytest.raises(Malformed):
        read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest, closes=False)


@pytest.mark.parametrize(
    ("message", "body"),
    [
        (b"HTTP/1.1 200\r\n\r\n", b""),
        (b"HTTP/1.0 200 OK\r\n\r\nabc", b"abc"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nabc", b"ab"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", b"ab"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\n\r\nab", b"ab"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", b""),
        (b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n" + GOOD, b"{}"),
        (GOOD + b"HTTP/1.1 500 No\r\n\r\n", b"{}"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
            b"1;a=b\r\na\r\n2 \r\nbc\r\n0;z\r\nX: y\r\n\r\n",
            b"abc",
        ),
    ],
)
def test_unusual_but_clear_answers_are_read(message, body):
    """Old versions, repeated lengths, 1xx before the answer, extensions and trailers are fine."""
    found = read(message)
    assert found is not None
    assert found[2] == body


def test_an_answer_is_complete_without_the_end_of_the_connection():
    """A framed answer needs no close, one that ends with the connection does."""
    assert read(GOOD, closes=False) == (200, (("content-length", "2"),), b"{}")
    assert read(b"HTTP/1.1 200 OK\r\n\r\n{}", closes=False) is None


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_the_cap_holds_to_the_byte(framing):
    """A body of exactly the cap is read, one more byte is too large, however it is framed."""
    heads = {
        "length": lambda size: b"Content-Length: %d\r\n\r\n" % size,
        "chunked": lambda size: b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % size,
        "close": lambda _: b"\r\n",
    }
    tail = b"\r\n0\r\n\r\n" if framing == "chunked" else b""
    found = read(b"HTTP/1.1 200 OK\r\n" + heads[framing](1000) + b"x" * 1000 + tail, limit=1000)
    assert found is not None
    assert found[2] == b"x" * 1000
    with pytest.raises(TooLarge):
        read(b"HTTP/1.1 200 OK\r\n" + heads[framing](1001) + b"x" * 1001 + tail, limit=1000)


@pytest.mark.parametrize("length", [b"16777217", b"999999999999999"])
def test_a_huge_length_is_refused_when_it_is_announced(length):
    """Not one byte of a body over the cap is waited for."""
    with pytest.raises(TooLarge):
        read(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n", closes=False)
    with pytest.raises(TooLarge):
        read(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n", closes=False)


def test_the_head_is_bounded():
    """Length and number of headers have a cap, for all 1xx answers together."""
    line = b"X: " + b"y" * 95 + b"\r\n"
    fits = b"HTTP/1.1 200 OK\r\n" + line * HEADERS_LIMIT
    assert read(fits + b"\r\n") is not None
    for endless in (
        fits + line,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * HEAD_LIMIT,
        b"HTTP/1.1 200 " + b"y" * HEAD_LIMIT,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3000,
    ):
        with pytest.raises(Malformed):
            read(endless, closes=False)


@pytest.mark.parametrize("noise", [b"\x16\x03\x01\x02", b"SSH-2.0", b"{", b"HTTP/3", b"\r\n"])
def test_another_protocol_is_refused_at_its_first_bytes(noise):
    """What cannot become an answer is refused without waiting for more."""
    with pytest.raises(Malformed):
        read(noise, closes=False)


def test_tiny_chunks_take_no_more_memory_than_the_body():
    """A body of a megabyte in chunks of two bytes is held in little more than a megabyte."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    piece = b"2\r\nxx\r\n" * 4096
    reader = ResponseReader()
    reader.feed(head)
    tracemalloc.start()
    for _ in range(128):
        reader.feed(piece)
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reader.size == 1_048_576
    assert held < 2_500_000


# Requests


def request(**changes):
    fields = {"operation": "getServer", "method": "GET", "target": "/v1/server", "subject": "s"}
    return Request(**{**fields, **changes})


def test_a_request_is_written_as_promised():
    """Token, identity encoding and close are in the request; nothing is there twice."""
    assert request_bytes(request(), Secret("t0ken"), "agent/1") == (
        b"GET /v1/server HTTP/1.1\r\n"
        b"Host: localhost\r\n"
        b"X-CYCLE-TOKEN: t0ken\r\n"
        b"Accept: application/json\r\n"
        b"Accept-Encoding: identity\r\n"
        b"User-Agent: agent/1\r\n"
        b"Connection: close\r\n\r\n"
    )


def test_a_post_says_its_length_and_its_login():
    """A POST has a length even without a body; a login under test has its header."""
    empty = request_bytes(
        request(method="POST", authorization=Secret("Basic eA==")), Secret("t"), "a"
    )
    assert empty.endswith(
        b"Connection: close\r\nAuthorization: Basic eA==\r\nContent-Length: 0\r\n\r\n"
    )
    full = request_bytes(request(method="POST", body=SecretBytes(b'{"a": 1}')), Secret("t"), "a")
    assert full.endswith(b'Content-Length: 8\r\nContent-Type: application/json\r\n\r\n{"a": 1}')


@pytest.mark.parametrize("bad", ["\r", "\n", "\r\nX: y", "\x00", "\x7f", "é", "€", "\udc80", "\t"])
@pytest.mark.parametrize("place", ["token", "target", "authorization", "method"])
def test_what_no_header_can_carry_is_refused_without_its_value(place, bad):
    """A line break in token, target or login never reaches the wire, nor the message."""
    value = f"c4n4ry{bad}"
    token = Secret(value if place == "token" else "t")
    changes: dict[str, dict[str, Any]] = {
        "token": {},
        "target": {"target": f"/{value}"},
        "authorization": {"authorization": Secret(value)},
        "method": {"method": value},
    }
    with pytest.raises(ValueError, match=r"a request needs|the request has a character") as caught:
        request_bytes(request(**changes[place]), token, "a")
    assert "c4n4ry" not in str(caught.value)


@pytest.mark.parametrize("target", ["v1/server", "", "/a b", "http://x/"])
def test_a_target_is_a_path(target):
    """A target is a path and query, without spaces."""
    with pytest.raises(ValueError, match="a target that is a path"):
        request_bytes(request(target=target), Secret("t"), "a")


@given(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1).map(str.strip),
    st.binary(max_size=50),
)
def test_h11_reads_our_requests(token, body):
    """A server with h11 reads the request as it was meant."""
    sent = request_bytes(request(method="POST", body=SecretBytes(body)), Secret(token), "a/1")
    server = h11.Connection(h11.SERVER)
    server.receive_data(sent)
    asked = server.next_event()
    assert isinstance(asked, h11.Request)
    assert dict(asked.headers)[b"x-cycle-token"] == token.encode()
    received = b""
    while isinstance(event := server.next_event(), h11.Data):
        received += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert received == body


INFORMATION = b"HTTP/1.1 100 Continue\r\nX-Any: 1\r\n\r\n"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (GOOD, 200),
        (b"HTTP/1.0 503\r\n", 503),
        (b"HTTP/1.1 204 No Content\r\nanything", 204),
        (INFORMATION * 3 + GOOD, 200),
        (b"HTTP/1.1 200 OK\n\n", 200),
        (b"HTTP/1.1 100 Continue\n\nHTTP/1.1 404\n\n", 404),
    ],
)
def test_a_status_alone(message, expected):
    """It is known with the end of its line, and not before."""
    start = message.rfind(b"HTTP/1.")
    end = message.find(b"\n", start) + 1
    assert status(message) == status(message[:end]) == expected
    assert [status(message[:length]) for length in range(end)] == [None] * end


@pytest.mark.parametrize(
    "message",
    [
        b"SSH-2.0",
        b"HTTP/2 200\r\n",
        b"HTTP/1.1 99 Low\r\n",
        b"HTTP/1.1 600 High\r\n",
        b"HTTP/1.1 200 \x00\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n",
        INFORMATION + b"nonsense",
        b"HTTP/1.1 200 " + b"x" * HEAD_LIMIT,
        INFORMATION * (HEAD_LIMIT // len(INFORMATION) + 1),
    ],
)
def test_no_status_at_all(message):
    """As strict as the reader of whole answers, and as bounded."""
    with pytest.raises(Malformed):
        status(message)
