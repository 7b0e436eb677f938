"""What OpenSSL says, as a client, of a chain that identifiers and our own reading do not decide.

Signatures are verified here, and whatever else OpenSSL looks at: nameConstraints, critical
extensions, broken ones. It takes a handshake in memory, about a millisecond: plain chains, as
public authorities issue them, never need one.
"""

from __future__ import annotations

from cycle_exec.planning.certificates import chain

_ANOTHER_KIND, _MALFORMED = (
    "a key that does not fit the signature",
    "an extension of it is malformed",
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cycle_exec.planning.certificates.chain import Chain
    from cycle_exec.planning.certificates.x509 import Parsed

    # (key, bundle as it is sent, the certificate that is trusted) -> the code of OpenSSL's error.
    Refusal = Callable[[str, str, str], int]

# X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE, CERT_SIGNATURE_FAILURE.
_SIGNATURE = frozenset((4, 7))
# UNABLE_TO_GET_ISSUER_CERT, ..._LOCALLY, UNABLE_TO_VERIFY_LEAF_SIGNATURE: what has the name of the
# issuer is not taken for it.
_NO_ISSUER = frozenset((2, 20, 21))


def settled(
    found: Chain,
    bundle: Sequence[Parsed],
    texts: Sequence[str],
    key: str,
    now: float,
    refusal: Refusal,
) -> tuple[Chain, int]:
    """Return the chain of those that did sign, and OpenSSL's verdict on the whole bundle.

    What a root in the bundle says of the others is the verdict where nothing else is wrong, and
    then negated: clients have their own copy of it.
    """
    faults: dict[tuple[bytes, bytes], str] = {}
    while True:
        trusted = found.judged[-1].position if found.judged else 1
        code = refusal(key, "".join(texts), texts[trusted - 1])
        if code == 0 and len(found.issuers) > len(found.judged) and found.issuers[-1].parsed.odd:
            root = texts[found.issuers[-1].position - 1]
            return found, min(-refusal(key, "".join(texts), root), 0)
        if code not in _SIGNATURE | _NO_ISSUER:
            return found, code
        pair, fault = _first_fault(found, texts, key, refusal)
        if not fault or pair in faults:
            return found, code
        faults[pair] = fault
        found = chain.of(bundle, now, faults)


def _first_fault(
    found: Chain, texts: Sequence[str], key: str, refusal: Refusal
) -> tuple[tuple[bytes, bytes], str]:
    """Return the lowest certificate and issuer of which the second did not issue the first, and
    why, in words; empty: OpenSSL looked at others.
    """
    sent = texts[0]
    for issuer in found.judged:
        text = texts[issuer.position - 1]
        code = refusal(key, sent, text)
        if code in _SIGNATURE:
            return (issuer.below.raw, issuer.parsed.raw), chain.NOT_SIGNED
        if code in _NO_ISSUER:
            fault = _MALFORMED if issuer.parsed.odd else _ANOTHER_KIND
            return (issuer.below.raw, issuer.parsed.raw), fault
        sent += text
    return (b"", b""), ""
