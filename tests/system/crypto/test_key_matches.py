"""Key and certificate, judged by the real OpenSSL."""

from __future__ import annotations

import os
import resource
import ssl
import sys
import types

import pytest
from cryptography import x509 as reference

from cycle_exec.errors import Refused
from cycle_exec.system.crypto import key_matches
from tests.support import issued

KINDS = ["RSA 2048", "P-256", "P-384", "Ed25519"]
APART = "the private key does not match the certificate"
JUNK = "-----BEGIN {0}-----\nAAAA\n-----END {0}-----\n"


def chain(kind: str) -> str:
    return issued.pem(issued.leaf("a.test", kind=kind), issued.middle())


def descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_pair_that_belongs_together_passes(kind):
    """Every usual kind of key, and every form of it."""
    for form in ("pkcs8", "traditional") if kind != "Ed25519" else ("pkcs8",):
        assert key_matches.mismatch(issued.key_pem(issued.key(kind), form), chain(kind)) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_another_key_is_told_apart(kind, other):
    """Of the same kind or of another one."""
    key = issued.key_pem(issued.key(other, 1))
    assert key_matches.mismatch(key, chain(kind)) == APART


def test_a_key_that_fits_only_the_intermediate_is_told_apart():
    """It must belong to the first certificate."""
    assert key_matches.mismatch(issued.key_pem(issued.MIDDLE.key), chain("P-256")) == APART


def test_an_issuer_is_read_before_it_is_passed_over():
    """One that OpenSSL cannot read is found, however often the good ones were read."""
    key, leaf = issued.key_pem(issued.key()), issued.pem(issued.leaf("a.test"))
    broken = issued.pem(issued.middle()).replace("MIIB", "MIIC")
    for _ in range(2):
        assert key_matches.mismatch(key, chain("P-256")) is None
        assert key_matches.mismatch(key, leaf + broken) is not None
        assert key_matches.mismatch(key, chain("P-256") + broken) is not None
    assert key_matches.mismatch(key, leaf) is None


def test_what_one_pair_has_loaded_says_nothing_of_the_next():
    """A context that was made early serves one of them."""
    rsa, ec = (issued.key_pem(issued.key(kind)) for kind in ("RSA 2048", "P-256"))
    assert key_matches.mismatch(rsa, chain("RSA 2048")) is None
    assert key_matches.mismatch(ec, chain("P-256")) is None
    assert key_matches.mismatch(rsa, chain("P-256")) == APART
    assert key_matches.mismatch(ec, chain("RSA 2048")) == APART


@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
def test_an_encrypted_key_is_refused_and_nobody_is_asked(form):
    """A container has no keyboard."""
    key = issued.key_pem(issued.key("RSA 2048"), form, "pw")
    reason = "the private key is encrypted, which is not supported"
    assert key_matches.mismatch(key, chain("RSA 2048")) == reason


@pytest.mark.parametrize("key", ["", "c4n4ry", JUNK.format("PRIVATE KEY")])
def test_a_key_that_cannot_be_read_is_told(key):
    """In our words, without its content."""
    assert key_matches.mismatch(key, chain("P-256")) == "openssl cannot read the private key"


@pytest.mark.parametrize("bundle", ["", "c4n4ry", JUNK.format("CERTIFICATE")])
@pytest.mark.parametrize("whole", [False, True])
def test_a_certificate_that_cannot_be_read_is_told(bundle, whole):
    """Also one behind a good leaf."""
    key = issued.key_pem(issued.key())
    given = chain("P-256") + bundle if whole else bundle
    expected = "openssl cannot read the certificate"
    if whole and "BEGIN" not in bundle:
        assert key_matches.mismatch(key, given) is None
    else:
        assert key_matches.mismatch(key, given) == expected


def test_a_short_key_is_no_mismatch():
    """What this machine's policy thinks of a key says nothing about the pair."""
    key = issued.key_pem(issued.key("RSA 1024"))
    assert key_matches.mismatch(key, chain("RSA 1024")) is None
    assert (
        key_matches.mismatch(issued.key_pem(issued.key("RSA 1024", 1)), chain("RSA 1024")) == APART
    )


def test_no_descriptor_stays_open():
    """Whether it fits or not."""
    before = descriptors()
    for key in (issued.key_pem(issued.key()), issued.key_pem(issued.key("P-256", 1)), "", "x"):
        key_matches.mismatch(key, chain("P-256"))
    assert descriptors() == before


def refuse(*args, **kwargs):
    raise PermissionError


def test_without_memfd_shared_memory_serves(monkeypatch):
    """Some sandboxes forbid the call, some builds of Python lack it."""
    key = issued.key_pem(issued.key())
    monkeypatch.setattr(os, "memfd_create", refuse)
    assert key_matches.mismatch(key, chain("P-256")) is None
    monkeypatch.delattr(os, "memfd_create")
    assert key_matches.mismatch(key, chain("P-256")) is None


def test_without_the_lean_module_ssl_serves(monkeypatch):
    """An interpreter may keep OpenSSL elsewhere."""
    monkeypatch.setitem(sys.modules, "_ssl", types.ModuleType("_ssl"))
    key = issued.key_pem(issued.key())
    assert key_matches.mismatch(key, chain("P-256")) is None
    assert key_matches.mismatch(issued.key_pem(issued.key("P-256", 1)), chain("P-256")) == APART


def told(*pair: str) -> tuple[str, str]:
    """What the one problem says, and the way out, which is not the portal's."""
    with pytest.raises(Refused) as caught:
        key_matches.mismatch(*pair)
    [problem] = caught.value.problems
    return problem.reason, problem.fix


def test_a_system_without_any_memory_file_is_told(monkeypatch):
    """The pair is not taken for good unseen."""
    monkeypatch.setattr(os, "memfd_create", refuse)
    monkeypatch.setattr(os, "open", refuse)
    assert told("", "") == (
        "this system has neither memory files nor a writable /dev/shm",
        "allow the system call memfd_create, or mount /dev/shm",
    )


def test_memory_that_cannot_be_written_is_told(monkeypatch):
    """No other exception leaves, no descriptor stays."""
    before = descriptors()
    monkeypatch.setattr(os, "write", refuse)
    assert told("key", "chain") == ("memory is short", "give the container more memory")
    assert descriptors() == before


def test_a_limit_of_the_size_of_files_is_told():
    """It is no lack of memory."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, before[1]))
    try:
        said = told("key", "chain")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert said == ("the limit of the size of files (RLIMIT_FSIZE) is reached", "raise the limit")


def test_a_system_without_proc_is_told(monkeypatch):
    """OpenSSL takes paths alone, and that of an anonymous file is below /proc."""
    lost = types.SimpleNamespace(load_cert_chain=refuse)
    library = types.SimpleNamespace(
        _SSLContext=lambda _: lost, PROTOCOL_TLS_SERVER=17, SSLError=ssl.SSLError
    )
    monkeypatch.setattr(key_matches, "openssl", lambda: library)
    assert told(issued.key_pem(issued.key()), chain("P-256")) == (
        "/proc/self/fd cannot be read",
        "mount /proc in the container",
    )


def test_a_leaf_that_openssl_calls_invalid_is_told():
    """An extension that nobody can read: the key is not to blame."""
    strange = reference.UnrecognizedExtension(reference.ObjectIdentifier("2.5.29.30"), b"\5\0")
    made = issued.certificate(
        issued.name("a"), issued.key(), issued.MIDDLE, names=("a.test",), extensions=(strange,)
    )
    assert key_matches.mismatch(issued.key_pem(issued.key()), issued.pem(made)) == (
        "openssl calls the leaf invalid: one of its extensions is malformed or stands twice"
    )
