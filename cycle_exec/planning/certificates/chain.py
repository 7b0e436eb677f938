"""The issuers of a leaf, looked for among all certificates of its bundle, as clients do."""

from __future__ import annotations

from cycle_exec.planning.certificates import x509
from cycle_exec.planning.certificates.distinguished import same
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.planning.certificates.x509 import Parsed


# Why what has the name of an issuer is none: OpenSSL takes it all the same, if it stands first.
NOT_SIGNED = "did not sign it"


class Issuer(Record):
    """A certificate of the bundle that has the name of an issuer.

    position: in the bundle, from 1. below: the certificate that it is to have issued. fault: why
    it did not, although its name and the identifiers do not say so, in words: "but ...".
    """

    position: int
    parsed: Parsed
    below: Parsed
    fault: str = ""

    @property
    def is_called(self) -> str:
        """What messages call it."""
        return f"certificate {self.position} of the bundle"

    @property
    def has_another_key(self) -> bool:
        """Whether the one below was signed with another key."""
        return bool(self.fault) or self.is_another_by_name

    @property
    def is_told_by_key(self) -> bool:
        """Whether both have an identifier of the key, so that these decide."""
        return bool(self.below.issuer_key_id and self.parsed.key_id)

    @property
    def is_another_by_name(self) -> bool:
        """Whether the identifiers of both say that the key is another one."""
        wanted, found = self.below.issuer_key_id, self.parsed.key_id
        if wanted and found and wanted != found:
            return True
        return self.below.issuer_serial not in (b"", self.parsed.serial)

    @property
    def may_not_sign(self) -> bool:
        """Whether it says itself that it signs no others; of a root, the client's copy decides."""
        own = self.parsed
        if own.usage is not None and not own.usage & x509.SIGNS_CERTIFICATES:
            return True
        if x509.CONSTRAINTS in own.doubts:
            return False
        return not own.authority and not own.self_signed

    def is_impostor(self, now: float) -> bool:
        """Whether OpenSSL takes it for the issuer, and then rejects it."""
        usage = self.parsed.usage
        if self.is_another_by_name or self.is_outside_its_dates(now):
            return False
        if usage is not None and not usage & x509.SIGNS_CERTIFICATES:
            return False
        return self.fault == NOT_SIGNED or (not self.fault and self.may_not_sign)

    def is_outside_its_dates(self, now: float) -> bool:
        """Whether it has ended, has not begun, or has dates that nobody can compare."""
        own = self.parsed
        return x509.DATES in own.doubts or not own.not_before <= now <= own.not_after


class Chain(Record):
    """A leaf and its issuers.

    issuers: the direct one first, as far as the bundle has them. impostors: those that stand before
    one of them, fit as it does, and may or did not sign. all: the bundle as it stands.
    """

    leaf: Parsed
    issuers: tuple[Issuer, ...]
    impostors: tuple[Issuer, ...]
    all: tuple[Parsed, ...]

    @property
    def not_after(self) -> int:
        """The end of the leaf or of its direct issuer, whichever comes first."""
        ends = [one.parsed for one in self.issuers[:1] if x509.DATES not in one.parsed.doubts]
        return min(one.not_after for one in (self.leaf, *ends))

    @property
    def judged(self) -> tuple[Issuer, ...]:
        """The issuers that clients take from the bundle: of a root above, they have their own."""
        last = self.issuers[-1:]
        own = len(self.issuers) > 1 and last[0].parsed.self_signed
        return self.issuers[:-1] if own else self.issuers

    @property
    def chosen(self) -> tuple[Parsed, ...]:
        """The leaf and its issuers."""
        return (self.leaf, *(one.parsed for one in self.issuers))

    @property
    def is_plain(self) -> bool:
        """Whether identifiers and what we read of each certificate decide all that clients do."""
        return not any(one.odd for one in self.chosen) and all(
            one.is_told_by_key for one in self.judged
        )

    @property
    def has_strangers(self) -> bool:
        """Whether anything beside the leaf is in the bundle."""
        return any(one.raw != self.leaf.raw for one in self.all)

    @property
    def is_in_order(self) -> bool:
        """Whether each issuer stands behind what it issued, with nothing foreign in between."""
        positions = [one.position for one in self.judged]
        known = [self.leaf, *(one.parsed for one in self.judged)]
        between = self.all[1 : max(positions, default=1)]
        return positions == sorted(positions) and all(
            any(same(one.subject, other.subject) for other in known) for one in between
        )


def of(
    bundle: Sequence[Parsed], now: float, faults: Mapping[tuple[bytes, bytes], str] | None = None
) -> Chain:
    """Return the first certificate and its issuers; of several of one name the fitting one.

    faults: of pairs of certificates, raw, of which the second did not issue the first.
    """
    below = bundle[0]
    found: list[Issuer] = []
    impostors: list[Issuer] = []
    used = {below.raw}
    while not below.self_signed:
        named = [
            Issuer(
                position=position,
                parsed=one,
                below=below,
                fault=(faults or {}).get((below.raw, one.raw), ""),
            )
            for position, one in enumerate(bundle, start=1)
            if one.raw not in used and one.subject and same(one.subject, below.issuer)
        ]
        if not named:
            break
        best = min(named, key=lambda one: (_faults(one, now), one.position))
        before = (one for one in named if one.position < best.position)
        impostors += (one for one in before if one.is_impostor(now))
        found.append(best)
        below = best.parsed
        used.add(below.raw)
    return Chain(
        leaf=bundle[0], issuers=tuple(found), impostors=tuple(impostors), all=tuple(bundle)
    )


def _faults(issuer: Issuer, now: float) -> tuple[bool, bool, bool]:
    return issuer.has_another_key, issuer.may_not_sign, issuer.is_outside_its_dates(now)
