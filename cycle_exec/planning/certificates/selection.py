"""Which certificate stands for which domain, and all that is wrong with those that should."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.certificates import keys
from cycle_exec.planning.certificates.host_names import covers, folded, is_host_name
from cycle_exec.planning.certificates.judgement import Judgement, judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cycle_exec.planning.certificates.asking import Refusal
    from cycle_exec.planning.certificates.judgement import Mismatch, Usable
    from cycle_exec.settings.model import CertificateRequest
    from cycle_exec.sources.model import Certificate

_SHOWN = 5  # names in one message
_UNDERSCORE = "a name with an underscore is not a host name"
_NO_HOST_NAME = "it is not a host name of letters, digits and hyphens (xn-- for other characters)"
RSA, ECDSA = "rsa", "ecdsa"
_KINDS = {keys.RSA_WORD: RSA, keys.EC_WORD: ECDSA}


def choose(
    certificates: Sequence[Certificate],
    request: CertificateRequest,
    *,
    now: float,
    mismatch: Mismatch,
    refusal: Refusal | None = None,
) -> tuple[dict[str, Usable], list[Problem], list[str]]:
    """Return the certificate of each wanted domain, with all problems and warnings.

    Without named domains every host name of every certificate's record is wanted. One whose record
    names the domain goes before one whose record has a wildcard for it, then one that covers it by
    its own names, whatever its record lists; of several the one that is good for longer. Unusable
    ones are problems where nothing usable stands in for them, else warnings; those that no wanted
    domain needs are not judged. now: seconds since the epoch. mismatch, refusal: see judge; they
    may raise Refused for what is wrong with this machine.
    """

    def judged(certificate: Certificate) -> Judgement:
        return judge(certificate, request, now=now, mismatch=mismatch, refusal=refusal)

    found = _Found(certificates, request, judged)
    wanted = request.domains or found.host_names()
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
        judge_one: Callable[[Certificate], Judgement],
    ) -> None:
        self.certificates, self.request = certificates, request
        self.judge_one = judge_one
        self.domains = [dict.fromkeys(map(folded, one.domains)) for one in certificates]
        self.judged: dict[int, Judgement] = {}
        self.own_names: dict[int, frozenset[str]] = {}
        self.chosen: dict[str, Usable] = {}
        self.used: set[int] = set()
        # Those whose records list a wanted domain; others are judged only to look for one.
        self.listed: set[int] = set()
        self.missing: set[int] = set()
        self.uncovered: dict[int, list[str]] = {}
        self.problems: list[Problem] = []

    def host_names(self) -> list[str]:
        """Return the names of all records that can be wanted; where one has none, all of its."""
        found = []
        for names in self.domains:
            found += [name for name in names if is_host_name(name)] or list(names)
        return found

    def want(self, domain: str) -> None:
        """Choose for one domain, or note why there is none."""
        if not is_host_name(domain):
            reason = _UNDERSCORE if is_host_name(domain.replace("_", "")) else _NO_HOST_NAME
            self.problems.append(_problem(domain, reason))
            return
        exact, covering, others = [], [], []
        for index, names in enumerate(self.domains):
            if domain in names:
                exact.append(index)
            elif covers(names, domain):
                covering.append(index)
            else:
                others.append(index)
        self.listed.update(exact, covering)
        for candidates in (exact, covering, others):
            usable = [index for index in candidates if self._is_usable_for(index, domain)]
            if candidates is others:
                by_name = [index for index in usable if domain in self.own_names[index]]
                usable = by_name or usable
            if usable:
                self.chosen[domain] = self._best(usable)
                return
        others = [index for index in others if self._names(index, domain)]
        for index in (*exact, *covering, *others):
            if self.judged[index].usable is None:
                self.missing.add(index)
            if not self._names(index, domain):
                self.uncovered.setdefault(index, []).append(domain)
        if not exact and not covering and not others:
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
        for index in range(len(self.certificates)):
            reasons = list(self.judged[index].refused) if index in self.missing else []
            if self._lacks(index):
                reasons.append(f"it does not cover {some(self.uncovered[index])}")
            found.extend(_problem(self._name(index), reason) for reason in reasons)
        return found

    def _lacks(self, index: int) -> bool:
        """Whether its uncovered domains refuse the run: they were named, or it has no others."""
        if index not in self.uncovered or (index in self.missing and not self.judged[index].names):
            return False
        return bool(self.request.domains) or index not in self.used

    def warnings(self) -> list[str]:
        """Return what does not refuse: about the chosen, and the unusable that others stand in
        for.
        """
        lines: dict[str, None] = {}
        for index, judged in self.judged.items():
            if not judged.warned and not judged.refused and index not in self.uncovered:
                continue
            subject = f"certificate {self._name(index)}"
            if index in self.used:
                lines.update(dict.fromkeys(f"{subject}: {line}" for line in judged.warned))
                if index in self.uncovered and not self._lacks(index):
                    lacking = some(self.uncovered[index])
                    lines[f"{subject}: it does not cover {lacking}, which is left out"] = None
            elif judged.refused and index in self.listed - self.missing:
                lines[f"{subject}: another certificate is used instead: {judged.refused[0]}"] = None
        return list(lines)

    def _names(self, index: int, domain: str) -> bool:
        """Whether one that was judged covers a domain, usable or not."""
        if index not in self.own_names:
            self.own_names[index] = frozenset(self.judged[index].names)
        return covers(self.own_names[index], domain)

    def _is_usable_for(self, index: int, domain: str) -> bool:
        """Judge one; whether it is usable for a domain."""
        if index not in self.judged:
            try:
                self.judged[index] = self.judge_one(self.certificates[index])
            except Refused as refused:
                self.judged[index] = Judgement(usable=None)
                self.problems += [one for one in refused.problems if one not in self.problems]
        return self.judged[index].usable is not None and self._names(index, domain)

    def _best(self, usable: Sequence[int]) -> Usable:
        """Return the best of several, with the best of each kind of key if there are two."""
        ranked = sorted(usable, key=lambda index: _rank(self._usable(index)))
        by_kind: dict[str, int] = {}
        for index in ranked:
            kind = _KINDS.get(self._usable(index).summary.key_type.partition(" ")[0], "")
            by_kind.setdefault(kind, index)
        both = [by_kind[kind] for kind in (RSA, ECDSA) if kind in by_kind]
        best = self._usable(ranked[0])
        self.used.add(ranked[0])
        if len(both) < 2:
            return best
        self.used.update(both)
        kinds = zip((RSA, ECDSA), map(self._usable, both), strict=True)
        return best.replace(kinds=tuple(kinds))

    def _usable(self, index: int) -> Usable:
        usable = self.judged[index].usable
        assert usable is not None
        return usable

    def _name(self, index: int) -> str:
        names = self.certificates[index].domains
        return _printable(names[0] if names else self.certificates[index].id)

    def _none_for(self, domain: str) -> str:
        known = [name for names in self.domains for name in names if is_host_name(name)]
        if not known:
            return "the platform has no certificate for this container"
        from cycle_exec.settings.nearest import did_you_mean

        hint = did_you_mean(domain, known)
        return f"there is no certificate for it{hint or ', only for ' + some(known)}"


def _rank(one: Usable) -> tuple[int, int, str, str]:
    """Sort the longest left first, then the newest, then the kind of key; never by the answer."""
    told = one.summary
    return -told.not_after, -told.not_before, told.key_type, one.fullchain


def some(names: Iterable[str]) -> str:
    """Return some of many names, for one message."""
    found = list(names)
    shown = ", ".join(_printable(name) for name in found[:_SHOWN])
    return shown + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")


def _problem(name: str, reason: str) -> Problem:
    subject = f"certificate {_printable(name)}".rstrip()
    return Problem(kind="certificate-refused", subject=subject, reason=reason)


def _printable(name: str) -> str:
    # Most launches have nothing to say of a certificate.
    from cycle_exec.settings.nearest import printable

    return printable(name)
