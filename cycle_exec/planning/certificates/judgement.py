"""One certificate of the platform, judged by every rule: usable, or refused with every reason."""

from __future__ import annotations

from cycle_exec.planning.certificates import chain, pairing, pem, x509
from cycle_exec.planning.model import CertificateSummary
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cycle_exec.planning.certificates.asking import Refusal
    from cycle_exec.planning.certificates.x509 import Parsed
    from cycle_exec.settings.model import CertificateRequest
    from cycle_exec.sources.model import Certificate

    Mismatch = Callable[[str, str], str | None]


class Usable(Record):
    """A certificate that was checked, in the texts that certbot's file names stand for.

    cert: the leaf. chain: what follows it, empty if nothing does. fullchain: both. combined: full
    chain, then key, as haproxy reads it. names: the DNS names of the leaf. kinds: where the
    platform has it with both kinds of keys, the best of each, by "rsa" and "ecdsa".
    """

    _redacted = ("privkey", "combined", "kinds")

    cert: str
    chain: str
    fullchain: str
    privkey: str
    combined: str
    summary: CertificateSummary
    names: tuple[str, ...] = ()
    kinds: tuple[tuple[str, Usable], ...] = ()

    @property
    def every(self) -> tuple[Usable, ...]:
        """Itself, and the one with the other kind of key."""
        return (self, *(one for _, one in self.kinds))


class Judgement(Record):
    """What the rules say. refused: every reason; empty: it is usable. names: of the leaf."""

    usable: Usable | None
    refused: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def judge(
    certificate: Certificate,
    request: CertificateRequest,
    *,
    now: float,
    mismatch: Mismatch,
    refusal: Refusal | None = None,
) -> Judgement:
    """Return the certificate ready for use, or every reason why it is not.

    mismatch: why a key (PEM) does not fit the first certificate of a chain (PEM), or None; asked
    where that is not certain. refusal: what OpenSSL as a client says of a chain; None: not asked.
    """
    refused: list[str] = []
    blocks: tuple[pem.Block, ...] = ()
    key = None
    try:
        blocks = pem.certificates(certificate.bundle.reveal())
    except pem.NotPem as error:
        refused.append(error.reason)
    try:
        key = pem.private_key(certificate.private_key.reveal())
    except pem.NotPem as error:
        refused.append(error.reason)
    bundle = _parsed(blocks, refused)
    if not bundle:
        return Judgement(usable=None, refused=tuple(refused))
    texts = [block.text for block in blocks]
    fullchain = "".join(texts)
    apart = None
    if key is not None and not pairing.fits(key, [block.der for block in blocks]):
        apart = mismatch(key.text, fullchain)
    if key is not None and apart and (place := _place_of(key.text, texts, mismatch)):
        # Whatever else is wrong is wrong with the wrong one.
        reason = f"the leaf is not first: certificate {place} has this key"
        return Judgement(usable=None, refused=(reason,))
    found = chain.of(bundle, now)
    answer = None
    # A signature with a key that is too large takes OpenSSL seconds or hours, and has no verdict.
    asks = not found.is_plain and not found.leaf.large_key
    if key is not None and apart is None and refusal is not None and asks:
        from cycle_exec.planning.certificates import asking

        found, answer = asking.settled(found, bundle, texts, key.text, now, refusal)
    warned: list[str] = []
    if answer is not None or not is_beyond_doubt(found, request, now):
        from cycle_exec.planning.certificates import rules

        case = rules.Case(chain=found, request=request, now=now, answer=answer)
        for rule in rules.RULES:
            (refused if rule.of(request) == rules.REFUSE else warned).extend(rule.check(case))
    if apart is not None:
        refused.append(apart)
    names = found.leaf.names
    if refused or key is None:
        return Judgement(usable=None, refused=tuple(refused), names=names)
    usable = _usable(certificate, found, texts, key.text, tuple(warned))
    return Judgement(usable=usable, warned=tuple(warned), names=names)


def is_beyond_doubt(found: chain.Chain, request: CertificateRequest, now: float) -> bool:
    """Whether no rule can say anything: so it is with nearly all, and the rules are not loaded."""
    leaf = found.leaf
    few = min(request.minimum_days * 86_400, (leaf.not_after - leaf.not_before) / 3)
    return bool(
        found.is_plain
        and leaf.names
        and found.issuers
        and not found.impostors
        and (leaf.usage is None or leaf.usage & x509.SIGNS)
        and all(_is_usual(one, now, few) for one in found.chosen)
        and not any(
            issuer.has_another_key
            or issuer.may_not_sign
            or ((limit := issuer.parsed.path_length) is not None and limit + 1 < len(found.issuers))
            for issuer in found.issuers
        )
        and found.is_in_order
    )


def _is_usual(one: Parsed, now: float, few: float) -> bool:
    return bool(
        one.not_before <= now <= one.not_after - few
        and not one.weak_key
        and not one.large_key
        and not one.weak_signature
        and (one.uses is None or one.uses & x509.SERVER_USES)
    )


def _usable(
    certificate: Certificate,
    found: chain.Chain,
    texts: Sequence[str],
    privkey: str,
    warnings: tuple[str, ...],
) -> Usable:
    leaf, fullchain = found.leaf, "".join(texts)
    return Usable(
        cert=texts[0],
        chain="".join(texts[1:]),
        fullchain=fullchain,
        privkey=privkey,
        combined=fullchain + privkey,
        names=leaf.names,
        summary=CertificateSummary(
            domains=certificate.domains,
            issuer=leaf.issuer_name,
            not_before=leaf.not_before,
            not_after=found.not_after,
            key_type=leaf.key_type,
            lifetime=leaf.not_after - leaf.not_before,
            warnings=warnings,
        ),
    )


def _parsed(blocks: Sequence[pem.Block], refused: list[str]) -> list[Parsed]:
    found = []
    for position, block in enumerate(blocks, start=1):
        try:
            found.append(x509.read(block.der))
        except x509.NotX509:
            refused.append(f"certificate {position} of the bundle is not X.509")
            return []
    return found


def _place_of(key: str, texts: Sequence[str], mismatch: Mismatch) -> int:
    """Return the position of the certificate behind the first that the key fits, 0: none."""
    for place, text in enumerate(texts[1:], start=2):
        if text != texts[0] and mismatch(key, text) is None:
            return place
    return 0
