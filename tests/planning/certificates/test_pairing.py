"""What is certain without OpenSSL: keys and chains as authorities write them, and nothing else."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.certificates import pairing, pem
from cycle_exec.planning.certificates.der import NotDer, Reader
from cycle_exec.system.crypto import key_matches
from tests.support import issued

KINDS = ("RSA 2048", "RSA 3072", "RSA 4096", "P-256", "P-384", "P-521")
USUAL = (
    x509.KeyUsage(*(at in (0, 5) for at in range(9))),
    x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
    x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.23.140.1.2.1"), [])]),
    x509.CRLDistributionPoints(
        [x509.DistributionPoint([x509.UniformResourceIdentifier("http://c.test/l")], *[None] * 3)]
    ),
    x509.TLSFeature([x509.TLSFeatureType.status_request]),
)
ROUNDS = int(os.environ.get("PAIRING_ROUNDS", "300"))


def leaf_of(kind: str, *extensions: x509.ExtensionType) -> x509.Certificate:
    """A leaf with this kind of key and these extensions."""
    own = issued.key(kind)
    identifiers = (
        x509.SubjectKeyIdentifier.from_public_key(own.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issued.MIDDLE.key.public_key()),
    )
    return issued.certificate(
        issued.name("a.test", "Ünïcode & Sons"),
        own,
        issued.MIDDLE,
        names=("a.test", "*.a.test"),
        extensions=(*identifiers, *extensions),
    )


def fits(key: str, bundle: str) -> bool:
    """The answer to a pair in PEM."""
    blocks = pem.certificates(bundle)
    return pairing.fits(pem.private_key(key), [block.der for block in blocks])


@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_usual_pair_is_certain(kind, form):
    """RSA and the three curves, in both forms of a key, with the usual extensions and issuers."""
    bundle = issued.pem(leaf_of(kind, *USUAL), issued.middle(), issued.root())
    key = issued.key_pem(issued.key(kind), form)
    assert fits(key, bundle)
    assert key_matches.mismatch(key, bundle) is None


@pytest.mark.parametrize("other", ["RSA 2048", "P-256", "P-384"])
@pytest.mark.parametrize("kind", ["RSA 2048", "P-256", "P-384"])
def test_a_key_of_another_certificate_is_never_certain(kind, other):
    """Of the same kind and of another one."""
    bundle = issued.pem(leaf_of(kind), issued.middle())
    assert not fits(issued.key_pem(issued.key(other, 1)), bundle)


@pytest.mark.parametrize("kind", ["RSA 1024", "Ed25519"])
def test_other_kinds_are_left_to_openssl(kind):
    """Keys that some servers refuse, or that few have."""
    bundle = issued.pem(leaf_of(kind), issued.middle())
    key = issued.key_pem(issued.key(kind))
    assert not fits(key, bundle)
    assert key_matches.mismatch(key, bundle) is None


def test_other_curves_and_forms_are_left_to_openssl():
    """A curve that browsers do not have, a compressed point, an encrypted key."""
    own = ec.generate_private_key(ec.SECP256K1())
    made = issued.certificate(issued.name("a.test"), own, issued.MIDDLE, names=("a.test",))
    assert not fits(issued.key_pem(own), issued.pem(made))
    bundle = issued.pem(leaf_of("P-256"))
    locked = issued.key("P-256").private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    )
    block = pem.Block(label="PRIVATE KEY", der=locked, text="")
    assert not pairing.fits(block, [one.der for one in pem.certificates(bundle)])


@pytest.mark.parametrize(
    "extension",
    [
        x509.NameConstraints([x509.DNSName("a.test")], None),
        x509.InhibitAnyPolicy(1),
        x509.PrecertPoison(),
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x"),
        x509.SubjectAlternativeName([x509.RFC822Name("a@a.test")]),
    ],
    ids=lambda one: type(one).__name__,
)
def test_an_unusual_extension_is_left_to_openssl(extension):
    """OpenSSL may read it when it loads the certificate."""
    own = issued.key("P-256")
    made = issued.certificate(issued.name("a.test"), own, issued.MIDDLE, extensions=(extension,))
    assert not fits(issued.key_pem(own), issued.pem(made))


@pytest.mark.parametrize("number", range(3, 9))
def test_a_damaged_rsa_key_is_not_certain(number):
    """OpenSSL takes a key whose private numbers are wrong; each is looked at here."""
    der = issued.key("RSA 2048").private_bytes(
        Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    tree = parsed(der)
    body = tree[0][1]
    tag, content = body[number]
    body[number] = tag, content[:-1] + bytes((content[-1] ^ 2,))
    bundle = [one.der for one in pem.certificates(issued.pem(leaf_of("RSA 2048")))]
    for changed, certain in ((der, True), (encoded(tree), False)):
        block = pem.Block(label="RSA PRIVATE KEY", der=changed, text="")
        assert pairing.fits(block, bundle) is certain


def test_the_keys_of_others_that_fit_are_certain():
    """The pairs among cryptography's vectors: what is certain, OpenSSL loads."""
    home = Path(cryptography_vectors.__file__).parent / "x509" / "custom" / "ca"
    bundle = (home / "ca.pem").read_text()
    key = (home / "ca_key.pem").read_text()
    assert fits(key, bundle)
    assert key_matches.mismatch(key, bundle) is None
    assert not fits((home / "rsa_key.pem").read_text(), bundle)


def parsed(data: bytes) -> list[tuple[int, Any]]:
    """DER as tags with contents, or lists of such, at any depth."""
    found: list[tuple[int, Any]] = []
    reader = Reader(data)
    while reader.more:
        tag, content, _ = reader.element()
        inner: Any = content
        if tag & 0x20:
            inner = parsed(content)
        elif tag in (0x03, 0x04) and content[tag == 0x03 :][:1] in (b"\x30", b"\x03", b"\x04"):
            try:
                inner = (content[: tag == 0x03], parsed(content[tag == 0x03 :]))
            except NotDer:
                inner = content
        found.append((tag, inner))
    return found


def encoded(tree: list[tuple[int, Any]]) -> bytes:
    """The opposite of `parsed`."""
    out = b""
    for tag, inner in tree:
        if isinstance(inner, tuple):
            content = inner[0] + encoded(inner[1])
        else:
            content = inner if isinstance(inner, bytes) else encoded(inner)
        size = len(content)
        width = (size.bit_length() + 7) // 8
        length = bytes((size,)) if size < 128 else bytes((128 + width,)) + size.to_bytes(width)
        out += bytes((tag,)) + length + content
    return out


def change(tree: list[tuple[int, Any]], draw: random.Random) -> None:
    """Change one element at any depth, and leave the lengths around it right."""
    lists = [tree]
    for each in lists:
        for _, inner in each:
            below = inner[1] if isinstance(inner, tuple) else inner
            if isinstance(below, list):
                lists.append(below)
    chosen = draw.choice([each for each in lists if each])
    at = draw.randrange(len(chosen))
    tag, inner = chosen[at]
    what = draw.randrange(8)
    if what == 0:
        del chosen[at]
    elif what == 1:
        chosen.insert(at, chosen[draw.randrange(len(chosen))])
    elif what == 2:
        chosen[at] = draw.choice((1, 2, 3, 4, 5, 6, 0x0C, 0x13, 0x16, 0x17, 0x30, 0x31)), inner
    elif what == 3:
        draw.shuffle(chosen)
    elif isinstance(inner, bytes):
        content = bytearray(inner)
        for _ in range(draw.randrange(1, 3)):
            place = draw.randrange(len(content) + 1)
            content[place : place + draw.randrange(3)] = draw.randbytes(draw.randrange(3))
        chosen[at] = tag, bytes(content)
    else:
        chosen[at] = tag, draw.choice((b"", b"\0", b"\2\1\0"))


@settings(
    max_examples=ROUNDS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.integers(0, 2**64))
def test_what_is_certain_openssl_loads(seed):
    """Pairs with changed elements, in the leaf, the issuer or the key, and with changed bytes."""
    draw = random.Random(seed)
    kind = draw.choice(("RSA 2048", "P-256", "P-384"))
    chain = [issued.der(leaf_of(kind, *USUAL)), issued.der(issued.middle())]
    form = draw.choice(("pkcs8", "traditional"))
    block = pem.private_key(issued.key_pem(issued.key(kind), form))
    parts = [*chain, block.der]
    for _ in range(draw.randrange(1, 3)):
        at = draw.randrange(len(parts))
        raw = bytearray(parts[at])
        if raw and draw.random() < 0.3:
            raw[draw.randrange(len(raw))] = draw.randrange(256)
            parts[at] = bytes(raw)
            continue
        try:
            tree = parsed(parts[at])
        except NotDer:
            continue
        if tree:
            change(tree, draw)
            parts[at] = encoded(tree)
    changed = pem.Block(label=block.label, der=parts[-1], text="")
    if not pairing.fits(changed, parts[:-1]):
        return
    bundle = "".join(issued.pem_of(one) for one in parts[:-1])
    label = block.label
    key = issued.pem_of(parts[-1]).replace("CERTIFICATE", label)
    assert key_matches.mismatch(key, bundle) is None, seed
