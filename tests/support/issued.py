"""Certificates for tests, made with cryptography: any key, any names, any dates, any chain."""

from __future__ import annotations

import ssl
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from cycle_exec.secret import Secret
from cycle_exec.sources.model import Certificate

NOW = 1_800_000_000
DAY = 86_400

_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
}
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def key(kind: str = "P-256", number: int = 0) -> Key:
    """The same key for the same kind ("RSA 2048", "P-256", "P-384", "Ed25519") and number."""
    return _key(kind, number)


@cache
def _key(kind: str, number: int) -> Key:
    if kind.startswith("RSA"):
        return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.split()[1]))
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(_CURVES[kind])


class Issuer(NamedTuple):
    """Who signs, by name and key."""

    name: x509.Name
    key: Key


def name(common: str = "", organization: str = "") -> x509.Name:
    """A distinguished name; empty members are left out."""
    members = ((NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in members if text])


ROOT = Issuer(name("Test root"), key("P-256", 100))
MIDDLE = Issuer(name("Test intermediate", "Test & Sons"), key("P-256", 101))
# Dates of those that sign: around all that they sign.
EARLY, LATE = NOW - 900 * DAY, NOW + 900 * DAY


def certificate(
    subject: x509.Name,
    own: Key,
    issuer: Issuer,
    *,
    names: tuple[str, ...] = (),
    not_before: int = NOW - DAY,
    not_after: int = NOW + 60 * DAY,
    authority: bool = False,
    extensions: tuple[x509.ExtensionType, ...] = (),
    critical: tuple[x509.ExtensionType, ...] = (),
) -> x509.Certificate:
    """One certificate; dates in seconds since the epoch. extensions, critical: further ones."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    building = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer.name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(epoch + timedelta(seconds=not_before))
        .not_valid_after(epoch + timedelta(seconds=not_after))
    )
    if not any(isinstance(one, x509.BasicConstraints) for one in extensions):
        constraints = x509.BasicConstraints(ca=authority, path_length=None)
        building = building.add_extension(constraints, critical=True)
    for extension in extensions:
        building = building.add_extension(extension, critical=False)
    for extension in critical:
        building = building.add_extension(extension, critical=True)
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(one) for one in names])
        building = building.add_extension(alternative, critical=False)
    is_ed = isinstance(issuer.key, ed25519.Ed25519PrivateKey)
    return building.sign(issuer.key, None if is_ed else hashes.SHA256())


def pem(*certificates: x509.Certificate) -> str:
    """Certificates as PEM, in the order given."""
    encoded = (one.public_bytes(serialization.Encoding.PEM) for one in certificates)
    return b"".join(encoded).decode()


def der(one: x509.Certificate) -> bytes:
    """A certificate as DER."""
    return one.public_bytes(serialization.Encoding.DER)


def key_pem(own: Key, form: str = "pkcs8", password: str = "") -> str:
    """A private key as PEM; form "pkcs8" or "traditional"."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password.encode())
    form_of = serialization.PrivateFormat
    chosen = form_of.PKCS8 if form == "pkcs8" else form_of.TraditionalOpenSSL
    return own.private_bytes(serialization.Encoding.PEM, chosen, encryption).decode()


def base64(text: str) -> str:
    """Base64 of a text, in one line: what the platform gives."""
    return b64encode(text.encode()).decode()


@cache
def root() -> x509.Certificate:
    """The self-signed root."""
    return certificate(ROOT.name, ROOT.key, ROOT, authority=True, not_before=EARLY, not_after=LATE)


@cache
def middle() -> x509.Certificate:
    """The intermediate that signs leaves."""
    return certificate(
        MIDDLE.name, MIDDLE.key, ROOT, authority=True, not_before=EARLY, not_after=LATE
    )


def leaf(*names: str, kind: str = "P-256", days: int = 60, start: int = -1) -> x509.Certificate:
    """A leaf that is good from `start` to `days`, counted in days from NOW; the same each time."""
    return _leaf(names, kind, days, start)


@cache
def _leaf(names: tuple[str, ...], kind: str, days: int, start: int) -> x509.Certificate:
    return certificate(
        name(names[0]),
        key(kind),
        MIDDLE,
        names=names,
        not_before=NOW + start * DAY,
        not_after=NOW + days * DAY,
    )


def answer(
    *names: str,
    kind: str = "P-256",
    days: int = 60,
    start: int = -1,
    bundle: str | None = None,
    private_key: str | None = None,
    domains: tuple[str, ...] | None = None,
    identifier: str = "id-1",
) -> Certificate:
    """A certificate as the API gives it: leaf and intermediate, unless a bundle is given."""
    if bundle is None:
        bundle = pem(leaf(*names, kind=kind, days=days, start=start), middle())
    return Certificate(
        id=identifier,
        domains=names if domains is None else domains,
        bundle=Secret(bundle),
        private_key=Secret(key_pem(key(kind)) if private_key is None else private_key),
    )


def pem_of(content: bytes) -> str:
    """DER as PEM, whatever it is."""
    return ssl.DER_cert_to_PEM_cert(content)
