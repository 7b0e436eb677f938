"""One HTTP/1.1 request as bytes, and a strict, incremental reader of one answer.

Sans I/O: bytes in, values out. Stricter than clients in general: exactly one framing, bounded
everywhere, nothing guessed. Tests hold it against h11.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.secret import Secret
    from cycle_exec.sources.model import Request

LIMIT = 16 * 1024 * 1024
_HEAD_LIMIT = 64 * 1024
_HEADERS_LIMIT = 200
_LINE_LIMIT = 4096
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


class Malformed(Exception):
    """The bytes are not HTTP/1.1 as we accept it."""


class TooLarge(Exception):
    """The body is over the cap."""


class Truncated(Exception):
    """The connection ended before the answer did."""


def request_bytes(request: Request, token: Secret, agent: str) -> bytes:
    """The whole request. Raises ValueError when a part cannot stand in a header."""
    lines = [
        f"{request.method} {request.target} HTTP/1.1",
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
            raise ValueError("a part of the request has a character that no header can carry")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


class ResponseReader:
    """Feed it bytes until `complete`; then status, headers and body are there.

    limit: the largest body, in bytes.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self.status = 0
        self.headers: tuple[tuple[str, str], ...] = ()
        self.complete = False
        self.size = 0
        self._limit = limit
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        # None: until the peer closes. In chunked bodies: what is left of this chunk.
        self._left: int | None = 0
        self._step = self._head

    @property
    def body(self) -> bytes:
        """The body as far as it has come."""
        return b"".join(self._parts)

    def feed(self, data: bytes) -> None:
        """Take what the peer sent. Raises Malformed or TooLarge."""
        self._buffer += data
        while not self.complete and self._step():
            pass

    def close(self) -> None:
        """The peer has closed. Raises Truncated unless that was the end."""
        if not self.complete:
            if self._step != self._rest or self._left is not None:
                raise Truncated
            self.complete = True

    def _head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > _HEAD_LIMIT:
                raise Malformed
            return False
        if end > _HEAD_LIMIT:
            raise Malformed
        lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        status = _status(lines[0])
        headers = tuple(_header(line) for line in lines[1:])
        if len(headers) > _HEADERS_LIMIT or status == 101:
            raise Malformed
        if status < 200:
            return True
        self.status, self.headers = status, headers
        self._frame(lines[0].startswith(b"HTTP/1.0"))
        return True

    def _frame(self, old: bool) -> None:
        encodings = self._values("transfer-encoding")
        lengths = set(self._values("content-length"))
        coded = self._values("content-encoding")
        if any(value.lower() != "identity" for value in coded):
            raise Malformed
        if self.status in (204, 304):
            self.complete = True
        elif encodings:
            if lengths or old or [value.lower() for value in encodings] != ["chunked"]:
                raise Malformed
            self._step = self._chunk_size
        elif lengths:
            text = lengths.pop()
            if lengths or not _is_number(text, 15):
                raise Malformed
            self._left = int(text)
            self._announced(self._left)
            self._step = self._rest
            self.complete = self._left == 0
        else:
            self._left = None
            self._step = self._rest

    def _values(self, wanted: str) -> list[str]:
        return [value for name, value in self.headers if name == wanted]

    def _announced(self, more: int) -> None:
        if self.size + more > self._limit:
            raise TooLarge

    def _take(self, most: int) -> int:
        part = bytes(self._buffer[:most])
        del self._buffer[:most]
        self._announced(len(part))
        self.size += len(part)
        self._parts.append(part)
        return len(part)

    def _rest(self) -> bool:
        if self._left is None:
            self._take(len(self._buffer))
        else:
            self._left -= self._take(self._left)
            self.complete = self._left == 0
        return False

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end > _LINE_LIMIT or (end < 0 and len(self._buffer) > _LINE_LIMIT):
            raise Malformed
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _chunk_size(self) -> bool:
        line = self._line()
        if line is None:
            return False
        size, _, extension = line.partition(b";")
        digits = size.rstrip(b" \t")
        if not 0 < len(digits) <= 8 or not all(
            byte in b"0123456789abcdefABCDEF" for byte in digits
        ):
            raise Malformed
        if not _is_clean(extension):
            raise Malformed
        self._left = int(digits, 16)
        self._announced(self._left)
        self._trailers = 0
        self._step = self._chunk if self._left else self._trailer
        return True

    def _chunk(self) -> bool:
        assert self._left is not None
        self._left -= self._take(self._left)
        if self._left:
            return False
        if len(self._buffer) < 2:
            if not b"\r".startswith(bytes(self._buffer)):
                raise Malformed
            return False
        if self._buffer[:2] != b"\r\n":
            raise Malformed
        del self._buffer[:2]
        self._step = self._chunk_size
        return True

    def _trailer(self) -> bool:
        line = self._line()
        if line is None:
            return False
        if not line:
            self.complete = True
            return False
        _header(line)
        self._trailers += 1
        if self._trailers > _HEADERS_LIMIT:
            raise Malformed
        return True


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    code, _, reason = rest.partition(b" ")
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or not _is_clean(reason):
        raise Malformed
    text = code.decode("latin-1")
    if len(text) != 3 or not _is_number(text, 3) or not 100 <= int(text) <= 599:
        raise Malformed
    return int(text)


def _header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    text = name.decode("latin-1").lower()
    if not colon or not text or not _TOKEN.issuperset(text) or not _is_clean(value):
        raise Malformed
    return text, value.decode("latin-1").strip(" \t")


def _is_clean(value: bytes) -> bool:
    """No control character but the tab: no folding, no bare CR or LF, no NUL."""
    return all(byte >= 0x20 and byte != 0x7F for byte in value.replace(b"\t", b""))


def _is_number(text: str, most: int) -> bool:
    return 0 < len(text) <= most and text.isascii() and text.isdigit()
