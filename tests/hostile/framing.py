"""HTTP: whole in every form it may have, cut anywhere, or readable in two ways."""

from __future__ import annotations

import json

from tests.hostile.model import (
    FETCHED,
    GOOD,
    Refuses,
    Scenario,
    malformed,
    of_variables,
    read,
)
from tests.support.hostile import (
    VARIABLES,
    Behaviour,
    after_information,
    both_framings,
    chunked,
    drip,
    endless,
    error,
    garbage,
    huge_length,
    reply,
    until_close,
)

BODY = {"data": FETCHED}
LENGTH = len(json.dumps(BODY))
NOT_HTTP = "the response is not valid HTTP"
TOO_LARGE = "the response is larger than 16 MiB"


def _header(line: bytes) -> bytes:
    """A good answer with this line in its head."""
    return GOOD.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1)


def _body(headers: dict[str, object]) -> bytes:
    """The good body below these headers alone."""
    return reply(200, BODY, headers, framing=None)


def _cut(name: str, message: bytes) -> Scenario:
    """Half of an answer, which might pass for a whole one: asked again, to hear 404."""
    problem = of_variables("the API answered 404 (404.hostile) (answer-refused)")
    return Scenario(
        f"cut: {name}",
        Refuses(65, (problem,)),
        on={VARIABLES: [message, error(404)]},
        asked={VARIABLES: 2},
    )


def _doubt(name: str, behaviour: Behaviour) -> Scenario:
    return malformed(f"doubtful: {name}", behaviour, NOT_HTTP)


WHOLE = (
    read("whole: in chunks", chunked(BODY, 3)),
    read("whole: one chunk for each byte", chunked(BODY, 1)),
    read(
        "whole: chunks with extensions and trailers",
        chunked(BODY, 7, extension=";name=value", trailers="X-Trailer: yes\r\n"),
    ),
    read("whole: until the connection closes", until_close(BODY)),
    read("whole: after 100 and 103", after_information(GOOD, 100, 103)),
    read("whole: after fifty of 102", after_information(GOOD, *[102] * 50)),
    read("whole: one byte at a time", drip(chunked(BODY, 5), every=0)),
    read("whole: of HTTP/1.0", reply(200, BODY, version="1.0")),
    read("whole: called text/html", reply(200, BODY, content_type="text/html")),
    read("whole: without a content type", reply(200, BODY, content_type=None)),
    read("whole: the same length twice", _header(b"Content-Length: %d" % LENGTH)),
    read("whole: coded as identity", _header(b"Content-Encoding: identity")),
    read("whole: headers in capitals", GOOD.replace(b"Content-Length", b"CONTENT-LENGTH")),
    read("whole: without a reason", GOOD.replace(b" 200 Status", b" 200 ")),
    read("whole: without even a space", GOOD.replace(b" 200 Status", b" 200")),
    read("whole: a hundred headers", _header(b"\r\n".join([b"X-C4n4ry: c4n4ry"] * 100))),
    read(
        "whole: cookies and a new token", _header(b"Set-Cookie: c4n4ry=1\r\nX-CYCLE-TOKEN: c4n4ry")
    ),
    read("whole: a length with zeros before it", _body({"Content-Length": f"000{LENGTH}"})),
)

CUT = (
    _cut("nothing at all", b""),
    _cut("in the status line", b"HTTP/1.1 20"),
    _cut("after the status line", b"HTTP/1.1 200 OK\r\n"),
    _cut("before the empty line", GOOD.split(b"\r\n\r\n")[0]),
    _cut("one byte of the body", GOOD[:-1]),
    _cut("the whole body", GOOD.split(b"\r\n\r\n")[0] + b"\r\n\r\n"),
    _cut("in a chunk", chunked(BODY, 5)[:-9]),
    _cut("before the last chunk", chunked(BODY, 5, end=False)),
    _cut("after the last chunk", chunked(BODY, 5)[:-2]),
    _cut("after 100 Continue", after_information(b"", 100)),
)

DOUBTFUL = (
    _doubt("length and chunks", both_framings(BODY)),
    _doubt("two lengths", _header(b"Content-Length: 5")),
    _doubt("a list of lengths", _body({"Content-Length": f"{LENGTH}, {LENGTH}"})),
    _doubt("a signed length", _body({"Content-Length": f"+{LENGTH}"})),
    _doubt("a negative length", _body({"Content-Length": -1})),
    _doubt("a length in hexadecimal", _body({"Content-Length": hex(LENGTH)})),
    _doubt("a length of twenty digits", _body({"Content-Length": "9" * 20})),
    _doubt("an empty length", _body({"Content-Length": ""})),
    _doubt("a compressed body", _header(b"Content-Encoding: gzip")),
    _doubt("an unknown transfer coding", _body({"Transfer-Encoding": "gzip"})),
    _doubt("chunked twice", _body({"Transfer-Encoding": "chunked, chunked"})),
    _doubt("chunks in HTTP/1.0", chunked(BODY).replace(b"HTTP/1.1", b"HTTP/1.0")),
    _doubt("a folded header", _header(b"X-One: 1\r\n folded")),
    _doubt("a space before the colon", _header(b"X-One : 1")),
    _doubt("a header without a colon", _header(b"X-One")),
    _doubt("a header without a name", _header(b": c4n4ry")),
    _doubt("a bare line feed", _header(b"X-One: 1\nX-Two: 2")),
    _doubt("a bare carriage return", _header(b"X-One: 1\rX-Two: 2")),
    _doubt("a NUL in a header", _header(b"X-One: \0")),
    _doubt("an escape sequence in a header", _header(b"X-One: \x1b[31mc4n4ry")),
    _doubt("a thousand headers", _header(b"\r\n".join([b"X-One: c4n4ry"] * 1000))),
    _doubt("a header of a megabyte", _header(b"X-One: " + b"c4n4ry" * 170_000)),
    _doubt("a chunk size with a sign", chunked(BODY, 5).replace(b"\r\n5\r\n", b"\r\n+5\r\n")),
    _doubt("a chunk size in words", chunked(BODY, 5).replace(b"\r\n5\r\n", b"\r\nfive\r\n")),
    _doubt(
        "a chunk size of nine digits", chunked(BODY, 5).replace(b"\r\n5\r\n", b"\r\n000000005\r\n")
    ),
    _doubt("a chunk longer than it says", chunked(BODY, 5).replace(b"\r\n5\r\n", b"\r\n4\r\n")),
    _doubt("a length among the trailers", chunked(BODY, trailers="Content-Length: 5\r\n")),
    _doubt("another protocol", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    _doubt("HTTP/2", reply(200, BODY, version="2.0")),
    _doubt("HTTP/0.9", json.dumps(BODY).encode()),
    _doubt("a switch of protocols", reply(101)),
    _doubt("an empty line before the answer", b"\r\n" + GOOD),
    _doubt("a status of two digits", GOOD.replace(b" 200 ", b" 20 ")),
    _doubt("a status of four digits", GOOD.replace(b" 200 ", b" 2000 ")),
    _doubt("a status that is none", reply(600, BODY)),
    _doubt("random bytes", garbage()),
    malformed("a body of a terabyte is announced", huge_length(), TOO_LARGE),
    malformed("a length one byte over the limit", huge_length(16 * 1024**2 + 1), TOO_LARGE),
    malformed(
        "a chunk of four gigabytes is announced",
        endless(chunked(b"", end=False) + b"ffffffff\r\n", b"x" * 65_536),
        TOO_LARGE,
    ),
)

SCENARIOS = (*WHOLE, *CUT, *DOUBTFUL)
