"""Certificates of others: cryptography's vectors, and the roots of Debian."""

from __future__ import annotations

import re
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import cryptography_vectors
import pytest

from cycle_exec.planning.certificates import x509
from cycle_exec.planning.certificates.x509 import NotX509
from tests.support import x509_reference as reference

VECTORS = Path(cryptography_vectors.__file__).parent / "x509"
DEBIAN = Path("/usr/share/ca-certificates")
BLOCK = re.compile(
    rb"-----BEGIN (?:X509 )?CERTIFICATE-----(.*?)-----END (?:X509 )?CERTIFICATE-----", re.DOTALL
)
BINARY = (".der", ".crt", ".cer")


def certificates(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every certificate below a folder, and what else is DER."""
    for path in sorted(home.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        found = [b64decode(block) for block in BLOCK.findall(content)]
        if not found and path.suffix in BINARY and b"-----BEGIN" not in content:
            found = [content]
        for der in found:
            yield str(path.relative_to(home)), der


def openssl_reads(der: bytes) -> bool:
    """Whether `openssl x509` does."""
    words = ["openssl", "x509", "-inform", "DER", "-noout"]
    return subprocess.run(words, input=der, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(("home", "least"), [(VECTORS, 400), (DEBIAN, 100)])
def test_whatever_openssl_reads_is_read(home, least):
    """What we cannot read, OpenSSL cannot either."""
    count = 0
    for name, der in certificates(home):
        try:
            read = x509.STRUCTURE not in x509.read(der).doubts
        except NotX509:
            read = False
        count += read
        assert read or not openssl_reads(der), name
    assert count > least


@pytest.mark.parametrize("home", [VECTORS, DEBIAN])
def test_what_both_read_is_read_alike(home):
    """In every field that we judge by, beside cryptography."""
    compared = 0
    for name, der in certificates(home):
        try:
            expected = reference.fields(der)
        except reference.NO_CERTIFICATE:
            continue
        parsed = x509.read(der)
        assert parsed.doubts == (), name
        assert reference.ours(parsed) == expected, name
        compared += 1
    assert compared > 100
