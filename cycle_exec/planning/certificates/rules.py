"""What is wrong with a certificate: one small rule each, with its name and severity.

A rule looks at a leaf with its issuers and says, in words, what it does not like, or nothing.
docs/certificates.md has them as a table.
"""

from __future__ import annotations

from cycle_exec.planning.certificates import x509
from cycle_exec.planning.certificates.keys import LONGEST_RSA
from cycle_exec.planning.model import number
from cycle_exec.record import Record
from cycle_exec.settings.nearest import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cycle_exec.planning.certificates.chain import Chain
    from cycle_exec.planning.certificates.x509 import Parsed
    from cycle_exec.settings.model import CertificateRequest

REFUSE, WARN = "refuse", "warn"
DAY = 86_400

# What the leaf, and what its issuer, cannot do without.
_LEAF_MUST = (x509.STRUCTURE, x509.DATES, x509.NAMES)
_ISSUER_MUST = (x509.DATES,)
NO_CONNECTION = -1
# X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, and PERMITTED_VIOLATION and EXCLUDED_VIOLATION.
_UNKNOWN_EXTENSION, _LIMITED = 34, (47, 48)
# What OpenSSL reads of every certificate of a chain; other doubts matter to nobody.
_MATTERS = (
    *(x509.CONSTRAINTS, x509.USAGE, x509.USES, x509.KEY_ID, x509.ISSUER_KEY_ID, x509.NAMES),
)


class Case(Record):
    """What is judged.

    now: seconds since the epoch. answer: the code of OpenSSL's error as a client, 0: it accepts
    the chain, -1: it makes no connection with the key, less: what it finds if it trusts the root of
    the bundle, None: it was not asked.
    """

    chain: Chain
    request: CertificateRequest
    now: float
    answer: int | None = None


class Rule(Record):
    """One rule. severity: refuse or warn. check: yields what is wrong, in words.

    expiry: a refusal that allow_expired turns into a warning.
    """

    name: str
    severity: str
    check: Callable[[Case], Iterator[str]]
    expiry: bool = False

    def of(self, request: CertificateRequest) -> str:
        """Return the severity under these settings."""
        return WARN if self.expiry and request.allow_expired else self.severity


def _leaf_unreadable(case: Case) -> Iterator[str]:
    for doubt in case.chain.leaf.doubts:
        if doubt in _LEAF_MUST:
            yield f"the leaf cannot be judged: its {doubt} cannot be read"


def _leaf_early(case: Case) -> Iterator[str]:
    leaf = case.chain.leaf
    if x509.DATES not in leaf.doubts and case.now < leaf.not_before:
        yield "it is not valid yet; check the clock of this machine"


def _leaf_expired(case: Case) -> Iterator[str]:
    leaf = case.chain.leaf
    if x509.DATES not in leaf.doubts and case.now > leaf.not_after:
        yield f"it {_ended(leaf, case.now)}"


def _without_names(case: Case) -> Iterator[str]:
    leaf = case.chain.leaf
    if not leaf.names and x509.NAMES not in leaf.doubts and x509.STRUCTURE not in leaf.doubts:
        common = f" (the common name {printable(leaf.subject_name)} does not count)"
        yield f"it has no DNS name{common if leaf.subject_name else ''}"


def _issuer_key(case: Case) -> Iterator[str]:
    for issuer in case.chain.issuers[:1]:
        if issuer.fault:
            yield f"{issuer.is_called} has the name of the leaf's issuer, but {issuer.fault}"
        elif issuer.has_another_key:
            yield f"{issuer.is_called} has the name of the leaf's issuer, but another key"


def _large_key(case: Case) -> Iterator[str]:
    limit = f"clients accept RSA keys of up to {LONGEST_RSA} bits"
    if case.chain.leaf.large_key:
        yield f"its key is too large: {case.chain.leaf.large_key}; {limit}"
    for issuer in case.chain.issuers[:1]:
        if issuer.parsed.large_key:
            yield f"the key of {issuer.is_called} is too large: {issuer.parsed.large_key}; {limit}"


def _issuer_is_leaf(case: Case) -> Iterator[str]:
    for issuer in case.chain.issuers[:1]:
        if issuer.may_not_sign:
            yield f"{issuer.is_called} may not sign other certificates"


def _issuer_unreadable(case: Case) -> Iterator[str]:
    for issuer in case.chain.issuers[:1]:
        for doubt in issuer.parsed.doubts:
            if doubt in _ISSUER_MUST:
                yield f"{issuer.is_called} cannot be judged: its {doubt} cannot be read"


def _issuer_early(case: Case) -> Iterator[str]:
    for issuer in case.chain.issuers[:1]:
        if x509.DATES not in issuer.parsed.doubts and case.now < issuer.parsed.not_before:
            yield f"its issuer, {issuer.is_called}, is not valid yet"


def _issuer_expired(case: Case) -> Iterator[str]:
    for issuer in case.chain.issuers[:1]:
        if x509.DATES not in issuer.parsed.doubts and case.now > issuer.parsed.not_after:
            yield f"its issuer, {issuer.is_called}, {_ended(issuer.parsed, case.now)}"


def _ends_soon(case: Case) -> Iterator[str]:
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


def _no_intermediate(case: Case) -> Iterator[str]:
    chain = case.chain
    if chain.issuers or chain.leaf.self_signed:
        return
    if chain.has_strangers:
        yield "none of the other certificates of the bundle is the leaf's issuer"
    elif chain.leaf.names_its_issuer:
        yield "the bundle has no intermediate certificate"


def _not_for_servers(case: Case) -> Iterator[str]:
    leaf = case.chain.leaf
    if leaf.uses is not None and not leaf.uses & x509.SERVER_USES:
        yield "it is not for servers (extendedKeyUsage)"
    if leaf.usage is not None and not leaf.usage & (
        # TLS makes no other use of the keys of curves.
        x509.SIGNS | x509.ENCIPHERS | x509.AGREES if leaf.key_type.startswith("RSA") else x509.SIGNS
    ):
        yield "its key is not for TLS (keyUsage)"
    for issuer in case.chain.judged:
        if issuer.parsed.uses is not None and not issuer.parsed.uses & x509.SERVER_USES:
            yield f"{issuer.is_called} is not for servers (extendedKeyUsage)"


def _false_issuer(case: Case) -> Iterator[str]:
    for issuer in case.chain.impostors[:1]:
        whose = "the leaf's issuer" if issuer.below.raw == case.chain.leaf.raw else "an issuer"
        fault = issuer.fault or "may not sign others"
        yield f"{issuer.is_called} has the name of {whose}, but {fault}"


def _path_length(case: Case) -> Iterator[str]:
    below = 0
    for issuer in case.chain.issuers:
        if issuer.parsed.path_length is not None and below > issuer.parsed.path_length:
            yield f"{issuer.is_called} allows fewer intermediates below it (pathlen)"
        # Those that name themselves do not count (RFC 5280 4.2.1.9).
        below += not issuer.parsed.self_issued


def _further_issuers(case: Case) -> Iterator[str]:
    for issuer in case.chain.issuers[1:]:
        if issuer.parsed.self_signed:
            # Of a root the client's own copy decides.
            continue
        if issuer.fault:
            yield f"{issuer.is_called} has the name of an issuer, but {issuer.fault}"
        elif issuer.has_another_key:
            yield f"{issuer.is_called} has the name of an issuer, but another key"
        elif issuer.may_not_sign:
            yield f"{issuer.is_called} may not sign other certificates"


def _further_dates(case: Case) -> Iterator[str]:
    for issuer in case.chain.issuers[1:]:
        if x509.DATES in issuer.parsed.doubts:
            continue
        if case.now > issuer.parsed.not_after:
            yield f"{issuer.is_called} {_ended(issuer.parsed, case.now)}"
        elif case.now < issuer.parsed.not_before:
            yield f"{issuer.is_called} is not valid yet"


def _order(case: Case) -> Iterator[str]:
    if not case.chain.is_in_order:
        yield "the chain is complete, but out of order: each certificate belongs behind the last"


def _weak_key(case: Case) -> Iterator[str]:
    chain = case.chain
    if chain.leaf.weak_key:
        yield f"its key is weak: {chain.leaf.weak_key}"
    for issuer in chain.issuers:
        if issuer.parsed.weak_key:
            yield f"the key of {issuer.is_called} is weak: {issuer.parsed.weak_key}"


def _weak_signature(case: Case) -> Iterator[str]:
    chain = case.chain
    if chain.leaf.weak_signature and not chain.leaf.self_signed:
        yield f"its signature is weak: {chain.leaf.weak_signature}"
    for issuer in chain.issuers:
        if issuer.parsed.weak_signature and not issuer.parsed.self_signed:
            signature = issuer.parsed.weak_signature
            yield f"the signature of {issuer.is_called} is weak: {signature}"


def _unknown_extension(case: Case) -> Iterator[str]:
    if case.answer != _UNKNOWN_EXTENSION:
        return
    who = _first(case.chain, "has_unknown")
    yield f"{who} has a critical extension that clients do not know"


def _limited_names(case: Case) -> Iterator[str]:
    if case.answer in _LIMITED:
        yield f"{_first(case.chain, 'limits_names')} does not permit its names (nameConstraints)"


def _first(chain: Chain, member: str) -> str:
    """Return what messages call the first certificate of which something is true."""
    if getattr(chain.leaf, member):
        return "the leaf"
    found = (one.is_called for one in chain.judged if getattr(one.parsed, member))
    return next(found, "a certificate of the bundle")


def _refused(case: Case) -> Iterator[str]:
    if not case.answer or case.answer == _UNKNOWN_EXTENSION or case.answer in _LIMITED:
        return
    if any(True for check in _SAID_ELSEWHERE for _ in check(case)):
        return
    if case.answer < NO_CONNECTION:
        root = case.chain.issuers[-1].is_called
        yield f"{root}, a root, does not permit this chain: clients that have the same reject it"
    elif case.answer == NO_CONNECTION:
        yield "openssl makes no connection with it"
    else:
        why = _ERRORS.get(case.answer, f"verify error {case.answer}")
        yield f"openssl rejects the chain: {why}"


def _unsure(case: Case) -> Iterator[str]:
    if case.answer == 0:
        return
    for doubt in case.chain.leaf.doubts:
        if doubt in _MATTERS and doubt not in _LEAF_MUST:
            yield f"the leaf cannot be judged wholly: its {doubt} cannot be read"
    for place, issuer in enumerate(case.chain.issuers):
        for doubt in issuer.parsed.doubts:
            if doubt in _MATTERS or (place and doubt in (x509.DATES, x509.STRUCTURE)):
                yield f"{issuer.is_called} cannot be judged wholly: its {doubt} cannot be read"


def _ended(one: Parsed, now: float) -> str:
    past = int((now - one.not_after) // DAY)
    return f"expired {number(past, 'day')} ago" if past else "has expired"


# X509_V_ERR_INVALID_PURPOSE, ..._INVALID_EXTENSION, SUBTREE_MINMAX, and UNSUPPORTED_...
_ERRORS = {26: "a certificate has another purpose", 41: "an extension is malformed"}
_ERRORS |= dict.fromkeys((49, 51, 52, 53), "it does not support these nameConstraints")
# What OpenSSL may have meant, in better words.
_SAID_ELSEWHERE = (
    *(_issuer_key, _issuer_is_leaf, _false_issuer, _further_issuers, _path_length),
    *(_not_for_servers, _weak_key, _large_key, _unsure),
)
RULES = (
    Rule(name="leaf-unreadable", severity=REFUSE, check=_leaf_unreadable),
    Rule(name="leaf-not-yet-valid", severity=REFUSE, check=_leaf_early),
    Rule(name="leaf-expired", severity=REFUSE, check=_leaf_expired, expiry=True),
    Rule(name="leaf-without-names", severity=REFUSE, check=_without_names),
    Rule(name="key-too-large", severity=REFUSE, check=_large_key),
    Rule(name="issuer-key", severity=REFUSE, check=_issuer_key),
    Rule(name="issuer-no-authority", severity=REFUSE, check=_issuer_is_leaf),
    Rule(name="issuer-unreadable", severity=REFUSE, check=_issuer_unreadable),
    Rule(name="issuer-not-yet-valid", severity=REFUSE, check=_issuer_early),
    Rule(name="issuer-expired", severity=REFUSE, check=_issuer_expired, expiry=True),
    Rule(name="unknown-extension", severity=REFUSE, check=_unknown_extension),
    Rule(name="name-constraints", severity=REFUSE, check=_limited_names),
    Rule(name="expires-soon", severity=WARN, check=_ends_soon),
    Rule(name="no-intermediate", severity=WARN, check=_no_intermediate),
    Rule(name="not-for-servers", severity=WARN, check=_not_for_servers),
    Rule(name="false-issuer", severity=WARN, check=_false_issuer),
    Rule(name="path-length", severity=WARN, check=_path_length),
    Rule(name="further-issuers", severity=WARN, check=_further_issuers),
    Rule(name="further-dates", severity=WARN, check=_further_dates),
    Rule(name="order", severity=WARN, check=_order),
    Rule(name="weak-key", severity=WARN, check=_weak_key),
    Rule(name="weak-signature", severity=WARN, check=_weak_signature),
    Rule(name="unsure", severity=WARN, check=_unsure),
    Rule(name="openssl-rejects", severity=WARN, check=_refused),
)
