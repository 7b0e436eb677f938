"""One HTTP/1.1 request as bytes, and a strict, incremental reader of one answer.

Sans I/O: bytes in, values out. Stricter than clients in general: exactly one framing, bounded
everywhere, nothing guessed. Tests hold it against h11 and name each rule that is stricter.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.secret import Secret
    from cycle_exec.sources.model import Request

LIMIT = 16 * 1024 * 1024
# Status line, headers and trailers, those of 1xx answers before it included (bytes, lines).
HEAD_LIMIT = 64 * 1024
HEADERS_LIMIT = 200
_LINE_LIMIT = 4096
_LENGTH_DIGITS = 15
_CHUNK_DIGITS = 8
_NAME = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
_HEXADECIMAL = frozenset(b"0123456789abcdefABCDEF")
_CONTROLS = bytes(byte for byte in (*range(0x20), 0x7F) if byte != 0x09)
_START = b"HTTP/1."


class Malformed(Exception):
    """The bytes are not HTTP/1.1 as we accept it."""


class TooLarge(Exception):
    """The body is over the cap."""


class Truncated(Exception):
    """The connection ended before the answer did."""


def request_bytes(request: Request, token: Secret, agent: str) -> bytes:
    """Return the whole request. Raises ValueError, without the value, when a part cannot be
    sent.
    """
    target = request.target
    if not request.method.isalpha() or not target.startswith("/") or " " in target:
        raise ValueError("a request needs a method in letters, and a target that is a path")
    lines = [
        f"{request.method} {target} HTTP/1.1",
        "Host: localhost",
        f"X-CYCLE-TOKEN: {token.reveal()}",
        "Accept: application/json",
        "Accept-Encoding: identity",
        f"User-Agent: {agent}",
        "Connection: close",
    ]
    if request.authorization is not None:
        lines.append(f"Authorization: {request.authorization.reveal()}")
    body = request.body.reveal() if request.body is not None else b""
    if request.method != "GET":
        lines.append(f"Content-Length: {len(body)}")
        if body:
            lines.append("Content-Type: application/json")
    for line in lines:
        if not (line.isascii() and line.isprintable()):
            raise ValueError("the request has a character that is not allowed in a header")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


class ResponseReader:
    """Feed it bytes until there is a `response`. What follows the answer is ignored.

    limit: the largest body, in bytes. Memory stays near the size of the body, however it comes.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.complete = False
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        self._head_left = HEAD_LIMIT
        self._old = False
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        # What is left of the body, or in chunked bodies of this chunk. None: until the peer closes.
        self._left: int | None = 0
        # A plain function: a bound method would make a cycle, and nobody collects garbage here.
        self._step = ResponseReader._status_line

    @property
    def size(self) -> int:
        """How many bytes of the body have come."""
        return len(self._body)

    @property
    def response(self) -> tuple[int, tuple[tuple[str, str], ...], bytes] | None:
        """Status, headers (names in lower case) and body of a complete answer."""
        if not self.complete:
            return None
        return self._status, tuple(self._headers), bytes(self._body)

    def feed(self, data: bytes) -> None:
        """Take what the peer sent. Raises Malformed or TooLarge."""
        if self.complete:
            return
        self._buffer += data
        while not self.complete and self._step(self):
            pass

    def close(self) -> None:
        """Note that the peer has closed. Raises Truncated unless that was the end."""
        if not self.complete:
            if self._left is not None:
                raise Truncated
            self.complete = True

    def _line(self, most: int) -> bytes | None:
        """Return the next line without its CRLF, at most so many bytes; None if it is not all
        there.
        """
        end = self._buffer.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._buffer)
            if self._searched > most:
                raise Malformed
            return None
        if not 0 < end <= most or self._buffer[end - 1] != 0x0D:
            raise Malformed
        line = bytes(self._buffer[: end - 1])
        del self._buffer[: end + 1]
        self._searched = 0
        return line

    def _head_line(self) -> bytes | None:
        line = self._line(self._head_left)
        if line is not None:
            self._head_left -= len(line) + 2
        return line

    def _status_line(self) -> bool:
        if not self._buffer.startswith(_START[: len(self._buffer)]):
            raise Malformed
        line = self._head_line()
        if line is None:
            return False
        self._old = line.startswith(b"HTTP/1.0")
        self._status = _status(line)
        self._headers = []
        self._step = ResponseReader._header_line
        return True

    def _header_line(self) -> bool:
        line = self._head_line()
        if line is None:
            return False
        if line:
            self._headers.append(_header(line))
            if len(self._headers) > HEADERS_LIMIT:
                raise Malformed
        elif self._status >= 200:
            self._begin_body(*self._framing())
        else:
            self._framing()
            self._step = ResponseReader._status_line
        return True

    def _framing(self) -> tuple[bool, int | None]:
        """Whether the body comes in chunks, and its length if it says one."""
        encodings = self._values("transfer-encoding")
        lengths = set(self._values("content-length"))
        if any(value.lower() != "identity" for value in self._values("content-encoding")):
            raise Malformed
        if encodings and (lengths or self._old):
            raise Malformed
        if encodings and [value.lower() for value in encodings] != ["chunked"]:
            raise Malformed
        if not lengths:
            return bool(encodings), None
        text = lengths.pop()
        if lengths or len(text) > _LENGTH_DIGITS or not (text.isascii() and text.isdigit()):
            raise Malformed
        return False, int(text)

    def _begin_body(self, chunked: bool, length: int | None) -> None:
        if self._status in (204, 304) or length == 0:
            self.complete = True
        elif chunked:
            self._step = ResponseReader._chunk_size
        else:
            self._announced(length or 0)
            self._left = length
            self._step = ResponseReader._rest

    def _values(self, wanted: str) -> list[str]:
        return [value for name, value in self._headers if name == wanted]

    def _announced(self, more: int) -> None:
        if self.size + more > self._limit:
            raise TooLarge

    def _take(self, most: int) -> int:
        """Move what is there to the body, at most so many bytes."""
        part = self._buffer[:most]
        del self._buffer[:most]
        self._announced(len(part))
        self._body += part
        return len(part)

    def _rest(self) -> bool:
        if self._left is None:
            self._take(len(self._buffer))
        else:
            self._left -= self._take(self._left)
            self.complete = self._left == 0
        return False

    def _chunk_size(self) -> bool:
        line = self._line(_LINE_LIMIT)
        if line is None:
            return False
        digits, semicolon, extension = line.partition(b";")
        if not semicolon:
            digits = digits.rstrip(b" \t")  # some servers pad it
        if not 0 < len(digits) <= _CHUNK_DIGITS or not _HEXADECIMAL.issuperset(digits):
            raise Malformed
        if not _is_clean(extension):
            raise Malformed
        self._left = int(digits, 16)
        self._announced(self._left)
        self._step = ResponseReader._chunk if self._left else ResponseReader._trailer
        return True

    def _chunk(self) -> bool:
        assert self._left is not None
        self._left -= self._take(self._left)
        if self._left:
            return False
        if not self._buffer.startswith(b"\r\n"[: len(self._buffer)]):
            raise Malformed
        if len(self._buffer) < 2:
            return False
        del self._buffer[:2]
        self._step = ResponseReader._chunk_size
        return True

    def _trailer(self) -> bool:
        line = self._head_line()
        if line is None:
            return False
        if not line:
            self.complete = True
        elif _header(line)[0] in ("content-length", "transfer-encoding"):
            raise Malformed
        return True


def status(data: bytes) -> int | None:
    """Return the status of an answer of which these are the first bytes; None: it has not come yet.
    Raise Malformed.

    For callers that need neither headers nor a body, which may never end. Informational answers
    (1xx) before it are passed over. Lines may end with a bare LF, as those of small scripts do: no
    framing depends on them here.
    """
    if len(data) > HEAD_LIMIT:
        raise Malformed
    *lines, rest = data.split(b"\n")
    is_header = False
    for line in lines:
        line = line.removesuffix(b"\r")
        if is_header:
            is_header = line != b""
            continue
        found = _status(line)
        if found >= 200:
            return found
        is_header = True
    if not is_header and not rest.startswith(_START[: len(rest)]):
        raise Malformed
    return None


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    code, _, reason = rest.partition(b" ")
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or not _is_clean(reason):
        raise Malformed
    if len(code) != 3 or not code.isdigit() or not b"100" <= code <= b"599" or code == b"101":
        raise Malformed
    return int(code)


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    text = name.decode("latin-1").lower()
    if not colon or not text or not _NAME.issuperset(text) or not _is_clean(value):
        raise Malformed
    return text, value.decode("latin-1").strip(" \t")


def _is_clean(value: bytes) -> bool:
    """No control character but the tab: no bare CR, no NUL."""
    return len(value.translate(None, _CONTROLS)) == len(value)
