"""PKCS #12 files, made and compared; the only importer of cryptography for certificates.

A keystore has random salts, so two of the same pair are never alike. One that is there already
and holds the same is therefore kept, byte for byte: nothing is written and no app is disturbed
while the certificate is the same. (Salts made from the content would do it too, but no library
takes them, and to write the format by hand for that is not worth the risk.)
"""

from __future__ import annotations

import os

from cycle_exec.system.crypto import limited
from cycle_exec.system.exec import prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.serialization import KeySerializationEncryption
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12PrivateKeyTypes
    from cryptography.x509 import Certificate

    from cycle_exec.secret import Secret, SecretBytes

# Seconds; one of ours with an RSA key of 4096 bits takes some tenths, of 8192 bits some seconds.
_LONGEST = 5


def ready() -> None:
    """Import what it takes, while there is time."""
    from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: F401


def made(
    old: SecretBytes | None, alias: str, privkey: str, fullchain: str, password: Secret
) -> bytes | str:
    """Return a keystore of key and chain (PEM), or why there can be none, in our words.

    old: the one that is there; it is the answer if it opens with the password and holds the same.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

    opening = password.reveal().encode()
    try:
        # OpenSSL has found that it is the leaf's key; to prove its primes takes seconds.
        loaded = load_pem_private_key(privkey.encode(), None, unsafe_skip_rsa_key_validation=True)
        key = _storable(loaded)
        leaf, *chain = x509.load_pem_x509_certificates(fullchain.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "its key or chain is of a kind that keystores do not support"
    if old is not None and _holds(old.reveal(), opening, alias, key, leaf, chain):
        return old.reveal()
    return pkcs12.serialize_key_and_certificates(
        alias.encode(), key, leaf, chain, _encryption(opening)
    )


def _encryption(password: bytes) -> KeySerializationEncryption:
    """AES-256 and SHA-256 for all three parts: Java 8u301, 11.0.12 and newer read it."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import PrivateFormat
    from cryptography.hazmat.primitives.serialization.pkcs12 import PBES

    building = PrivateFormat.PKCS12.encryption_builder()
    building = building.key_cert_algorithm(PBES.PBESv2SHA256AndAES256CBC)
    return building.hmac_hash(SHA256()).build(password)


def _storable(key: object) -> PKCS12PrivateKeyTypes:
    """Return the key, if a keystore can hold its kind. Raises TypeError."""
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey):
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return key
    raise TypeError


def _holds(
    content: bytes,
    password: bytes,
    alias: str,
    key: PKCS12PrivateKeyTypes,
    leaf: Certificate,
    chain: list[Certificate],
) -> bool:
    """Whether a keystore opens and has exactly this in it.

    Found out in a child that can be killed: whoever could write the file chose how many rounds it
    takes to open it, and OpenSSL hears no signal meanwhile.
    """
    prctl.found()
    own = os.getpid()

    def found() -> bytes:
        prctl.belong_to(own)
        return b"\1" if _is_same(content, password, alias, key, leaf, chain) else b"\0"

    try:
        same = limited.within(_LONGEST, found)
    except OSError:
        return False
    return same == b"\1"


def _is_same(
    content: bytes,
    password: bytes,
    alias: str,
    key: PKCS12PrivateKeyTypes,
    leaf: Certificate,
    chain: list[Certificate],
) -> bool:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        found = pkcs12.load_pkcs12(content, password)
        held = _storable(found.key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return (
        found.cert is not None
        and found.cert.friendly_name == alias.encode()
        and found.cert.certificate == leaf
        and [each.certificate for each in found.additional_certs] == chain
        and _encoded(held) == _encoded(key)
    )


def _encoded(key: PKCS12PrivateKeyTypes) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
