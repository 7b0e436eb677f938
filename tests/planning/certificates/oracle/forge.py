"""Certificates put together byte by byte: whatever no library would make."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID

from tests.support.issued import DAY, Issuer, Key, pem_of

Extension = tuple[str, bool, bytes]
_SIGNED_BY_EC, _SIGNED_BY_RSA = "1.2.840.10045.4.3.2", "1.2.840.113549.1.1.11"


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element."""
    content = b"".join(parts)
    if len(content) < 128:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 128 + len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE."""
    return tlv(0x30, *parts)


def integer(value: int) -> bytes:
    """An INTEGER."""
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = map(int, dotted.split("."))
    found = b""
    for number in (first * 40 + second, *rest):
        digits = bytes((number & 127,))
        while number := number >> 7:
            digits = bytes((number & 127 | 128,)) + digits
        found += digits
    return tlv(6, found)


def octets(content: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(4, content)


def bits(content: bytes, unused: int = 0) -> bytes:
    """A BIT STRING."""
    return tlv(3, bytes((unused,)), content)


def utc(text: str) -> bytes:
    """A UTCTime, whatever its text."""
    return tlv(0x17, text.encode())


def general(text: str) -> bytes:
    """A GeneralizedTime, whatever its text."""
    return tlv(0x18, text.encode())


def moment(seconds: float) -> bytes:
    """A time as RFC 5280 wants it until 2050."""
    return utc(datetime.fromtimestamp(seconds, UTC).strftime("%y%m%d%H%M%SZ"))


def spki(own: Key) -> bytes:
    """The public key of a private one."""
    encoding = serialization.Encoding.DER
    return own.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def dns(*names: str | bytes) -> Extension:
    """A subjectAltName of DNS names."""
    return names_of(*((0x82, one) for one in names))


def names_of(*names: tuple[int, str | bytes], critical: bool = False) -> Extension:
    """A subjectAltName of names of any kind, by tag."""
    parts = (tlv(tag, one.encode("latin-1") if isinstance(one, str) else one) for tag, one in names)
    return "2.5.29.17", critical, sequence(*parts)


def ca(length: int | None = None, *, authority: bool = True) -> Extension:
    """The basicConstraints."""
    flag = b"\1\1\xff" if authority else b""
    return "2.5.29.19", True, sequence(flag, b"" if length is None else integer(length))


def key_id(own: Key) -> Extension:
    """A key identifier made of the key."""
    digest = x509.SubjectKeyIdentifier.from_public_key(own.public_key()).digest
    return "2.5.29.14", False, octets(digest)


def issuer_key_id(own: Key) -> Extension:
    """The identifier of the issuer's key."""
    digest = x509.SubjectKeyIdentifier.from_public_key(own.public_key()).digest
    return "2.5.29.35", False, sequence(tlv(0x80, digest))


def issuer_serial(name: bytes, serial: int) -> Extension:
    """The issuer's certificate by name and serial number."""
    inner = tlv(0xA1, tlv(0xA4, name)), tlv(0x82, integer(serial)[2:])
    return "2.5.29.35", False, sequence(*inner)


def uses(*found: str, critical: bool = False) -> Extension:
    """The extendedKeyUsage."""
    return "2.5.29.37", critical, sequence(*map(oid, found))


def usage(first: int, *more: int) -> Extension:
    """The keyUsage, by its bytes."""
    return "2.5.29.15", True, bits(bytes((first, *more)))


def constraints(
    permitted: str | bytes | None = None,
    excluded: str | bytes | None = None,
    *,
    critical: bool = True,
    kind: int = 0x82,
) -> Extension:
    """The nameConstraints, of DNS names unless another tag is given."""
    parts = (
        tlv(tag, sequence(tlv(kind, one.encode() if isinstance(one, str) else one)))
        for tag, one in ((0xA0, permitted), (0xA1, excluded))
        if one is not None
    )
    return "2.5.29.30", critical, sequence(*parts)


URI = tlv(0x86, b"http://ca.test/l.crl")
POINT = sequence(tlv(0xA0, tlv(0xA0, URI)))


def points(*found: bytes, critical: bool = False) -> Extension:
    """The cRLDistributionPoints."""
    return "2.5.29.31", critical, sequence(*found)


def certificate(
    common: str,
    own: Key | bytes,
    by: Issuer,
    *extensions: Extension,
    version: int | None = 2,
    serial: bytes | None = None,
    subject: bytes | None = None,
    not_before: bytes | None = None,
    not_after: bytes | None = None,
    inner: bytes | None = None,
    outer: bytes | None = None,
    signature: bytes | None = None,
    behind: bytes = b"",
    unique: bytes = b"",
) -> str:
    """One certificate as PEM. Every member but the names can be given raw."""
    now = time.time()
    is_rsa = isinstance(by.key, rsa.RSAPrivateKey)
    algorithm = sequence(oid(_SIGNED_BY_RSA), b"\5\0") if is_rsa else sequence(oid(_SIGNED_BY_EC))
    if subject is None:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]).public_bytes()
    listed = (
        sequence(oid(kind), b"\1\1\xff" if critical else b"", octets(value))
        for kind, critical, value in extensions
    )
    body = sequence(
        b"" if version is None else tlv(0xA0, integer(version)),
        serial if serial is not None else integer(4711),
        inner if inner is not None else algorithm,
        by.name.public_bytes(),
        sequence(not_before or moment(now - DAY), not_after or moment(now + 60 * DAY)),
        subject,
        own if isinstance(own, bytes) else spki(own),
        unique,
        tlv(0xA3, sequence(*listed)) if extensions else b"",
    )
    if signature is None:
        if isinstance(by.key, rsa.RSAPrivateKey):
            signature = by.key.sign(body, PKCS1v15(), hashes.SHA256())
        else:
            assert isinstance(by.key, ec.EllipticCurvePrivateKey)
            signature = by.key.sign(body, ec.ECDSA(hashes.SHA256()))
    made = sequence(body, outer if outer is not None else algorithm, bits(signature))
    return pem_of(made + behind)
