"""Elements of ASN.1 as OpenSSL reads them, and times as it compares them. X.690, RFC 5280.

Certificates are DER, but OpenSSL takes the looser BER too: longer lengths than needed, and
contents that end with a mark. What nginx serves must not fail here.
"""

from __future__ import annotations

from cycle_exec.sources.calendar import days

BOOLEAN, INTEGER, BITS, OCTETS, OID = 0x01, 0x02, 0x03, 0x04, 0x06
SEQUENCE, SET, UTC_TIME, GENERALIZED_TIME = 0x30, 0x31, 0x17, 0x18

_CONSTRUCTED, _HIGH, _INDEFINITE = 0x20, 0x1F, 0x80
_DEEPEST = 30  # contents without a length inside each other, as in OpenSSL
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class NotDer(Exception):
    """The bytes are not what is expected here."""


class Reader:
    """A run of elements. Reading past its end, or anything but ASN.1, raises NotDer."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    @property
    def more(self) -> bool:
        """Whether anything follows."""
        return self.position < len(self.data)

    def peek(self) -> int:
        """Return the next tag, -1 at the end."""
        return self.data[self.position] if self.more else -1

    def element(self) -> tuple[int, bytes, bytes]:
        """Return tag, content, and the whole element."""
        data, start = self.data, self.position
        if start + 2 > len(data) or data[start] & _HIGH == _HIGH:
            raise NotDer
        if data[start + 1] < _INDEFINITE:
            # Most are short.
            begin = start + 2
            end = after = begin + data[start + 1]
            if end > len(data):
                raise NotDer
        else:
            begin, end, after = _extent(data, start, 0)
        self.position = after
        return data[start], data[begin:end], data[start:after]

    def expect(self, wanted: int) -> bytes:
        """Return the content of the next element, which must have this tag."""
        tag, content, _ = self.element()
        if tag != wanted:
            raise NotDer
        return content

    def whole(self, wanted: int) -> bytes:
        """Return the next element, which must have this tag."""
        tag, _, raw = self.element()
        if tag != wanted:
            raise NotDer
        return raw

    def end(self) -> None:
        """Require that nothing follows."""
        if self.more:
            raise NotDer


def _extent(data: bytes, start: int, depth: int) -> tuple[int, int, int]:
    """Where the content of an element begins and ends, and where the next one begins."""
    if start + 2 > len(data) or depth > _DEEPEST:
        raise NotDer
    length, begin = data[start + 1], start + 2
    if length == _INDEFINITE:
        if not data[start] & _CONSTRUCTED:
            raise NotDer
        end = begin
        while data[end : end + 2] != b"\0\0":
            end = _extent(data, end, depth + 1)[2]
        return begin, end, end + 2
    if length & _INDEFINITE:
        width = length & 0x7F
        length = int.from_bytes(data[begin : begin + width], "big")
        begin += width
    if begin + length > len(data):
        raise NotDer
    return begin, begin + length, begin + length


def single(value: bytes, tag: int) -> Reader:
    """Return a reader of the content of the one element that a value is."""
    outer = Reader(value)
    content = outer.expect(tag)
    outer.end()
    return Reader(content)


def time(tag: int, content: bytes) -> int:
    """Return a time in seconds since the epoch; only the forms of RFC 5280 are compared."""
    digits = content.decode("latin-1")
    if tag == UTC_TIME and len(digits) == 13:
        # RFC 5280: two digits from 50 on are of the last century.
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    elif tag != GENERALIZED_TIME:
        raise NotDer
    if len(digits) != 15 or digits[14] != "Z" or not (digits.isascii() and digits[:14].isdigit()):
        raise NotDer
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:14])
    if not (1 <= month <= 12 and 1 <= day <= _days_of(year, month)):
        raise NotDer
    if hour > 23 or minute > 59 or second > 59:
        raise NotDer
    return days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second


def _days_of(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _MONTHS[month - 1]
