"""PEM: blocks that read back as themselves, or a refusal that shows nothing of a key."""

from __future__ import annotations

from base64 import b64encode

from cycle_exec.planning.certificates import judgement, pem
from cycle_exec.planning.certificates.pem import Block, NotPem
from cycle_exec.secret import Secret
from cycle_exec.settings.model import CertificateRequest
from cycle_exec.sources.model import Certificate
from tests.fuzz.wording import assert_ours

WORDS = (
    *(b"-----BEGIN CERTIFICATE-----\n", b"-----END CERTIFICATE-----\n", b"MIIBAAA=\n", b"AAAA\n"),
    *(b"-----BEGIN PRIVATE KEY-----\n", b"-----END PRIVATE KEY-----\n", b"-----BEGIN ", b"-----"),
    *(b"-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n", b"-----END "),
    *(b"ENCRYPTED PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"X509 CERTIFICATE"),
    *(b"Proc-Type: 4,ENCRYPTED\n", b"DEK-Info: AES-256-CBC,00\n", b"\n", b"\r\n", b" ", b"\t"),
    *(b"=", b"==", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xff", b"note\n", b"LS0tLS1CRUdJTi"),
)


def target(data: bytes) -> None:
    """As a bundle, as a key, and as both of a certificate."""
    text = data.decode("utf-8", "replace")
    chain = _certificates(text)
    if chain is not None:
        assert _certificates("".join(block.text for block in chain)) == chain
        assert {block.label for block in chain} == {"CERTIFICATE"}
    key = _key(text)
    if key is not None:
        assert _key(key.text) == key
    if "-----BEGIN " in text:
        wrapped = b64encode(text.encode()).decode()
        assert (_certificates(wrapped), _key(wrapped)) == (chain, key)
    if "\r" not in text:
        dressed = text.replace("\n", "\r\n")
        assert (_certificates(dressed), _key(dressed)) == (chain, key)
    _judged(text)


def _certificates(text: str) -> tuple[Block, ...] | None:
    try:
        return pem.certificates(text)
    except NotPem as error:
        assert_ours(error.reason)
        return None


def _key(text: str) -> Block | None:
    try:
        return pem.private_key(text)
    except NotPem as error:
        assert_ours(error.reason)
        return None


def _judged(text: str) -> None:
    certificate = Certificate(
        id="1", domains=("a.test",), bundle=Secret(text), private_key=Secret(text)
    )
    found = judgement.judge(certificate, CertificateRequest(), now=1e9, mismatch=lambda *_: None)
    # No text is a bundle and a key at once.
    assert found.usable is None
    assert found.refused
    for reason in found.refused:
        assert_ours(reason)
