"""PKCS #12 files: what Java and OpenSSL read, and that the same pair stays the same file."""

from __future__ import annotations

import subprocess

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.system.crypto import encryption, keystore
from tests.support import issued

PASSWORD = Secret("pass word'\"\\$#")
pytestmark = pytest.mark.needs("openssl")
PAIRS = ["P-256", "P-384", "RSA 2048", "Ed25519"]


def made(kind="P-256", old=None, alias="a.test", password=PASSWORD, chain=True):
    certificates = [issued.leaf("a.test", kind=kind), *([issued.middle()] if chain else [])]
    found = keystore.made(
        None if old is None else SecretBytes(old),
        alias,
        issued.key_pem(issued.key(kind)),
        issued.pem(*certificates),
        password,
    )
    assert isinstance(found, bytes), found
    return found


@pytest.mark.parametrize("kind", PAIRS)
def test_openssl_reads_key_leaf_and_chain(kind, tmp_path):
    """All of it, in the order that servers send."""
    path = tmp_path / "keystore.p12"
    path.write_bytes(made(kind))
    words = ["openssl", "pkcs12", "-in", path, "-nodes", "-passin", "stdin"]
    done = subprocess.run(
        words, input=PASSWORD.reveal(), capture_output=True, text=True, check=True
    )
    found = [line for line in done.stdout.splitlines() if "friendlyName" in line]
    assert found == ["    friendlyName: a.test"] * 2  # of the certificate, and of the key
    blocks = done.stdout.count("BEGIN CERTIFICATE"), done.stdout.count("PRIVATE KEY-----\n")
    assert blocks == (2, 2)


@pytest.mark.needs("keytool")
@pytest.mark.parametrize("kind", PAIRS)
def test_java_reads_it(kind, tmp_path):
    """keytool finds one private key with its whole chain."""
    path = tmp_path / "keystore.p12"
    path.write_bytes(made(kind))
    (tmp_path / "password").write_text(PASSWORD.reveal())
    words = ["keytool", "-J-Duser.language=en", "-list", "-v", "-keystore", path]
    words += ["-storetype", "PKCS12", "-storepass:file", tmp_path / "password"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    for line in ("Alias name: a.test", "Entry type: PrivateKeyEntry", "chain length: 2"):
        assert line in done.stdout, done.stdout


def test_it_is_encrypted_with_aes_and_sha256(tmp_path):
    """No part with the old ciphers, which OpenSSL 3 has put aside."""
    path = tmp_path / "keystore.p12"
    path.write_bytes(made())
    words = ["openssl", "pkcs12", "-in", path, "-info", "-noout", "-passin", "stdin"]
    done = subprocess.run(
        words, input=PASSWORD.reveal(), capture_output=True, text=True, check=True
    )
    said = done.stderr.splitlines()
    assert said[0].startswith("MAC: sha256, Iteration 2")
    sealed = [line for line in said if "PBES2" in line]
    assert len(sealed) == 2
    assert all("AES-256-CBC" in line and "hmacWithSHA256" in line for line in sealed)


def test_the_same_pair_keeps_the_file():
    """Salts are random, so what is there and holds the same is the answer; anything else is not."""
    old = made()
    assert made() != old
    assert made(old=old) == old
    other = pkcs12.serialize_key_and_certificates(
        b"a.test", None, issued.leaf("a.test"), None, serialization.NoEncryption()
    )
    different = [
        made("P-384"),
        made(alias="b.test"),
        made(password=Secret("another")),
        made(chain=False),
        other,
        old[:-1],
        b"",
    ]
    for one in different:
        assert made(old=one) not in (one, old)


def test_a_renewed_certificate_of_the_same_key_is_another_file():
    """The key alone does not make it the same."""
    key, old = issued.key_pem(issued.key()), made()
    renewed = issued.pem(issued.leaf("a.test", days=90), issued.middle())
    found = keystore.made(SecretBytes(old), "a.test", key, renewed, PASSWORD)
    assert isinstance(found, bytes)
    assert found != old


def test_what_no_keystore_holds_is_said_in_our_words():
    """Without a traceback, and without what was given."""
    reason = "its key or chain is of a kind that keystores do not support"
    key, chain = issued.key_pem(issued.key()), issued.pem(issued.leaf("a.test"))
    odd = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "X25519"], capture_output=True, text=True, check=True
    ).stdout
    for pair in (("c4n4ry", chain), (key, "c4n4ry"), (odd, chain)):
        assert keystore.made(None, "a.test", *pair, PASSWORD) == reason
    assert encryption.available()


@pytest.mark.timeout(180)
def test_one_that_takes_for_ever_to_open_is_not_the_same():
    """Who may write the file chooses the number of rounds; the start is not his to hold."""
    old = bytearray(made())
    assert old[-4:] == b"\x02\x02\x08\x00"  # the rounds of its MAC, at the end of all
    ends = [
        at
        for at in range(4, len(old))
        if old[at] == 0x30 and old[at + 1] < 0x80 and at + 2 + old[at + 1] == len(old)
    ]
    old[-4:] = b"\x02\x04\x7f\xff\xff\xff"
    old[ends[0] + 1] += 2
    old[2:4] = (int.from_bytes(old[2:4], "big") + 2).to_bytes(2, "big")
    words = ["openssl", "asn1parse", "-inform", "DER"]
    shown = subprocess.run(words, input=bytes(old), capture_output=True, check=True).stdout
    assert shown.endswith(b"INTEGER           :7FFFFFFF\n")
    assert made(old=bytes(old)) != bytes(old)


def test_the_primes_of_a_key_are_not_proved(monkeypatch):
    """For 8192 bits it took half a minute, in a call that hears no signal."""
    seen = []

    def load(data, password, **more):
        seen.append(more)
        return loading(data, password, **more)

    loading = serialization.load_pem_private_key
    monkeypatch.setattr(serialization, "load_pem_private_key", load)
    made("RSA 2048")
    assert seen == [{"unsafe_skip_rsa_key_validation": True}]
