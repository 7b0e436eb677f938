"""The checks of the rules: each says, in words, what it does not like of a chain, or nothing."""

from __future__ import annotations

from cycle_exec.planning.certificates import x509
from cycle_exec.planning.model import number
from cycle_exec.record import Record
from cycle_exec.settings.nearest import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cycle_exec.planning.certificates.chain import Chain
    from cycle_exec.planning.certificates.x509 import Parsed
    from cycle_exec.settings.model import CertificateRequest

DAY = 86_400

# What the leaf, and what its issuer, cannot do without.
_LEAF_MUST = (x509.STRUCTURE, x509.DATES, x509.NAMES)
_ISSUER_MUST = (x509.DATES,)
# What OpenSSL reads of every certificate of a chain; other doubts matter to nobody.
_MATTERS = (
    *(x509.CONSTRAINTS, x509.USAGE, x509.USES, x509.KEY_ID, x509.ISSUER_KEY_ID, x509.NAMES),
)


class Case(Record):
    """What is judged. now: seconds since the epoch."""

    chain: Chain
    request: CertificateRequest
    now: float


def leaf_unreadable(case: Case) -> Iterator[str]:
    """Tell that the leaf has members that decide and that nobody can read."""
    for doubt in case.chain.leaf.doubts:
        if doubt in _LEAF_MUST:
            yield f"the leaf cannot be judged: its {doubt} cannot be read"


def leaf_early(case: Case) -> Iterator[str]:
    """Tell that the leaf has not begun."""
    leaf = case.chain.leaf
    if x509.DATES not in leaf.doubts and case.now < leaf.not_before:
        yield "it is not valid yet; check the clock of this machine"


def leaf_expired(case: Case) -> Iterator[str]:
    """Tell that the leaf has ended."""
    leaf = case.chain.leaf
    if x509.DATES not in leaf.doubts and case.now > leaf.not_after:
        yield f"it {_ended(leaf, case.now)}"


def without_names(case: Case) -> Iterator[str]:
    """Tell that there is no DNS name."""
    leaf = case.chain.leaf
    if not leaf.names and x509.NAMES not in leaf.doubts and x509.STRUCTURE not in leaf.doubts:
        common = f" (the common name {printable(leaf.subject_name)} does not count)"
        yield f"it has no DNS name{common if leaf.subject_name else ''}"


def issuer_key(case: Case) -> Iterator[str]:
    """Tell that the issuer did not sign the leaf, by the key identifiers of both."""
    for issuer in case.chain.issuers[:1]:
        if issuer.has_another_key:
            yield f"{issuer.is_called} has the name of the leaf's issuer, but another key"


def issuer_is_leaf(case: Case) -> Iterator[str]:
    """Tell that the issuer says itself that it signs nothing."""
    for issuer in case.chain.issuers[:1]:
        if issuer.may_not_sign:
            yield f"{issuer.is_called} may not sign other certificates"


def issuer_unreadable(case: Case) -> Iterator[str]:
    """Tell that the issuer has dates that nobody can compare."""
    for issuer in case.chain.issuers[:1]:
        for doubt in issuer.parsed.doubts:
            if doubt in _ISSUER_MUST:
                yield f"{issuer.is_called} cannot be judged: its {doubt} cannot be read"


def issuer_early(case: Case) -> Iterator[str]:
    """Tell that the issuer has not begun."""
    for issuer in case.chain.issuers[:1]:
        if x509.DATES not in issuer.parsed.doubts and case.now < issuer.parsed.not_before:
            yield f"its issuer, {issuer.is_called}, is not valid yet"


def issuer_expired(case: Case) -> Iterator[str]:
    """Tell that the issuer has ended."""
    for issuer in case.chain.issuers[:1]:
        if x509.DATES not in issuer.parsed.doubts and case.now > issuer.parsed.not_after:
            yield f"its issuer, {issuer.is_called}, {_ended(issuer.parsed, case.now)}"


def ends_soon(case: Case) -> Iterator[str]:
    """Tell that fewer days are left than wanted, or less than a third of the lifetime."""
    leaf, end = case.chain.leaf, case.chain.not_after
    if x509.DATES in leaf.doubts or not leaf.not_before <= case.now <= end:
        return
    left = end - case.now
    if left < min(case.request.minimum_days * DAY, (leaf.not_after - leaf.not_before) / 3):
        days = int(left // DAY)
        when = f"in {number(days, 'day')}" if days else "within a day"
        if end == leaf.not_after:
            yield f"it expires {when}"
        else:
            yield f"its issuer, {case.chain.issuers[0].is_called}, expires {when}"


def no_intermediate(case: Case) -> Iterator[str]:
    """Tell that the issuer is not in the bundle, and seems to belong there."""
    chain = case.chain
    if chain.issuers or chain.leaf.self_issued:
        return
    if chain.has_strangers:
        yield "none of the other certificates of the bundle is the leaf's issuer"
    elif chain.leaf.names_its_issuer:
        yield "the bundle has no intermediate certificate"


def leaf_not_for_servers(case: Case) -> Iterator[str]:
    """Tell that the leaf is for something else."""
    uses, usage = case.chain.leaf.uses, case.chain.leaf.usage
    if uses is not None and not uses & x509.SERVER_USES:
        yield "it is not for servers (extendedKeyUsage)"
    if usage is not None and not usage & (x509.SIGNS | x509.ENCIPHERS | x509.AGREES):
        yield "its key is not for TLS (keyUsage)"


def false_issuer(case: Case) -> Iterator[str]:
    """Tell that one that signs nothing stands where the issuer is looked for."""
    for issuer in case.chain.impostors:
        yield f"{issuer.is_called} has the name of the leaf's issuer, but may not sign others"


def path_length(case: Case) -> Iterator[str]:
    """Tell that an issuer allows fewer intermediates than there are."""
    below = 0
    for issuer in case.chain.issuers:
        if issuer.parsed.path_length is not None and below > issuer.parsed.path_length:
            yield f"{issuer.is_called} allows fewer intermediates below it (pathlen)"
        # Those that name themselves do not count (RFC 5280 4.2.1.9).
        below += not issuer.parsed.self_issued


def further_issuers(case: Case) -> Iterator[str]:
    """Tell that those above the direct issuer did not sign, or may not."""
    for issuer in case.chain.issuers[1:]:
        if issuer.parsed.self_issued:
            # Of a root the client's own copy decides.
            continue
        if issuer.has_another_key:
            yield f"{issuer.is_called} has the name of an issuer, but another key"
        elif issuer.may_not_sign:
            yield f"{issuer.is_called} may not sign other certificates"


def further_dates(case: Case) -> Iterator[str]:
    """Tell that those above the direct issuer are outside their dates."""
    for issuer in case.chain.issuers[1:]:
        if x509.DATES in issuer.parsed.doubts:
            continue
        if case.now > issuer.parsed.not_after:
            yield f"{issuer.is_called} {_ended(issuer.parsed, case.now)}"
        elif case.now < issuer.parsed.not_before:
            yield f"{issuer.is_called} is not valid yet"


def order(case: Case) -> Iterator[str]:
    """Tell that the chain is complete, and not in order."""
    if not case.chain.is_in_order:
        yield "the chain is complete, but out of order: each certificate belongs behind the last"


def weak_key(case: Case) -> Iterator[str]:
    """Tell that a key is too short, or of a rare curve."""
    chain = case.chain
    if chain.leaf.weak_key:
        yield f"its key is weak: {chain.leaf.weak_key}"
    for issuer in chain.issuers:
        if issuer.parsed.weak_key:
            yield f"the key of {issuer.is_called} is weak: {issuer.parsed.weak_key}"


def weak_signature(case: Case) -> Iterator[str]:
    """Tell that a signature is of a broken hash."""
    chain = case.chain
    if chain.leaf.weak_signature and not chain.leaf.self_issued:
        yield f"its signature is weak: {chain.leaf.weak_signature}"
    for issuer in chain.issuers:
        if issuer.parsed.weak_signature and not issuer.parsed.self_issued:
            signature = issuer.parsed.weak_signature
            yield f"the signature of {issuer.is_called} is weak: {signature}"


def unsure(case: Case) -> Iterator[str]:
    """Tell that something that clients look at cannot be read."""
    for doubt in case.chain.leaf.doubts:
        if doubt in _MATTERS and doubt not in _LEAF_MUST:
            yield f"the leaf cannot be judged wholly: its {doubt} cannot be read"
    for place, issuer in enumerate(case.chain.issuers):
        for doubt in issuer.parsed.doubts:
            if doubt in _MATTERS or (place and doubt == x509.DATES):
                yield f"{issuer.is_called} cannot be judged wholly: its {doubt} cannot be read"


def _ended(one: Parsed, now: float) -> str:
    past = int((now - one.not_after) // DAY)
    return f"expired {number(past, 'day')} ago" if past else "has expired"
