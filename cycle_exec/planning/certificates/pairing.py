"""Whether a key certainly fits a chain, by their bytes alone.

Loading OpenSSL takes a tenth of a start, and it only compares public keys. What is written as
authorities and portals write it, in DER without a freedom taken, is compared here instead; whatever
is not beyond doubt is OpenSSL's to judge. Tests hold every "certain" against OpenSSL.
"""

from __future__ import annotations

from cycle_exec.planning.certificates.der import (
    BITS,
    BOOLEAN,
    GENERALIZED_TIME,
    INTEGER,
    OCTETS,
    OID,
    SEQUENCE,
    SET,
    UTC_TIME,
    NotDer,
    time,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cycle_exec.planning.certificates.pem import Block

    Elements = list[tuple[int, bytes]]

_RSA = bytes.fromhex("06092a864886f70d0101010500")
_RSA_BITS = range(2048, 8193)
_LARGEST_EXPONENT = 1 << 32
_EC = bytes.fromhex("06072a8648ce3d0201")
# By the name of the curve, as DER: the prime of its field, its b, and the width of a number in
# bytes (SEC 2, 2.4 to 2.6; a is -3 for each).
_CURVES = {
    bytes.fromhex("06082a8648ce3d030107"): (
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        32,
    ),
    bytes.fromhex("06052b81040022"): (
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        int(
            "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a"
            "c656398d8a2ed19d2a85c8edd3ec2aef",
            16,
        ),
        48,
    ),
    bytes.fromhex("06052b81040023"): (
        2**521 - 1,
        int(
            "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef1"
            "09e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b50"
            "3f00",
            16,
        ),
        66,
    ),
}
# Whole algorithm identifiers: RSA and ECDSA with SHA-256, SHA-384 and SHA-512.
_SIGNATURES = frozenset(
    bytes.fromhex(text)
    for text in (
        *(f"06092a864886f70d0101{last}0500" for last in ("0b", "0c", "0d")),
        *(f"06082a8648ce3d0403{last}" for last in ("02", "03", "04")),
    )
)
_VERSION_3 = b"\x02\x01\x02"
_TEXTS = {0x0C: "utf-8", 0x13: "ascii", 0x16: "ascii"}
_DNS_NAME, _URI, _ADDRESS, _KEY_ID = 0x82, 0x86, 0x87, 0x80
_FIRST, _SECOND, _FOURTH = 0xA0, 0xA1, 0xA3  # explicit tags, by their place

# Issuers that were found well-formed; most certificates of a container have the same issuers.
_seen: set[bytes] = set()
_MOST_SEEN = 32


def fits(key: Block, bundle: Sequence[bytes]) -> bool:
    """Whether OpenSSL would load this key with these certificates (DER, leaf first), for certain.

    False: it may, or may not.
    """
    try:
        public = _certificate(bundle[0])
        for issuer in bundle[1:]:
            if issuer not in _seen:
                _certificate(issuer)
                if len(_seen) < _MOST_SEEN:
                    _seen.add(issuer)
        return _private(key.label, key.der) == public
    except (NotDer, IndexError, ValueError):
        return False


def _elements(data: bytes) -> Elements:
    """Return tag and content of each element; only lengths in their one shortest form."""
    found = []
    at, size = 0, len(data)
    while at < size:
        tag, length = data[at], data[at + 1]
        at += 2
        if length >= 0x80:
            width = length - 0x80
            length = int.from_bytes(data[at : at + width], "big")
            if width not in (1, 2) or length < (0x80, 0x100)[width - 1]:
                raise NotDer
            at += width
        if at + length > size:
            raise NotDer
        found.append((tag, data[at : at + length]))
        at += length
    return found


def _only(data: bytes, tag: int) -> bytes:
    """Return the content of the one element that this is."""
    ((found, content),) = _elements(data)
    _require(found == tag)
    return content


def _contents(data: bytes, *tags: int) -> list[bytes]:
    """Return the contents of the elements, which have just these tags."""
    found = _elements(data)
    _require([tag for tag, _ in found] == list(tags))
    return [content for _, content in found]


def _require(truth: object) -> None:
    if not truth:
        raise NotDer


def _certificate(der: bytes) -> tuple[object, ...]:
    """Return the public key of a certificate of version 3. Raises NotDer for any doubt."""
    body, algorithm, signature = _contents(_only(der, SEQUENCE), SEQUENCE, SEQUENCE, BITS)
    tags = (_FIRST, INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, _FOURTH)
    version, serial, again, issuer, dates, subject, key, extensions = _contents(body, *tags)
    _require(version == _VERSION_3 and algorithm == again and algorithm in _SIGNATURES)
    _require(len(signature) > 1 and signature[0] == 0)
    _positive(serial)
    _name(issuer)
    if subject != issuer:
        _name(subject)
    validity = _elements(dates)
    _require(len(validity) == 2)
    for tag, content in validity:
        _require(tag in (UTC_TIME, GENERALIZED_TIME))
        time(tag, content)
    _extensions(_only(extensions, SEQUENCE))
    return _public(key)


def _name(content: bytes) -> None:
    for tag, part in _elements(content):
        _require(tag == SET and part)
        for inner, attribute in _elements(part):
            _require(inner == SEQUENCE)
            (first, kind), (second, text) = _elements(attribute)
            _require(first == OID and second in _TEXTS)
            _oid(kind)
            text.decode(_TEXTS[second])


def _extensions(content: bytes) -> None:
    """Require each to stand once, and those that OpenSSL reads at once to be in plain form."""
    seen = set()
    for tag, extension in _elements(content):
        _require(tag == SEQUENCE)
        members = _elements(extension)
        critical = len(members) == 3
        if critical:
            _require(members.pop(1) == (BOOLEAN, b"\xff"))
        (first, kind), (second, value) = members
        _require(first == OID and second == OCTETS and kind not in seen)
        _require(kind in _KNOWN if critical else kind in _KNOWN or kind in _UNREAD)
        seen.add(kind)
        if kind in _KNOWN:
            _KNOWN[kind](value)


def _names(value: bytes) -> None:
    names = _elements(_only(value, SEQUENCE))
    _require(names)
    for tag, name in names:
        _require(name.isascii() if tag == _DNS_NAME else tag == _ADDRESS and len(name) in (4, 16))


def _constraints(value: bytes) -> None:
    members = _elements(_only(value, SEQUENCE))
    if members:
        _require(members.pop(0) == (BOOLEAN, b"\xff"))
    if members:
        ((tag, length),) = members
        _require(tag == INTEGER and len(length) == 1 and length[0] < 0x80)


def _usage(value: bytes) -> None:
    bits = _only(value, BITS)
    _require(len(bits) in (2, 3) and bits[0] < 8 and bits[-1])
    # The last bit that is there is a one (X.690, 11.2.2).
    _require(bits[-1] & -bits[-1] == 1 << bits[0])


def _uses(value: bytes) -> None:
    uses = _elements(_only(value, SEQUENCE))
    _require(uses)
    for tag, use in uses:
        _require(tag == OID)
        _oid(use)


def _key_id(value: bytes) -> None:
    _require(_only(value, OCTETS))


def _issuer_key_id(value: bytes) -> None:
    _require(_only(_only(value, SEQUENCE), _KEY_ID))


def _lists(value: bytes) -> None:
    """Require the usual form of cRLDistributionPoints: a URI for each."""
    points = _elements(_only(value, SEQUENCE))
    _require(points)
    for tag, point in points:
        _require(tag == SEQUENCE)
        _require(_only(_only(_only(point, _FIRST), _FIRST), _URI).isascii())


_KNOWN: dict[bytes, Callable[[bytes], None]] = {
    bytes.fromhex("551d11"): _names,
    bytes.fromhex("551d13"): _constraints,
    bytes.fromhex("551d0f"): _usage,
    bytes.fromhex("551d25"): _uses,
    bytes.fromhex("551d0e"): _key_id,
    bytes.fromhex("551d23"): _issuer_key_id,
    bytes.fromhex("551d1f"): _lists,
}
# What OpenSSL does not look into when it loads a certificate: where to ask about it, policies,
# timestamps of logs, and that it is to be stapled.
_UNREAD = frozenset(
    bytes.fromhex(oid)
    for oid in ("2b06010505070101", "551d20", "2b06010401d679020402", "2b06010505070118")
)


def _public(content: bytes) -> tuple[object, ...]:
    """Return the number of an RSA key and its exponent, or the curve of a key and its point."""
    algorithm, bits = _contents(content, SEQUENCE, BITS)
    if algorithm == _RSA:
        _require(bits[0] == 0)
        n, e = map(_positive, _contents(_only(bits[1:], SEQUENCE), INTEGER, INTEGER))
        _require(n.bit_length() in _RSA_BITS and n & 1)
        _require(e & 1 and 1 < e < _LARGEST_EXPONENT)
        return n, e
    curve = _curve(algorithm)
    return curve, _point(curve, bits)


def _private(label: str, der: bytes) -> tuple[object, ...]:
    """Return the public key of a private one whose numbers agree with each other.

    Of a key of a curve that is the one written beside it.
    """
    content = _only(der, SEQUENCE)
    if label == "RSA PRIVATE KEY":
        return _rsa(content)
    if label == "EC PRIVATE KEY":
        return _ec(content, b"")
    version, algorithm, inner = _contents(content, INTEGER, SEQUENCE, OCTETS)
    _require(label == "PRIVATE KEY" and version == b"\0")
    if algorithm == _RSA:
        return _rsa(_only(inner, SEQUENCE))
    return _ec(_only(inner, SEQUENCE), _curve(algorithm))


def _rsa(content: bytes) -> tuple[object, ...]:
    version, *rest = _contents(content, *([INTEGER] * 9))
    n, e, d, p, q, dp, dq, inverse = map(_positive, rest)
    _require(version == b"\0" and p > 1 and q > 1 and p * q == n)
    _require(dp == d % (p - 1) and dq == d % (q - 1) and inverse * q % p == 1)
    _require(e * dp % (p - 1) == 1 and e * dq % (q - 1) == 1)
    return n, e


def _ec(content: bytes, curve: bytes) -> tuple[object, ...]:
    (first, version), (second, number), *rest = _elements(content)
    _require((first, version, second) == (INTEGER, b"\1", OCTETS))
    if rest[0][0] == _FIRST:
        named = rest.pop(0)[1]
        _require(not curve or named == curve)
        curve = named
    ((tag, bits),) = rest
    _require(tag == _SECOND and curve in _CURVES)
    _require(len(number) == _CURVES[curve][2] and any(number))
    return curve, _point(curve, _only(bits, BITS))


def _curve(algorithm: bytes) -> bytes:
    curve = algorithm.removeprefix(_EC)
    _require(len(curve) < len(algorithm) and curve in _CURVES)
    return curve


def _point(curve: bytes, bits: bytes) -> bytes:
    """Return a point of the curve, uncompressed."""
    prime, b, width = _CURVES[curve]
    _require(len(bits) == 2 + 2 * width and bits[:2] == b"\0\4")
    x = int.from_bytes(bits[2 : 2 + width], "big")
    y = int.from_bytes(bits[2 + width :], "big")
    _require(x < prime and y < prime and (y * y - x * x * x + 3 * x - b) % prime == 0)
    return bits


def _positive(content: bytes) -> int:
    """Return a positive INTEGER in its one shortest form."""
    _require(content[0] < 0x80 and (content[0] or (len(content) > 1 and content[1] >= 0x80)))
    return int.from_bytes(content, "big")


def _oid(content: bytes) -> None:
    """Require the parts of an identifier to be in their one shortest form."""
    _require(content[-1] < 0x80)
    begins = True
    for byte in content:
        _require(not begins or byte != 0x80)
        begins = byte < 0x80
