"""Certificates as an app can use them, or refused: pair, chain, dates, names, file names."""

from __future__ import annotations

from itertools import pairwise

from cycle_exec.errors import Problem
from cycle_exec.planning import pem, x509
from cycle_exec.planning.model import CertificateSummary
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cycle_exec.planning.x509 import Leaf
    from cycle_exec.settings.model import CertificateRequest
    from cycle_exec.sources.model import Certificate

    Mismatch = Callable[[str, str], str | None]

_DAY = 86_400
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class Usable(Record):
    """A certificate that was checked, in the texts that certbot's file names stand for.

    combined: full chain, then key, as haproxy reads it. names: what the leaf itself covers.
    """

    _sealed = ("privkey", "combined")

    cert: str
    chain: str
    fullchain: str
    privkey: str
    combined: str
    names: tuple[str, ...]
    summary: CertificateSummary


class _Refused(Exception):
    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def choose(
    certificates: Sequence[Certificate],
    request: CertificateRequest,
    *,
    now: float,
    mismatch: Mismatch,
) -> tuple[dict[str, Usable], list[Problem], list[str]]:
    """The certificate of each wanted domain, with all problems and warnings.

    Without named domains every domain of every certificate is wanted. Certificates that no
    wanted domain needs are not judged. now: seconds since the epoch.
    """
    problems: list[Problem] = []
    warnings: list[str] = []
    usable: dict[int, Usable | None] = {}
    chosen: dict[str, Usable] = {}
    for domain, candidates in _candidates(certificates, request, problems):
        best: Usable | None = None
        for index in candidates:
            if index not in usable:
                usable[index] = _judged(
                    certificates[index], request, now, mismatch, problems, warnings
                )
            found = usable[index]
            if found and (best is None or found.summary.not_after > best.summary.not_after):
                best = found
        if best is not None:
            chosen[domain] = best
    return chosen, problems, warnings


def _candidates(
    certificates: Sequence[Certificate], request: CertificateRequest, problems: list[Problem]
) -> list[tuple[str, list[int]]]:
    """Wanted domains, each with the certificates that name it, else that cover it."""
    known = [[domain.lower() for domain in certificate.domains] for certificate in certificates]
    every = list(dict.fromkeys(domain for domains in known for domain in domains))
    found = []
    for domain in [name.lower() for name in request.domains] or every:
        if not is_host_name(domain):
            problems.append(_problem(domain, "it is not a host name, so it can name no folder"))
            continue
        exact = [index for index, domains in enumerate(known) if domain in domains]
        covering = [
            index
            for index, domains in enumerate(known)
            if any(covers(name, domain) for name in domains)
        ]
        if exact or covering:
            found.append((domain, exact or covering))
        else:
            names = ", ".join(name for name in every if is_host_name(name))
            reason = (
                f"there is none for it, there are: {names}" if names else "there is none at all"
            )
            problems.append(_problem(domain, reason))
    if not request.domains and not certificates and request.directory:
        problems.append(_problem("", "the platform has none for this container"))
    return found


def _judged(
    certificate: Certificate,
    request: CertificateRequest,
    now: float,
    mismatch: Mismatch,
    problems: list[Problem],
    warnings: list[str],
) -> Usable | None:
    subject = certificate.domains[0] if certificate.domains else certificate.id
    try:
        found = _assembled(certificate, mismatch)
        warning = _dates(found.summary, request, now)
    except _Refused as refused:
        problems.append(_problem(subject, refused.reason))
        return None
    if warning:
        warnings.append(f"certificate {subject}: {warning}")
    return found


def _problem(subject: str, reason: str) -> Problem:
    return Problem(
        kind="certificate-refused", subject=f"certificate {subject}".rstrip(), reason=reason
    )


def _assembled(certificate: Certificate, mismatch: Mismatch) -> Usable:
    try:
        blocks = pem.certificates(certificate.bundle.reveal())
        key = pem.private_key(certificate.private_key.reveal())
        chain = [x509.read(block.der) for block in blocks]
    except pem.NotPem as error:
        raise _Refused(error.reason) from None
    except x509.NotX509:
        raise _Refused("a block of the bundle is not an X.509 certificate") from None
    _ordered(chain)
    leaf = chain[0]
    for domain in certificate.domains:
        if not any(covers(name, domain.lower()) for name in leaf.names):
            raise _Refused(f"the leaf does not cover {domain}")
    texts = [block.text for block in blocks]
    fullchain = "".join(texts)
    reason = mismatch(key.text, fullchain)
    if reason is not None:
        raise _Refused(reason)
    return Usable(
        cert=texts[0],
        chain="".join(texts[1:]),
        fullchain=fullchain,
        privkey=key.text,
        combined=fullchain + key.text,
        names=leaf.names,
        summary=CertificateSummary(
            domains=certificate.domains,
            issuer=leaf.issuer_name,
            not_before=leaf.not_before,
            not_after=leaf.not_after,
            key_type=leaf.key_type,
        ),
    )


def _ordered(chain: Sequence[Leaf]) -> None:
    """Each certificate must be followed by its issuer: what TLS servers send as it stands."""
    for position, (below, above) in enumerate(pairwise(chain), start=1):
        if below.issuer != above.subject:
            raise _Refused(
                f"the chain is out of order: certificate {position + 1} of the bundle "
                f"is not the issuer of certificate {position}"
            )


def _dates(summary: CertificateSummary, request: CertificateRequest, now: float) -> str:
    """A warning about the dates, or nothing. Raises _Refused outside of them."""
    if now < summary.not_before:
        raise _Refused("it is not valid yet; compare the clock of this machine")
    days = int((summary.not_after - now) // _DAY)
    if now > summary.not_after:
        if not request.allow_expired:
            raise _Refused(f"it expired {-days} days ago" if days < -1 else "it has expired")
        return "it has expired"
    if days < request.minimum_days:
        return f"it expires in {days} days"
    return ""


def covers(name: str, domain: str) -> bool:
    """Whether a name of a certificate stands for a domain; a wildcard covers one label."""
    if name == domain:
        return True
    return name.startswith("*.") and domain.partition(".")[2] == name[2:] and domain[0] != "*"


def is_host_name(domain: str) -> bool:
    """Letters, digits and hyphens in dotted labels (RFC 1123), with at most one leading `*.`."""
    bare = domain.removeprefix("*.")
    return len(domain) <= 253 and all(
        0 < len(label) <= 63 and _LABEL.issuperset(label) and label[0] != "-" and label[-1] != "-"
        for label in bare.split(".")
    )


def directory_name(domain: str) -> str:
    """The folder of a domain: its name, `*.` written `_wildcard.`; it was checked before."""
    assert is_host_name(domain)
    return "_wildcard." + domain[2:] if domain.startswith("*.") else domain


def pem_files(usable: Usable, formats: Sequence[str]) -> list[tuple[str, str]]:
    """File names, certbot's, and their texts. chain.pem is empty for a leaf without a chain."""
    found = []
    if "pem" in formats:
        found = [
            ("privkey.pem", usable.privkey),
            ("cert.pem", usable.cert),
            ("chain.pem", usable.chain),
            ("fullchain.pem", usable.fullchain),
        ]
    if "combined" in formats:
        found.append(("combined.pem", usable.combined))
    return found
