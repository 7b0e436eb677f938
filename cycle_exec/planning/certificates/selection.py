"""Certificates as an app can use them, or refused: pair, chain, dates, names, file names."""

from __future__ import annotations

from itertools import pairwise

from cycle_exec.errors import Problem
from cycle_exec.planning.certificates import pem, x509
from cycle_exec.planning.certificates.host_names import covers, folded, is_host_name
from cycle_exec.planning.model import CertificateSummary
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cycle_exec.planning.certificates.x509 import Parsed
    from cycle_exec.settings.model import CertificateRequest
    from cycle_exec.sources.model import Certificate

    Mismatch = Callable[[str, str], str | None]
    Judgement = tuple["Usable | None", list[str]]

_DAY = 86_400
_SHOWN = 5  # names in one message


class Usable(Record):
    """A certificate that was checked, in the texts that certbot's file names stand for.

    cert: the leaf. chain: what follows it, empty if nothing does. fullchain: both. combined: full
    chain, then key, as haproxy reads it. warning: what people should know of it, or empty.
    """

    _sealed = ("privkey", "combined")

    cert: str
    chain: str
    fullchain: str
    privkey: str
    combined: str
    summary: CertificateSummary
    warning: str = ""


def choose(
    certificates: Sequence[Certificate],
    request: CertificateRequest,
    *,
    now: float,
    mismatch: Mismatch,
) -> tuple[dict[str, Usable], list[Problem], list[str]]:
    """Return the certificate of each wanted domain, with all problems and warnings.

    Without named domains every domain of every certificate is wanted. One that names the domain
    goes before one whose wildcard covers it, then the one that expires later. Unusable ones are
    problems where nothing usable stands in for them, else warnings; those that no wanted domain
    needs are not judged. now: seconds since the epoch. mismatch: why a key (PEM) does not fit the
    first certificate of a chain (PEM), or None.
    """
    found = _Found(certificates, request, now, mismatch)
    wanted = request.domains or [name for one in certificates for name in one.domains]
    for domain in dict.fromkeys(folded(name) for name in wanted):
        found.want(domain)
    if not request.domains:
        found.nothing_wanted()
    return found.chosen, found.all_problems(), found.warnings()


class _Found:
    """Gathers judgements: each certificate is judged once, and only if it is needed."""

    def __init__(
        self,
        certificates: Sequence[Certificate],
        request: CertificateRequest,
        now: float,
        mismatch: Mismatch,
    ) -> None:
        self.certificates, self.request = certificates, request
        self.now, self.mismatch = now, mismatch
        self.domains = [[folded(name) for name in one.domains] for one in certificates]
        self.judged: dict[int, Judgement] = {}
        self.chosen: dict[str, Usable] = {}
        self.missing: set[int] = set()
        self.problems: list[Problem] = []

    def want(self, domain: str) -> None:
        """Choose for one domain, or note why there is none."""
        if not is_host_name(domain):
            reason = (
                "it is not a host name of letters, digits and hyphens (xn-- for other characters)"
            )
            self.problems.append(_problem(domain, reason))
            return
        exact, covering = [], []
        for index, names in enumerate(self.domains):
            if domain in names:
                exact.append(index)
            elif any(covers(name, domain) for name in names):
                covering.append(index)
        for candidates in (exact, covering):
            usable = [one for one, _ in map(self._judge, candidates) if one is not None]
            if usable:
                self.chosen[domain] = max(usable, key=lambda one: one.summary.not_after)
                return
        self.missing.update(exact, covering)
        if not exact and not covering:
            self.problems.append(_problem(domain, self._none_for(domain)))

    def nothing_wanted(self) -> None:
        """Note what has no domain to be wanted by."""
        for one in self.certificates:
            if not one.domains:
                self.problems.append(_problem(one.id, "the platform lists no domain for it"))
        if not self.certificates and self.request.directory:
            self.problems.append(_problem("", "the platform has no certificate for this container"))

    def all_problems(self) -> list[Problem]:
        """Everything that refuses the run."""
        found = list(self.problems)
        for index in sorted(self.missing):
            _, reasons = self.judged[index]
            found.extend(_problem(self._name(index), reason) for reason in reasons)
        return found

    def warnings(self) -> list[str]:
        """Return what does not refuse: dates of the chosen, and the unusable that others stand in
        for.
        """
        lines: dict[str, None] = {}
        for index, (usable, reasons) in self.judged.items():
            said = ""
            if usable is None and index not in self.missing:
                said = f"another certificate is used instead: {reasons[0]}"
            elif usable is not None and any(usable is one for one in self.chosen.values()):
                said = usable.warning
            if said:
                lines[f"{_subject(self._name(index))}: {said}"] = None
        return list(lines)

    def _judge(self, index: int) -> Judgement:
        if index not in self.judged:
            self.judged[index] = judge(
                self.certificates[index], self.request, now=self.now, mismatch=self.mismatch
            )
        return self.judged[index]

    def _name(self, index: int) -> str:
        names = self.certificates[index].domains
        return names[0] if names else self.certificates[index].id

    def _none_for(self, domain: str) -> str:
        known = [name for names in self.domains for name in names if is_host_name(name)]
        if not known:
            return "the platform has no certificate for this container"
        from cycle_exec.settings.nearest import did_you_mean

        hint = did_you_mean(domain, known)
        return f"there is no certificate for it{hint or ', only for ' + _some(known)}"


def judge(
    certificate: Certificate, request: CertificateRequest, *, now: float, mismatch: Mismatch
) -> Judgement:
    """Return the certificate ready for use, or None and every reason why it is not."""
    reasons: list[str] = []
    blocks: tuple[pem.Block, ...] = ()
    key = None
    try:
        blocks = pem.certificates(certificate.bundle.reveal())
    except pem.NotPem as error:
        reasons.append(error.reason)
    try:
        key = pem.private_key(certificate.private_key.reveal())
    except pem.NotPem as error:
        reasons.append(error.reason)
    chain = _parsed(blocks, reasons)
    if not chain:
        return None, reasons
    reasons.extend(_chain_reasons(chain))
    reasons.extend(_name_reasons(chain[0], certificate.domains))
    warning = _dates(chain[0], request, now, reasons)
    texts = [block.text for block in blocks]
    fullchain = "".join(texts)
    if key is not None:
        apart = mismatch(key.text, fullchain)
        if apart is not None:
            reasons.append(apart)
    if reasons or key is None:
        return None, reasons
    leaf = chain[0]
    usable = Usable(
        cert=texts[0],
        chain="".join(texts[1:]),
        fullchain=fullchain,
        privkey=key.text,
        combined=fullchain + key.text,
        warning=warning,
        summary=CertificateSummary(
            domains=certificate.domains,
            issuer=leaf.issuer_name,
            not_before=leaf.not_before,
            not_after=leaf.not_after,
            key_type=leaf.key_type,
        ),
    )
    return usable, reasons


def _parsed(blocks: Sequence[pem.Block], reasons: list[str]) -> list[Parsed]:
    found = []
    for position, block in enumerate(blocks, start=1):
        try:
            found.append(x509.read(block.der))
        except x509.NotX509:
            reasons.append(f"certificate {position} of the bundle is not X.509")
            return []
    return found


def _chain_reasons(chain: Sequence[Parsed]) -> list[str]:
    """Each must be followed by its issuer: TLS servers send the chain as it stands.

    Nothing is put in order silently: a bundle in disorder is a mistake to be seen. A self-signed
    root at the end does no harm.
    """
    for position, (below, above) in enumerate(pairwise(chain), start=1):
        name = f"certificate {position + 1} of the bundle"
        if below.issuer != above.subject:
            return [
                f"the chain is out of order: {name} is not the issuer of the previous certificate"
            ]
        if not above.authority and above.issuer != above.subject:
            return [f"{name} may not sign other certificates"]
    return []


def _name_reasons(leaf: Parsed, domains: Iterable[str]) -> list[str]:
    strange = [name for name in domains if not is_host_name(folded(name))]
    if strange:
        return [f"it has names that are not host names: {_some(strange)}"]
    lacking = [name for name in domains if not any(covers(own, folded(name)) for own in leaf.names)]
    return [f"it does not cover {_some(lacking)}"] if lacking else []


def _dates(leaf: Parsed, request: CertificateRequest, now: float, reasons: list[str]) -> str:
    """Return what to warn of; outside of the dates there is a reason to refuse."""
    if now < leaf.not_before:
        reasons.append("it is not valid yet; check the clock of this machine")
        return ""
    if now > leaf.not_after:
        past = int((now - leaf.not_after) // _DAY)
        said = f"it expired {_days(past)} ago" if past else "it has expired"
        if not request.allow_expired:
            reasons.append(said)
        return said
    left = int((leaf.not_after - now) // _DAY)
    if left >= request.minimum_days:
        return ""
    return f"it expires in {_days(left)}" if left else "it expires within a day"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _some(names: Sequence[str]) -> str:
    from cycle_exec.settings.nearest import printable

    shown = ", ".join(printable(name) for name in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _problem(name: str, reason: str) -> Problem:
    return Problem(kind="certificate-refused", subject=_subject(name), reason=reason)


def _subject(name: str) -> str:
    from cycle_exec.settings.nearest import printable

    return f"certificate {printable(name)}".rstrip()
