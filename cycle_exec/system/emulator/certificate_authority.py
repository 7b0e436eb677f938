"""Certificates for the emulator, from a throw-away authority that lives as long as the process."""

from __future__ import annotations

from cycle_exec.emulator.model import Order, Pair
from cycle_exec.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

_DAY = 86400
_LEAF_DAYS = 90  # as long as the platform's own certificates are good
_LONG = 3650 * _DAY
_RSA_BITS = 2048
_LONGEST_NAME = 64  # of a common name, in characters


class Authority:
    """A root, an intermediate that it signed, and the leaves that the intermediate signs.

    now: seconds since the epoch, when it all begins. Each order is issued once.
    """

    def __init__(self, now: float) -> None:
        self._now = int(now)
        root_key, key = _key("ec"), _key("ec")
        root_name = _name("cycle-exec emulator root")
        name = _name("cycle-exec emulator intermediate")
        far = (now - _LONG, now + _LONG)
        root = self._sign(root_name, root_key, root_name, root_key, far, authority=True)
        middle = self._sign(name, key, root_name, root_key, far, authority=True)
        self._key, self._name_of_issuer = key, name
        self._middle = _pem(middle)
        self._issued: dict[Order, Pair] = {}
        self.root = _pem(root)

    def issue(self, order: Order, now: float | None = None) -> Pair:
        """Return the chain (leaf, intermediate) and the leaf's key, unencrypted PKCS#8.

        now: the days of a certificate that is issued late are counted from there.
        """
        if order not in self._issued:
            key = _key(order.key)
            first = order.domains[0]
            subject = _name(first if len(first) <= _LONGEST_NAME else "")
            now = self._now if now is None else now
            start = min(-1, order.days - _LEAF_DAYS)
            span = (now + start * _DAY, now + order.days * _DAY)
            leaf = self._sign(subject, key, self._name_of_issuer, self._key, span, order.domains)
            self._issued[order] = Pair(
                bundle=_pem(leaf) + self._middle, private_key=Secret(_private(key))
            )
        return self._issued[order]

    def _sign(
        self,
        subject: x509.Name,
        key: CertificateIssuerPrivateKeyTypes,
        issuer: x509.Name,
        issuer_key: CertificateIssuerPrivateKeyTypes,
        span: tuple[float, float],
        domains: tuple[str, ...] = (),
        *,
        authority: bool = False,
    ) -> x509.Certificate:
        """Return a certificate that is good from span[0] to span[1], seconds since the epoch."""
        from datetime import UTC, datetime

        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256

        begin, end = (datetime.fromtimestamp(int(moment), UTC) for moment in span)
        subject_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        building = (
            x509.CertificateBuilder(subject_name=subject, issuer_name=issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(_usage(authority), critical=True)
            .add_extension(subject_id, critical=False)
            .add_extension(issuer_id, critical=False)
        )
        if domains:
            names = x509.SubjectAlternativeName([x509.DNSName(domain) for domain in domains])
            purpose = x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH])
            building = building.add_extension(names, critical=False)
            building = building.add_extension(purpose, critical=False)
        return building.sign(issuer_key, SHA256())


def names(bundle: str) -> tuple[str, ...]:
    """Return the domains of a chain's first certificate; none if it cannot be read."""
    from cryptography import x509

    try:
        leaf = x509.load_pem_x509_certificate(bundle.encode())
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return tuple(found.value.get_values_for_type(x509.DNSName))
    except (ValueError, x509.ExtensionNotFound):
        return ()


def _usage(authority: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _key(kind: str) -> CertificateIssuerPrivateKeyTypes:
    if kind == "rsa":
        from cryptography.hazmat.primitives.asymmetric import rsa

        return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)] if text else [])


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _private(key: CertificateIssuerPrivateKeyTypes) -> str:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
