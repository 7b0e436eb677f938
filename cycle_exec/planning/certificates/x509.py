"""The few members of an X.509 certificate that are judged.

Python's ssl can load a certificate but not show it, and a full library costs 30 ms: more than
the whole launch. Tests hold this reader against cryptography and OpenSSL. It is tolerant: what
it cannot read is a doubt, and the rules say whether anything is decided by it.
"""

from __future__ import annotations

from cycle_exec.planning.certificates import distinguished, keys
from cycle_exec.planning.certificates.der import (
    BITS,
    BOOLEAN,
    INTEGER,
    OCTETS,
    OID,
    SEQUENCE,
    NotDer,
    Reader,
    single,
    time,
)
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_EXPLICIT_VERSION, _EXTENSIONS, _DNS_NAME, _URI = 0xA0, 0xA3, 0x82, 0x86
_KEY_ID, _SERIAL = 0x80, 0x82
_POINT = _FULL_NAME = 0xA0
_CA_ISSUERS = bytes.fromhex("2b06010505073002")

# Bits of keyUsage in its first byte.
SIGNS, ENCIPHERS, AGREES, SIGNS_CERTIFICATES = 0x80, 0x20, 0x08, 0x04
# What a key of a server has to be for (extendedKeyUsage); OpenSSL takes "any" for none.
SERVER_AUTH = bytes.fromhex("2b06010505070301")
# Netscape and Microsoft "server gated crypto", which OpenSSL takes for it too.
SERVER_USES = frozenset(
    (SERVER_AUTH, bytes.fromhex("6086480186f8420401"), bytes.fromhex("2b0601040182370a0303"))
)


class NotX509(Exception):
    """The bytes are not a certificate."""


class Parsed(Record):
    """A certificate's members.

    raw: its bytes. issuer, subject: raw DER. not_before, not_after: seconds since the epoch, both
    inclusive. names: the DNS names of subjectAltName, lower case; the common name does not count
    (RFC 9525).
    key_type, weak_key, large_key, weak_signature: in words; the latter three are empty where it is
    neither.
    authority: whether it may sign others, by its basicConstraints, None: they are absent.
    path_length: how many may stand between it and a leaf, None: any. usage: the bits of keyUsage.
    uses: extendedKeyUsage. key_id, issuer_key_id, issuer_serial: raw, empty where they are absent.
    names_its_issuer: whether it says where its issuer can be fetched (caIssuers).
    doubts: which of these could not be read, in words; they are then as if absent.
    odd: whether clients may decide by something in it that is not among these members.
    has_unknown: whether a critical extension is none of those that are usual. limits_names: whether
    it has nameConstraints.
    """

    raw: bytes
    issuer: bytes = b""
    subject: bytes = b""
    serial: bytes = b""
    not_before: int = 0
    not_after: int = 0
    names: tuple[str, ...] = ()
    key_type: str = ""
    weak_key: str = ""
    large_key: str = ""
    weak_signature: str = ""
    authority: bool | None = None
    path_length: int | None = None
    usage: int | None = None
    uses: frozenset[bytes] | None = None
    key_id: bytes = b""
    issuer_key_id: bytes = b""
    issuer_serial: bytes = b""
    names_its_issuer: bool = False
    doubts: tuple[str, ...] = ()
    odd: bool = False
    has_unknown: bool = False
    limits_names: bool = False

    @property
    def issuer_name(self) -> str:
        """What people call the issuer: printable, perhaps empty."""
        return distinguished.shown(self.issuer)

    @property
    def subject_name(self) -> str:
        """What people call it: printable, perhaps empty."""
        return distinguished.shown(self.subject)

    @property
    def self_issued(self) -> bool:
        """Whether it names itself as its issuer, as roots do."""
        return distinguished.same(self.issuer, self.subject)

    @property
    def self_signed(self) -> bool:
        """Whether it is a root to clients: not where the identifiers say that a key has followed
        another.
        """
        wanted, own = self.issuer_key_id, self.key_id
        return self.self_issued and not (wanted and own and wanted != own)


# Words of doubts.
STRUCTURE, DATES, NAMES = "structure", "dates", "subjectAltName"
CONSTRAINTS, USAGE, USES = "basicConstraints", "keyUsage", "extendedKeyUsage"
KEY_ID, ISSUER_KEY_ID = "key identifier", "issuer's key identifier"
_ACCESS, _LISTS, _OTHERS = "authorityInfoAccess", "cRLDistributionPoints", "extensions"


def read(der: bytes) -> Parsed:
    """Return the members of one certificate. Raises NotX509 and nothing else."""
    try:
        signed = single(der, SEQUENCE)
        body = Reader(signed.expect(SEQUENCE))
        algorithm = signed.expect(SEQUENCE)
        signed.element()
        signed.end()
    except NotDer:
        raise NotX509 from None
    try:
        return _body(der, body, algorithm)
    except NotDer:
        return Parsed(raw=der, doubts=(STRUCTURE,), odd=True)


def _body(der: bytes, body: Reader, algorithm: bytes) -> Parsed:
    if body.peek() == _EXPLICIT_VERSION:
        body.element()
    found: dict[str, Any] = {"serial": body.expect(INTEGER)}
    doubts: list[str] = []
    found["odd"] = body.peek() == SEQUENCE and body.expect(SEQUENCE) != algorithm
    found["weak_signature"] = keys.weak_signature(algorithm)
    found["issuer"] = body.whole(SEQUENCE)
    validity = Reader(body.expect(SEQUENCE))
    try:
        found["not_before"] = time(*validity.element()[:2])
        found["not_after"] = time(*validity.element()[:2])
        validity.end()
    except NotDer:
        doubts.append(DATES)
    found["subject"] = body.whole(SEQUENCE)
    key = keys.described(body.expect(SEQUENCE))
    found["key_type"], found["weak_key"], found["large_key"] = key
    while body.more:
        tag, content, _ = body.element()
        if tag == _EXTENSIONS:
            _extensions(content, found, doubts)
    found["odd"] = found["odd"] or bool(doubts)
    return Parsed(raw=der, doubts=tuple(doubts), **found)


def _extensions(content: bytes, found: dict[str, Any], doubts: list[str]) -> None:
    """Note what the extensions say; those that stand twice could be read differently by others."""
    try:
        extensions = single(content, SEQUENCE)
        seen = set()
        while extensions.more:
            extension = Reader(extensions.expect(SEQUENCE))
            kind = extension.expect(OID)
            critical = extension.peek() == BOOLEAN and extension.expect(BOOLEAN) != b"\0"
            value = extension.expect(OCTETS)
            if critical and kind not in _CRITICAL:
                found["odd"] = found["has_unknown"] = True
            if kind not in _READ:
                if kind in _EVALUATED:
                    found["odd"] = True
                    found["limits_names"] = found.get("limits_names") or kind == _LIMITS
                continue
            word, read_it = _READ[kind]
            if kind in seen:
                doubts.append(word)
                continue
            seen.add(kind)
            try:
                found.update(read_it(value))
            except NotDer:
                doubts.append(word)
    except NotDer:
        doubts.append(_OTHERS)


def _names(value: bytes) -> dict[str, object]:
    """Return the DNS names. Those that are not ASCII cover no host name, so nobody reads them.

    What stands behind the names is passed over, as OpenSSL does.
    """
    names = Reader(Reader(value).expect(SEQUENCE))
    found = []
    while names.more:
        tag, content, _ = names.element()
        if tag == _DNS_NAME and content.isascii():
            found.append(content.decode().lower())
    return {"names": tuple(found)}


def _constraints(value: bytes) -> dict[str, object]:
    inner = single(value, SEQUENCE)
    authority = inner.peek() == BOOLEAN and inner.expect(BOOLEAN) != b"\0"
    length = int.from_bytes(inner.expect(INTEGER), "big", signed=True) if inner.more else None
    inner.end()
    if length is not None and length < 0:
        raise NotDer
    return {"authority": authority, "path_length": length}


def _usage(value: bytes) -> dict[str, object]:
    outer = Reader(value)
    bits = outer.expect(BITS)
    outer.end()
    if not bits or bits[0] > 7:
        raise NotDer
    return {"usage": bits[1] if len(bits) > 1 else 0}


def _uses(value: bytes) -> dict[str, object]:
    inner = single(value, SEQUENCE)
    found = set()
    while inner.more:
        found.add(inner.expect(OID))
    return {"uses": frozenset(found)}


def _key_id(value: bytes) -> dict[str, object]:
    outer = Reader(value)
    found = outer.expect(OCTETS)
    outer.end()
    return {"key_id": found}


def _issuer_key_id(value: bytes) -> dict[str, object]:
    inner = single(value, SEQUENCE)
    found: dict[str, object] = {}
    while inner.more:
        tag, content, _ = inner.element()
        if tag == _KEY_ID:
            found["issuer_key_id"] = content
        elif tag == _SERIAL:
            found["issuer_serial"] = content
    return found


def _access(value: bytes) -> dict[str, object]:
    inner = single(value, SEQUENCE)
    named = False
    while inner.more:
        description = Reader(inner.expect(SEQUENCE))
        kind = description.expect(OID)
        named = named or (kind == _CA_ISSUERS and description.peek() == _URI)
    return {"names_its_issuer": named}


def _lists(value: bytes) -> dict[str, object]:
    """Take the usual form of cRLDistributionPoints, a URI for each point; any other is odd."""
    try:
        lists = single(value, SEQUENCE)
        while lists.more:
            point = single(lists.expect(SEQUENCE), _POINT)
            single(single(point.data, _FULL_NAME).data, _URI)
    except NotDer:
        return {"odd": True}
    return {}


_READ: dict[bytes, tuple[str, Callable[[bytes], dict[str, object]]]] = {
    bytes.fromhex("551d11"): (NAMES, _names),
    bytes.fromhex("551d13"): (CONSTRAINTS, _constraints),
    bytes.fromhex("551d0f"): (USAGE, _usage),
    bytes.fromhex("551d25"): (USES, _uses),
    bytes.fromhex("551d0e"): (KEY_ID, _key_id),
    bytes.fromhex("551d23"): (ISSUER_KEY_ID, _issuer_key_id),
    bytes.fromhex("2b06010505070101"): (_ACCESS, _access),
    bytes.fromhex("551d1f"): (_LISTS, _lists),
}
# Extensions that may well be critical: all clients know them.
_CRITICAL = frozenset(
    bytes.fromhex(oid) for oid in ("551d11", "551d13", "551d0f", "551d25", "551d20", "551d1f")
)
# OpenSSL decides by these too: nameConstraints, Netscape's type, proxies, addresses of networks.
_LIMITS = bytes.fromhex("551d1e")
_EVALUATED = frozenset(
    (
        _LIMITS,
        bytes.fromhex("6086480186f8420101"),
        bytes.fromhex("2b0601050507010e"),
        bytes.fromhex("2b06010505070107"),
        bytes.fromhex("2b06010505070108"),
    )
)
