"""The throw-away authority: what it issues holds before strict eyes."""

from __future__ import annotations

import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from cycle_exec.emulator.model import Order
from cycle_exec.system.emulator import certificate_authority

NOW = time.time()


@pytest.fixture(scope="module")
def authority():
    return certificate_authority.Authority(NOW)


def verified(authority, pair, name):
    leaf, *middle = x509.load_pem_x509_certificates(pair.bundle.encode())
    store = Store([x509.load_pem_x509_certificate(authority.root.encode())])
    verifier = PolicyBuilder().store(store).build_server_verifier(x509.DNSName(name))
    verifier.verify(leaf, middle)
    return leaf, middle


@pytest.mark.parametrize(
    ("key", "kind"), [("ec", ec.EllipticCurvePrivateKey), ("rsa", rsa.RSAPrivateKey)]
)
def test_a_chain_verifies_and_its_key_fits(authority, key, kind):
    """Leaf first, then the intermediate that signed it; the root is kept apart."""
    pair = authority.issue(Order(domains=("a.test", "*.b.test"), days=30, key=key))
    leaf, middle = verified(authority, pair, "x.b.test")
    assert len(middle) == 1
    assert leaf.issuer == middle[0].subject
    private = load_pem_private_key(pair.private_key.reveal().encode(), None)
    assert isinstance(private, kind)
    assert private.public_key() == leaf.public_key()
    assert pair.private_key.reveal().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert certificate_authority.names(pair.bundle) == ("a.test", "*.b.test")


def test_an_expired_certificate_is_expired(authority):
    """Negative days lie in the past, and a verifier refuses."""
    pair = authority.issue(Order(domains=("old.test",), days=-2))
    leaf = x509.load_pem_x509_certificate(pair.bundle.encode())
    assert leaf.not_valid_before_utc < leaf.not_valid_after_utc
    assert leaf.not_valid_after_utc.timestamp() == int(NOW) - 2 * 86400
    with pytest.raises(VerificationError):
        verified(authority, pair, "old.test")


def test_an_order_is_issued_once(authority):
    """The same order gives the same pair for as long as the authority lives."""
    order = Order(domains=("a.test",), days=1)
    assert authority.issue(order) is authority.issue(Order(domains=("a.test",), days=1))
    assert authority.issue(order) != authority.issue(order.replace(days=2))


def test_a_long_domain_has_no_common_name(authority):
    """A common name has 64 characters at most; the name is in the certificate all the same."""
    name = "a" * 60 + ".example.test"
    pair = authority.issue(Order(domains=(name,)))
    assert certificate_authority.names(pair.bundle) == (name,)


@pytest.mark.parametrize("text", ["", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_has_no_names(text):
    """A bundle that cannot be read is served as it is, without domains."""
    assert certificate_authority.names(text) == ()


def test_a_later_issue_lasts_as_much_longer(authority):
    """The days are counted from the moment of the order."""
    later = NOW + 10 * 86400
    [first, second] = [
        x509.load_pem_x509_certificate(authority.issue(order, now).bundle.encode())
        for order, now in (
            (Order(domains=("late.test",)), NOW),
            (Order(domains=("late.test",), mark="2"), later),
        )
    ]
    assert (second.not_valid_after_utc - first.not_valid_after_utc).days == 10
    assert first.serial_number != second.serial_number
    again = authority.issue(Order(domains=("late.test",)), later)
    assert x509.load_pem_x509_certificate(again.bundle.encode()) == first
