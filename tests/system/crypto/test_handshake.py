"""A bundle in front of the real OpenSSL, as a server and as its client."""

from __future__ import annotations

import os
import ssl
import sys
import types
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from cycle_exec.system.crypto import handshake, key_matches
from tests.support import issued
from tests.support.issued import MIDDLE, ROOT

ACCEPTED, NO_CONNECTION = 0, -1
SIGNATURE, UNKNOWN_EXTENSION, EXCLUDED = 7, 34, 48


def refusal(*chain: x509.Certificate, trusted: x509.Certificate, kind: str = "P-256") -> int:
    key = issued.key_pem(issued.key(kind))
    return handshake.refusal(key, issued.pem(*chain), issued.pem(trusted))


def middle(*extensions: x509.ExtensionType, number: int = 101) -> x509.Certificate:
    return issued.certificate(
        MIDDLE.name,
        issued.key("P-256", number),
        ROOT,
        authority=True,
        extensions=extensions,
    )


@pytest.mark.parametrize("kind", ["RSA 2048", "RSA 1024", "P-256", "P-384", "P-521", "Ed25519"])
def test_a_good_chain_is_accepted(kind):
    """With any key, up to an intermediate or a root, whatever its dates."""
    leaf, ended = issued.leaf("a.test", kind=kind), issued.leaf("a.test", kind=kind, days=0)
    for one in (leaf, ended):
        assert refusal(one, issued.middle(), trusted=issued.middle(), kind=kind) == ACCEPTED
        assert refusal(one, issued.middle(), trusted=issued.root(), kind=kind) == ACCEPTED
    assert refusal(leaf, trusted=leaf, kind=kind) == ACCEPTED


def test_signatures_are_verified():
    """Another key of the same name."""
    other = middle(number=7)
    assert refusal(issued.leaf("a.test"), other, trusted=other) == SIGNATURE


def test_what_the_chain_says_of_itself_is_evaluated():
    """The code is OpenSSL's."""
    limits = x509.NameConstraints(None, [x509.DNSName("a.test")])
    above = middle(limits)
    assert refusal(issued.leaf("a.test"), above, trusted=above) == EXCLUDED
    assert refusal(issued.leaf("b.test"), above, trusted=above) == ACCEPTED


def test_a_pair_that_cannot_serve_has_no_connection():
    """A key of another certificate; a curve that TLS does not have."""
    leaf = issued.leaf("a.test", kind="P-384")
    assert refusal(leaf, trusted=leaf) == NO_CONNECTION
    own = ec.generate_private_key(ec.BrainpoolP256R1())
    odd = issued.pem(issued.certificate(issued.name("a"), own, MIDDLE, names=("a.test",)))
    assert handshake.refusal(issued.key_pem(own), odd, odd) == NO_CONNECTION


def test_what_openssl_cannot_read_has_no_connection():
    """Neither as a bundle nor as what is trusted."""
    key, good = issued.key_pem(issued.key()), issued.pem(issued.leaf("a.test"))
    broken = issued.pem_of(b"\x30\0")
    assert handshake.refusal(key, good, broken) == NO_CONNECTION
    assert handshake.refusal(key, broken, good) == NO_CONNECTION


def test_no_descriptor_stays():
    """Neither after a verdict nor after none."""
    before = sorted(os.listdir("/proc/self/fd"))
    test_a_pair_that_cannot_serve_has_no_connection()
    test_signatures_are_verified()
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_without_the_lean_module_ssl_serves(monkeypatch):
    """An interpreter may keep OpenSSL elsewhere."""
    monkeypatch.setitem(sys.modules, "_ssl", types.ModuleType("_ssl"))
    test_signatures_are_verified()
    test_a_good_chain_is_accepted("P-256")


def _integer(number: int) -> bytes:
    return _tagged(2, number.to_bytes(number.bit_length() // 8 + 1))


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + content


@pytest.mark.timeout(60)
def test_a_key_of_absurd_size_does_not_hold_the_start():
    """No signal ends a signature, which would take hours. Its numbers need not even be primes."""
    half = 32_768
    p, q, d, inverse = (
        int.from_bytes(os.urandom(half // 8 * size)) | 1 | 1 << (half * size - 1)
        for size in (1, 1, 2, 1)
    )
    numbers = (0, p * q, 65537, d, p, q, d % (p - 1), d % (q - 1), inverse % q)
    der = _tagged(0x30, b"".join(map(_integer, numbers)))
    key = ssl.DER_cert_to_PEM_cert(der).replace("CERTIFICATE", "RSA PRIVATE KEY")

    class Own:
        def public_key(self):
            return rsa.RSAPublicNumbers(65537, p * q).public_key()

    own: Any = Own()
    leaf = issued.certificate(issued.name("a.test"), own, MIDDLE, names=("a.test",))
    chain = issued.pem(leaf, issued.middle())
    assert key_matches.mismatch(key, chain) is None
    assert handshake.refusal(key, chain, issued.pem(issued.middle())) == NO_CONNECTION
