"""What cryptography's parser says of a certificate, in every field that we judge by."""

from __future__ import annotations

import warnings

from cryptography import x509 as reference
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import AuthorityInformationAccessOID
from cryptography.x509.oid import ExtensionOID as Oid

from cycle_exec.planning.certificates import x509
from cycle_exec.planning.certificates.x509 import Parsed

# What it raises for what it takes for no certificate.
NO_CERTIFICATE = (
    *(ValueError, TypeError, UnsupportedAlgorithm, reference.InvalidVersion),
    *(reference.DuplicateExtension, reference.UnsupportedGeneralNameType),
)


def fields(der: bytes) -> dict[str, object]:
    """By the names of Parsed. Raises one of NO_CERTIFICATE."""
    with warnings.catch_warnings():
        # It warns of much that it then accepts.
        warnings.simplefilter("ignore")
        return _fields(reference.load_der_x509_certificate(der))


def _fields(certificate: reference.Certificate) -> dict[str, object]:
    found: dict[str, object] = {
        "issuer": certificate.issuer.public_bytes(),
        "subject": certificate.subject.public_bytes(),
        "not_before": certificate.not_valid_before_utc.timestamp(),
        "not_after": certificate.not_valid_after_utc.timestamp(),
        "serial": certificate.serial_number,
        "names": (),
        "authority": None,
        "path_length": None,
        "usage": None,
        "uses": None,
        "key_id": b"",
        "issuer_key_id": b"",
        "issuer_serial": None,
        "names_its_issuer": False,
    }
    for extension in certificate.extensions:
        found.update(_extension(extension.oid, extension.value))
    return found


def _extension(oid: reference.ObjectIdentifier, value: object) -> dict[str, object]:
    if isinstance(value, reference.SubjectAlternativeName):
        names = value.get_values_for_type(reference.DNSName)
        return {"names": tuple(name.lower() for name in names if name.isascii())}
    if isinstance(value, reference.BasicConstraints):
        return {"authority": value.ca, "path_length": value.path_length}
    if isinstance(value, reference.KeyUsage):
        bits = (
            (x509.SIGNS, value.digital_signature),
            (x509.ENCIPHERS, value.key_encipherment),
            (x509.AGREES, value.key_agreement),
            (x509.SIGNS_CERTIFICATES, value.key_cert_sign),
        )
        return {"usage": sum(bit for bit, on in bits if on)}
    if isinstance(value, reference.ExtendedKeyUsage):
        return {"uses": frozenset(one.dotted_string for one in value)}
    if isinstance(value, reference.SubjectKeyIdentifier):
        return {"key_id": value.digest}
    if isinstance(value, reference.AuthorityKeyIdentifier):
        return {
            "issuer_key_id": value.key_identifier or b"",
            "issuer_serial": value.authority_cert_serial_number,
        }
    if oid == Oid.AUTHORITY_INFORMATION_ACCESS and isinstance(
        value, reference.AuthorityInformationAccess
    ):
        named = any(
            one.access_method == AuthorityInformationAccessOID.CA_ISSUERS
            and isinstance(one.access_location, reference.UniformResourceIdentifier)
            for one in value
        )
        return {"names_its_issuer": named}
    return {}


def ours(parsed: Parsed) -> dict[str, object]:
    """The same fields of our own reader, in the same form."""
    bits = x509.SIGNS | x509.ENCIPHERS | x509.AGREES | x509.SIGNS_CERTIFICATES
    uses = parsed.uses
    serial = parsed.issuer_serial
    return {
        "issuer": parsed.issuer,
        "subject": parsed.subject,
        "not_before": parsed.not_before,
        "not_after": parsed.not_after,
        "serial": int.from_bytes(parsed.serial, "big", signed=True),
        "names": parsed.names,
        "authority": parsed.authority,
        "path_length": parsed.path_length,
        "usage": None if parsed.usage is None else parsed.usage & bits,
        "uses": None if uses is None else frozenset(map(_dotted, uses)),
        "key_id": parsed.key_id,
        "issuer_key_id": parsed.issuer_key_id,
        "issuer_serial": int.from_bytes(serial, "big", signed=True) if serial else None,
        "names_its_issuer": parsed.names_its_issuer,
    }


def _dotted(oid: bytes) -> str:
    numbers, number = [], 0
    for byte in oid:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))
