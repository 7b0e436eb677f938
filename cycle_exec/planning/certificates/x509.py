"""The few members of an X.509 certificate that the launch judges, read strictly from DER.

Python's ssl can load a certificate but not show it, and a full library costs 30 ms: more than
the whole launch. Tests hold this reader against cryptography. RFC 5280, X.690.
"""

from __future__ import annotations

from cycle_exec.record import Record

_SEQUENCE, _SET, _INTEGER, _OID, _BOOLEAN = 0x30, 0x31, 0x02, 0x06, 0x01
_OCTETS, _BITS, _UTC_TIME, _GENERALIZED_TIME = 0x04, 0x03, 0x17, 0x18
_EXPLICIT_VERSION, _EXTENSIONS, _DNS_NAME = 0xA0, 0xA3, 0x82
_TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_LONGEST_NAME = 100  # characters of an issuer's name that people are shown

_COMMON_NAME = bytes.fromhex("550403")
_ORGANIZATION = bytes.fromhex("55040a")
_ALTERNATIVE_NAMES = bytes.fromhex("551d11")
_BASIC_CONSTRAINTS = bytes.fromhex("551d13")
_RSA = bytes.fromhex("2a864886f70d010101")
_EC = bytes.fromhex("2a8648ce3d0201")
_CURVES = {
    bytes.fromhex("2a8648ce3d030107"): "P-256",
    bytes.fromhex("2b81040022"): "P-384",
    bytes.fromhex("2b81040023"): "P-521",
}
_OTHER_KEYS = {bytes.fromhex("2b6570"): "Ed25519", bytes.fromhex("2b6571"): "Ed448"}


class NotX509(Exception):
    """The bytes are not a certificate."""


class Parsed(Record):
    """A certificate's members.

    issuer, subject: raw DER. not_before, not_after: seconds since the epoch, both inclusive.
    names: the DNS names of subjectAltName, lower case; the common name does not count (RFC 9525).
    issuer_name: for people, printable, empty if it has neither common name nor organization.
    authority: whether it may sign others, by its basicConstraints.
    """

    issuer: bytes
    subject: bytes
    not_before: int
    not_after: int
    names: tuple[str, ...]
    issuer_name: str
    key_type: str
    authority: bool


class _Reader:
    """A run of DER elements. Reading past its end, or anything but DER, raises NotX509."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    @property
    def more(self) -> bool:
        return self.position < len(self.data)

    def peek(self) -> int:
        return self.data[self.position] if self.more else -1

    def element(self) -> tuple[int, bytes, bytes]:
        """Tag, content, and the whole element."""
        start = self.position
        if start + 2 > len(self.data):
            raise NotX509
        tag, length = self.data[start], self.data[start + 1]
        body = start + 2
        if length & 0x80:
            width = length & 0x7F
            if not 1 <= width <= 4 or body + width > len(self.data):
                raise NotX509
            length = int.from_bytes(self.data[body : body + width], "big")
            if length < 0x80 or length >> (8 * (width - 1)) == 0:
                raise NotX509
            body += width
        if tag & 0x1F == 0x1F or body + length > len(self.data):
            raise NotX509
        self.position = body + length
        return tag, self.data[body : self.position], self.data[start : self.position]

    def expect(self, wanted: int, *, whole: bool = False) -> bytes:
        """Return the content of the next element, or all of it; it must have this tag."""
        tag, content, raw = self.element()
        if tag != wanted:
            raise NotX509
        return raw if whole else content

    def end(self) -> None:
        if self.more:
            raise NotX509


def read(der: bytes) -> Parsed:
    """Return the members of one certificate. Raises NotX509 and nothing else."""
    outer = _Reader(der)
    signed = _Reader(outer.expect(_SEQUENCE))
    outer.end()
    body = _Reader(signed.expect(_SEQUENCE))
    signed.expect(_SEQUENCE)
    signed.expect(_BITS)
    signed.end()
    if body.peek() == _EXPLICIT_VERSION:
        body.element()
    body.expect(_INTEGER)
    body.expect(_SEQUENCE)
    issuer = body.expect(_SEQUENCE, whole=True)
    validity = _Reader(body.expect(_SEQUENCE))
    not_before, not_after = _time(*validity.element()[:2]), _time(*validity.element()[:2])
    validity.end()
    subject = body.expect(_SEQUENCE, whole=True)
    key_type = _key_type(body.expect(_SEQUENCE))
    extensions: dict[bytes, bytes] = {}
    while body.more:
        tag, content, _ = body.element()
        if tag == _EXTENSIONS:
            extensions = _extensions(content)
    return Parsed(
        issuer=issuer,
        subject=subject,
        not_before=not_before,
        not_after=not_after,
        names=_dns_names(extensions.get(_ALTERNATIVE_NAMES)),
        issuer_name=_display(issuer),
        key_type=key_type,
        authority=_is_authority(extensions.get(_BASIC_CONSTRAINTS)),
    )


def _extensions(content: bytes) -> dict[bytes, bytes]:
    """Return the value of each extension by its OID; one that comes twice is against RFC 5280."""
    wrapped = _Reader(content)
    extensions = _Reader(wrapped.expect(_SEQUENCE))
    wrapped.end()
    found: dict[bytes, bytes] = {}
    while extensions.more:
        extension = _Reader(extensions.expect(_SEQUENCE))
        kind = extension.expect(_OID)
        if extension.peek() == _BOOLEAN:
            extension.element()
        value = extension.expect(_OCTETS)
        extension.end()
        if kind in found:
            raise NotX509
        found[kind] = value
    return found


def _dns_names(value: bytes | None) -> tuple[str, ...]:
    if value is None:
        return ()
    wrapped = _Reader(value)
    names = _Reader(wrapped.expect(_SEQUENCE))
    wrapped.end()
    found = []
    while names.more:
        tag, content, _ = names.element()
        if tag == _DNS_NAME:
            found.append(_ascii(content).lower())
    return tuple(found)


def _is_authority(value: bytes | None) -> bool:
    if value is None:
        return False
    constraints = _Reader(_Reader(value).expect(_SEQUENCE))
    return constraints.peek() == _BOOLEAN and constraints.expect(_BOOLEAN) == b"\xff"


def _key_type(content: bytes) -> str:
    key = _Reader(content)
    algorithm = _Reader(key.expect(_SEQUENCE))
    kind = algorithm.expect(_OID)
    bits = key.expect(_BITS)
    key.end()
    if kind == _RSA:
        modulus = _Reader(_Reader(bits[1:]).expect(_SEQUENCE)).expect(_INTEGER)
        return f"RSA {int.from_bytes(modulus, 'big').bit_length()}"
    if kind == _EC:
        curve = algorithm.expect(_OID) if algorithm.peek() == _OID else b""
        return f"EC {_CURVES.get(curve, 'of another curve')}"
    return _OTHER_KEYS.get(kind, "unknown kind")


def _display(name: bytes) -> str:
    """Return the common name, else the organization, else nothing."""
    found: dict[bytes, str] = {}
    parts = _Reader(_Reader(name).expect(_SEQUENCE))
    while parts.more:
        attributes = _Reader(parts.expect(_SET))
        while attributes.more:
            attribute = _Reader(attributes.expect(_SEQUENCE))
            kind = attribute.expect(_OID)
            tag, content, _ = attribute.element()
            if tag in _TEXTS:
                found.setdefault(kind, content.decode(_TEXTS[tag], "replace"))
    text = found.get(_COMMON_NAME) or found.get(_ORGANIZATION, "")
    shown = "".join(one if one.isprintable() else "?" for one in text[:_LONGEST_NAME])
    return shown + "..." if len(text) > _LONGEST_NAME else shown


def _ascii(content: bytes) -> str:
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        raise NotX509 from None


def _time(tag: int, content: bytes) -> int:
    digits = _ascii(content)
    if tag == _UTC_TIME and len(digits) == 13:
        # RFC 5280: two digits from 50 on are of the last century.
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    elif tag != _GENERALIZED_TIME:
        raise NotX509
    if len(digits) != 15 or digits[14] != "Z" or not digits[:14].isdigit():
        raise NotX509
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:14])
    if not (1 <= month <= 12 and 1 <= day <= _days_of(year, month)):
        raise NotX509
    if hour > 23 or minute > 59 or second > 59:
        raise NotX509
    return _days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second


def _days_of(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _MONTHS[month - 1]


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 (March-based years make the leap day the last of its year)."""
    if month <= 2:
        year, month = year - 1, month + 12
    leaps = year // 4 - year // 100 + year // 400
    return 365 * year + leaps + (153 * (month - 3) + 2) // 5 + day - 719_469
