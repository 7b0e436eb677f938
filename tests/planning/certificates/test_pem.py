"""PEM as it really comes."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.planning.certificates import pem
from cycle_exec.planning.certificates.pem import NotPem
from tests.support import issued

LEAF = issued.leaf("a.test")
CHAIN = issued.pem(LEAF, issued.middle())
KEY = issued.key_pem(issued.key())
CSR = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
PARAMETERS = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"


def wrapped(text: str, width: int, end: str = "\n") -> str:
    encoded = issued.base64(text)
    return "".join(encoded[at : at + width] + end for at in range(0, len(encoded), width))


def reason_of(reader, text):
    with pytest.raises(NotPem) as caught:
        reader(text)
    assert caught.value.reason.isascii()
    return caught.value.reason


FORMS = {
    "as it is": CHAIN,
    "no newline at the end": CHAIN.rstrip("\n"),
    "CRLF": CHAIN.replace("\n", "\r\n"),
    "old Macintosh": CHAIN.replace("\n", "\r"),
    "blanks at line ends": CHAIN.replace("\n", "  \n"),
    "indented": "".join(f"    {line}\n" for line in CHAIN.splitlines()),
    "byte order mark": "\ufeff" + CHAIN,
    "notes between": "subject=/CN=ü\n\n" + CHAIN.replace("-----BEGIN", "\nnote: x\n-----BEGIN"),
    "base64": issued.base64(CHAIN),
    "base64 in lines": wrapped(CHAIN, 76),
    "base64 in CRLF lines": wrapped(CHAIN, 64, "\r\n"),
    "base64 of CRLF": issued.base64(CHAIN.replace("\n", "\r\n")),
    "base64 of PEM with notes": issued.base64("Müller\n" + CHAIN),
    "base64 of a byte order mark": issued.base64("\ufeff" + CHAIN),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_bundle_is_read_alike(form):
    """Each block's text has normal line ends and a final newline, whatever came."""
    blocks = pem.certificates(FORMS[form])
    assert "".join(block.text for block in blocks) == CHAIN
    assert [block.der for block in blocks] == [issued.der(LEAF), issued.der(issued.middle())]


@pytest.mark.parametrize("form", ["pkcs8", "traditional"])
@pytest.mark.parametrize("kind", ["RSA 2048", "P-256"])
def test_a_private_key_is_read_in_every_usual_form(kind, form):
    """PKCS#8 and the keys' own forms, plain or base64."""
    text = issued.key_pem(issued.key(kind), form)
    assert pem.private_key(text).text == text
    assert pem.private_key(issued.base64(text)).text == text
    assert pem.private_key(PARAMETERS + text).text == text


def test_certificates_beside_the_key_are_left_out():
    """As servers do that are given a combined file."""
    assert pem.private_key(KEY + CHAIN).text == KEY
    assert pem.private_key(CHAIN + KEY).text == KEY


def test_long_lines_are_folded():
    """A block in one line comes out in lines of 64."""
    first, *inside, last = KEY.splitlines()
    assert pem.private_key(f"{first}\n{''.join(inside)}\n{last}").text == KEY


def test_the_old_label_of_certificates_is_written_as_the_usual_one():
    """Readers other than OpenSSL know only CERTIFICATE."""
    old = CHAIN.replace(" CERTIFICATE", " X509 CERTIFICATE")
    assert "".join(block.text for block in pem.certificates(old)) == CHAIN


def block(label: str) -> str:
    return f"-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n"


def test_what_nobody_reads_is_left_out():
    """Bytes behind a certificate, blanks inside a line, NUL at its end, marks of Windows."""
    [leaf] = pem.certificates(CHAIN)[:1]
    behind = issued.pem_of(leaf.der + b"rubbish")
    first = leaf.text.splitlines()[1]
    for text in (
        behind,
        leaf.text.replace(first, f"{first[:9]} \t{first[9:]}"),
        leaf.text.replace(first, f"{first}\0"),
        f"note\n\ufeff{leaf.text}",
    ):
        assert pem.certificates(text) == (leaf,)


def test_a_block_that_is_no_certificate_inside_is_told_by_its_place():
    """That is the next reader's; of what OpenSSL adds to one nothing is left then."""
    text = "-----BEGIN {0}-----\nAA==\n-----END {0}-----\n"
    [found] = pem.certificates(text.format("CERTIFICATE"))
    assert found.der == b"\0"
    reason = "the bundle has a block TRUSTED CERTIFICATE that is none"
    assert reason_of(pem.certificates, text.format("TRUSTED CERTIFICATE")) == reason


def test_a_key_that_stands_twice_is_one():
    """Nobody has to guess."""
    assert pem.private_key(KEY + KEY) == pem.private_key(KEY)


def test_what_openssl_puts_behind_a_trusted_certificate_is_left_out():
    """The certificate alone is written, under the usual label."""
    trusted = subprocess.run(
        ["openssl", "x509", "-trustout", "-setalias", "a"],
        input=CHAIN,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "BEGIN TRUSTED CERTIFICATE" in trusted
    [found] = pem.certificates(trusted)
    assert CHAIN.startswith(found.text)


TRADITIONAL = issued.key_pem(issued.key("RSA 2048"), "traditional", "pw")
BUNDLES = {
    "": "the bundle is empty",
    " \n": "the bundle is empty",
    "hello": "the bundle is neither PEM nor base64-encoded PEM",
    issued.base64("hello"): "the bundle is neither PEM nor base64-encoded PEM",
    issued.base64(issued.base64(CHAIN)): "the bundle is neither PEM nor base64-encoded PEM",
    issued.base64(CHAIN)[:-3]: "the bundle is neither PEM nor base64-encoded PEM",
    "x -----BEGIN CERTIFICATE-----": "the bundle contains no certificate",
    CHAIN + KEY: "a private key is inside the certificate bundle",
    issued.base64(KEY + CHAIN): "a private key is inside the certificate bundle",
    CHAIN + TRADITIONAL: "a private key is inside the certificate bundle",
    CSR: "the bundle contains a certificate request, which is no certificate",
    CHAIN + block("DH PARAMETERS"): "the bundle contains DH PARAMETERS, which is no certificate",
    CHAIN
    + block(
        "X509 CRL"
    ): "the bundle contains a revocation list (X509 CRL), which is no certificate",
    block("PKCS7"): "the bundle contains a PKCS7 archive (convert it with openssl pkcs7 "
    "-print_certs), which is no certificate",
    block("ODD THING"): "the bundle contains a block ODD THING, which is no certificate",
    block("odd"): "the bundle contains a block of another kind, which is no certificate",
    block("A" * 20): "the bundle contains a block of another kind, which is no certificate",
    block("TRUSTED CERTIFICATE").replace(
        "AAAA", "MIBB"
    ): "the bundle has a block TRUSTED CERTIFICATE that is none",
    CHAIN.replace("\n", ""): "the bundle has lost its line ends",
    CHAIN.replace("\n", " "): "the bundle has lost its line ends",
    issued.base64(CHAIN.replace("\n", " ")): "the bundle has lost its line ends",
    CHAIN.replace("\n", "\\n"): "the bundle has the two characters \\n where its line ends belong",
    CHAIN.replace(
        "\n", "\\r\\n"
    ): "the bundle has the two characters \\n where its line ends belong",
    CHAIN[:-10]: "the bundle has a BEGIN line without an END line",
    CHAIN[: CHAIN.index("-----END")] + CHAIN: "the bundle has a BEGIN line without an END line",
    CHAIN[40:]: "the bundle has an END line without a BEGIN line",
    CHAIN.replace(
        "END CERTIFICATE", "END PKCS7"
    ): "the bundle has a BEGIN line without an END line",
    CHAIN.replace("-----\n", "----\n", 1): "the bundle has a malformed BEGIN line",
    "-----BEGIN -----\n-----END -----\n": "the bundle has a malformed BEGIN line",
    CHAIN.replace("M", "!", 1): "the bundle has a block with invalid base64",
    CHAIN.replace("M", "ü", 1): "the bundle has a block with invalid base64",
    CSR.replace("AAAA", ""): "the bundle has an empty block",
    CSR.replace("AAAA", "A: b\n\nAAAA"): "the bundle has a block with headers",
    CHAIN * 17: "the bundle has more than 32 blocks",
    "x" * (1024 * 1024 + 1): "the bundle is larger than 1 MiB",
}


@pytest.mark.parametrize("text", BUNDLES, ids=range(len(BUNDLES)))
def test_a_broken_bundle_is_refused_with_the_reason(text):
    """No part of the content is in the reason."""
    assert reason_of(pem.certificates, text) == BUNDLES[text]


ENCRYPTED = "the private key is encrypted, which is not supported"
OTHER = "the private key is mixed with other PEM blocks"
KEYS = {
    "": "the private key is empty",
    issued.key_pem(issued.key(), password="pw"): ENCRYPTED,
    TRADITIONAL: ENCRYPTED,
    issued.base64(TRADITIONAL): ENCRYPTED,
    KEY + issued.key_pem(issued.key("P-256", 1)): "there is more than one private key",
    KEY + CSR: OTHER,
    CHAIN: "there is no private key",
    PARAMETERS: "there is no private key",
    "c4n4ry": "the private key is neither PEM nor base64-encoded PEM",
    KEY.replace("PRIVATE", "OPENSSH PRIVATE"): "the private key is of an unknown kind",
    KEY[:-30]: "the private key has a BEGIN line without an END line",
}


@pytest.mark.parametrize("text", KEYS, ids=range(len(KEYS)))
def test_a_broken_key_is_refused_with_the_reason(text):
    """One key, not encrypted, alone."""
    assert reason_of(pem.private_key, text) == KEYS[text]


def test_a_block_does_not_show_its_content():
    """A private key does not reach a message through a repr."""
    assert (
        repr(pem.private_key(KEY)) == "Block(der=<redacted>, label='PRIVATE KEY', text=<redacted>)"
    )


@given(st.data())
def test_a_damaged_text_is_read_or_refused(data):
    """Cut, doubled or changed anywhere: a proper result or NotPem, nothing else."""
    text = data.draw(st.sampled_from([CHAIN, KEY, issued.base64(CHAIN), TRADITIONAL]))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(at, min(len(text), at + 80)))
        text = text[:at] + data.draw(st.text(max_size=5)) + text[end:]
    for reader in (pem.certificates, pem.private_key):
        try:
            found = reader(text)
        except NotPem:
            continue
        for block in found if isinstance(found, tuple) else (found,):
            [again] = pem._blocks(block.text, "it")
            assert again == block
