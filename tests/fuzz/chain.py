"""A real chain with a few bytes changed: judged without a crash, and read as cryptography does."""

from __future__ import annotations

from pathlib import Path

from cycle_exec.planning.certificates import judgement, pem
from cycle_exec.secret import Secret
from cycle_exec.settings.model import CertificateRequest
from cycle_exec.sources.model import Certificate
from tests.fuzz import x509
from tests.fuzz.wording import assert_ours
from tests.support.issued import pem_of

# The chain that cryptography.io had in 2018, and a moment at which it was valid.
_CHAIN = [
    block.der for block in pem.certificates((Path(__file__).parent / "chain.pem").read_text())
]
_THEN = 1_540_000_000.0
_REQUEST = CertificateRequest(directory="/certificates")
_KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
# An edit: which certificate, where (two bytes), how much is cut out, and how much is put in.
_HEAD = 5

WORDS = (
    *(b"\0\0\x20\0\0", b"\1\0\x20\1\1\xff", b"\0\2\0\1\1\0", b"\1\2\0\2\2\5\0", b"\0\1\0\0\1\x80"),
    *(b"\0\0\3\1\1\x80", b"\1\0\xa0\1\1\0", b"\0\3\0\4\0", b"\1\1\x80\0\2\x30\0", b"\0\0\0\0\0"),
)


def target(data: bytes) -> None:
    """Each edit in its turn; the whole bundle, then each certificate by itself."""
    chain = _edited(data)
    bundle = "".join(pem_of(der) for der in chain)
    given = Certificate(
        id="1", domains=("cryptography.io",), bundle=Secret(bundle), private_key=Secret(_KEY)
    )
    found = judgement.judge(given, _REQUEST, now=_THEN, mismatch=lambda *_: None)
    for reason in (*found.refused, *found.warned):
        assert_ours(reason)
    if chain == _CHAIN:
        assert (found.refused, found.warned) == ((), ())
    for der in chain:
        x509.target(der)


def _edited(data: bytes) -> list[bytes]:
    chain = list(_CHAIN)
    while len(data) >= _HEAD:
        which, at = data[0] % len(chain), int.from_bytes(data[1:3], "big")
        cut, more = data[3] % 8, data[4] % 4
        der = chain[which]
        at %= len(der)
        chain[which] = der[:at] + data[_HEAD : _HEAD + more] + der[at + cut :]
        data = data[_HEAD + more :]
    return [der or b"\0" for der in chain]
