"""Odd keys and signatures: short and very long ones, old hashes, curves that few have."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from math import lcm, prod
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.planning.certificates.oracle.bundles import (
    HOST,
    KEY,
    MIDDLE,
    MIDDLE_PEM,
    ROOT,
    ROOT_PEM,
    Bundle,
    Later,
    chain_by_openssl,
    openssl,
)
from tests.planning.certificates.oracle.forge import (
    bits,
    ca,
    certificate,
    dns,
    integer,
    oid,
    sequence,
    usage,
)
from tests.planning.certificates.oracle.odd import leaf, middle
from tests.support import issued
from tests.support.issued import Issuer, key_pem


def _signed(issuer_key: str, issuer: str, own: str, *options: str) -> str:
    """A leaf that openssl signs with options for its signature."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "key").write_text(own)
        (home / "ca.key").write_text(issuer_key)
        (home / "ca.pem").write_text(issuer)
        (home / "ext").write_text(f"subjectAltName=DNS:{HOST}\n")
        request = openssl("req", "-new", "-key", f"{home}/key", "-subj", "/CN=x")
        return openssl(
            *("x509", "-req", "-CA", f"{home}/ca.pem", "-CAkey", f"{home}/ca.key", *options),
            *("-days", "60", "-extfile", f"{home}/ext", "-set_serial", "77"),
            given=request,
        )


def leaves() -> Iterator[Bundle | Later]:
    """Keys of leaves."""
    for name, *options in (
        ("RSA", "-pkeyopt", "rsa_keygen_bits:512"),
        ("RSA", "-pkeyopt", "rsa_keygen_bits:2047"),
        ("RSA", "-pkeyopt", "rsa_keygen_bits:4096"),
        ("RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"),
        ("RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_primes:3"),
        ("RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_pss_keygen_md:sha256"),
        ("RSA-PSS", "-pkeyopt", "rsa_keygen_bits:1024"),
        ("EC", "-pkeyopt", "ec_paramgen_curve:secp224r1"),
        ("EC", "-pkeyopt", "ec_paramgen_curve:prime192v1"),
        ("EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1"),
        ("EC", "-pkeyopt", "ec_paramgen_curve:sect283k1"),
        ("EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"),
    ):
        title = " ".join((name, *options[1::2]))
        yield Later(f"odd leaves: {title}", partial(chain_by_openssl, name, *options))
    yield Later("odd leaves: RSA of 16384 bits", partial(_large_leaf, 16))
    yield Later("odd leaves: RSA of more than 16384 bits", partial(_large_leaf, 17))
    for name, first in (
        ("signs", 0x80),
        ("enciphers", 0x20),
        ("both", 0xA0),
        ("agrees", 0x08),
        ("lists", 0x02),
    ):
        yield Later(f"odd leaves: RSA that {name}", partial(_rsa_leaf, first))


def _large_leaf(primes: int) -> tuple[str, str]:
    """A leaf whose key works, but whose two factors are products of primes of 1024 bits: those are
    found in no time.
    """
    pairs = [issued.key("RSA 2048", 600 + index) for index in range((primes + 1) // 2)]
    found = [prime for own in pairs for prime in _factors(own)][:primes]
    first, second = prod(found[::2]), prod(found[1::2])
    exponent = 65537
    orders = [lcm(*(prime - 1 for prime in half)) for half in (found[::2], found[1::2])]
    private = [pow(exponent, -1, order) for order in (lcm(*orders), *orders)]
    numbers = (0, first * second, exponent, private[0], first, second, *private[1:])
    text = sequence(*map(integer, (*numbers, pow(second, -1, first))))
    public = sequence(
        sequence(oid("1.2.840.113549.1.1.1"), b"\5\0"),
        bits(sequence(integer(first * second), integer(exponent))),
    )
    made = certificate("odd", public, MIDDLE, dns(HOST))
    return made + MIDDLE_PEM, issued.pem_of(text).replace("CERTIFICATE", "RSA PRIVATE KEY")


def _factors(own: issued.Key) -> tuple[int, int]:
    assert isinstance(own, rsa.RSAPrivateKey)
    numbers = own.private_numbers()
    return numbers.p, numbers.q


def _rsa_leaf(first: int) -> tuple[str, str]:
    own = issued.key("RSA 2048", 206)
    return certificate("odd", own, MIDDLE, dns(HOST), usage(first)) + MIDDLE_PEM, key_pem(own)


def signatures() -> Iterator[Later]:
    """Signatures of leaves and of their issuers."""
    for digest in ("md5", "sha1", "sha224", "sha384", "sha512", "sha3-256", "ripemd160"):
        for kind in ("RSA 2048", "P-256"):
            if kind == "RSA 2048" or digest not in ("md5", "ripemd160"):
                make = partial(_by, kind, f"-{digest}")
                yield Later(f"odd signatures: {digest} by {kind}", make)
    for digest in ("sha1", "sha256", "sha512"):
        make = partial(_by, "RSA 2048", f"-{digest}", "-sigopt", "rsa_padding_mode:pss")
        yield Later(f"odd signatures: PSS with {digest}", make)
    for kind in ("RSA 1024", "RSA 3072", "P-384", "P-521"):
        yield Later(f"odd signatures: by {kind}", partial(_by, kind, "-sha256"))
    yield Later("odd signatures: by Ed25519", partial(_by, "Ed25519"))
    for name, *options in (
        ("Ed448",),
        ("EC", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1"),
        ("EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"),
        ("RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"),
    ):
        title = " ".join((name, *options[1:]))
        yield Later(f"odd signatures: by {title}", partial(_by_openssl, name, *options))
    yield Later("odd signatures: the root with SHA-1", _below_sha_1)
    make = partial(_by_openssl, "RSA", "-pkeyopt", "rsa_keygen_bits:2048", digest="-sha1")
    yield Later("odd signatures: the issuer's with SHA-1", make)
    for name, exponent, modulus in (
        ("exponent 1", 1, 2**2047 + 1),
        ("modulus even", 65537, 2**2048 - 2),
        ("modulus of 15000 bits", 65537, (2**11213 - 1) * (2**4423 - 1)),
        ("modulus of 20000 bits", 65537, (2**11213 - 1) * (2**9689 - 1)),
    ):
        make = partial(_below_rsa, exponent, modulus)
        yield Later(f"odd signatures: issuer's RSA {name}", make)


def _by(kind: str, *options: str) -> tuple[str, str]:
    """A leaf that such a key has signed."""
    by = Issuer(MIDDLE.name, issued.key(kind, 501))
    above = middle(own=by)
    return _signed(key_pem(by.key), above, KEY, *options) + above, KEY


def _by_openssl(name: str, *options: str, digest: str = "-sha256") -> tuple[str, str]:
    """A leaf that a key of openssl has signed. digest: of its issuer's signature."""
    text = openssl("genpkey", "-algorithm", name, *options)
    above = _issuer(text, digest)
    return _signed(text, above, KEY) + above, KEY


def _below_sha_1() -> tuple[str, str]:
    return leaf() + middle() + _root_by_sha_1(), KEY


def _below_rsa(exponent: int, modulus: int) -> tuple[str, str]:
    """A leaf whose issuer has this public key, and did not sign it."""
    public = sequence(
        sequence(oid("1.2.840.113549.1.1.1"), b"\5\0"),
        bits(sequence(integer(modulus), integer(exponent))),
    )
    above = certificate("", public, ROOT, ca(), subject=MIDDLE.name.public_bytes())
    return leaf(by=Issuer(MIDDLE.name, issued.key("RSA 2048", 501))) + above, KEY


def _issuer(text: str, *options: str) -> str:
    """An intermediate with this key, by openssl, signed by the root."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "key").write_text(text)
        (home / "ca.key").write_text(key_pem(ROOT.key))
        (home / "ca.pem").write_text(ROOT_PEM)
        (home / "ext").write_text("basicConstraints=critical,CA:TRUE\n")
        name = f"/CN={MIDDLE.name.rfc4514_string().removeprefix('CN=')}"
        request = openssl("req", "-new", "-key", f"{home}/key", "-subj", name)
        return openssl(
            *("x509", "-req", "-CA", f"{home}/ca.pem", "-CAkey", f"{home}/ca.key", *options),
            *("-days", "60", "-extfile", f"{home}/ext", "-set_serial", "78"),
            given=request,
        )


def _root_by_sha_1() -> str:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "ca.key").write_text(key_pem(ROOT.key))
        name = f"/CN={ROOT.name.rfc4514_string().removeprefix('CN=')}"
        return openssl(
            "req", "-x509", "-new", "-key", f"{home}/ca.key", "-subj", name, "-sha1", "-days", "60"
        )
