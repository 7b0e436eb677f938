"""The last good value stays: what is gone at a later look, or newly empty, keeps what it had."""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.sources.model import Certificate, Integration, Snapshot


class Kept(Record):
    """The answers with what they lack, and the names of that for people.

    gone: what the platform does not have any more. empty: what has no value for now, as a variable
    whose URL cannot be read.
    """

    snapshot: Snapshot
    gone: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


class _Lacking:
    def __init__(self) -> None:
        self.gone: list[str] = []
        self.empty: list[str] = []

    def texts(
        self, last: Mapping[str, str], fresh: Mapping[str, str], words: str
    ) -> dict[str, str]:
        """Return the fresh values, and of the last ones those that are lacking."""
        found = dict(fresh)
        for name, value in last.items():
            if value and not fresh.get(name):
                found[name] = value
                (self.empty if name in fresh else self.gone).append(f"{words}{name}")
        return found

    def integration(
        self, name: str, last: Integration | None, fresh: Integration | None
    ) -> Integration | None:
        """Return an integration with all its fields."""
        if last is None:
            return fresh
        if fresh is None:
            self.gone.append(f"integration {name}")
            return last
        words = f"integration {name}: "
        return fresh.replace(fields=self.texts(last.fields, fresh.fields, words))

    def certificates(
        self, last: tuple[Certificate, ...] | None, fresh: tuple[Certificate, ...] | None
    ) -> tuple[Certificate, ...] | None:
        """Return the fresh certificates, and the last ones of domains that have none any more."""
        if fresh is None or not last:
            return fresh
        there = {domain.lower() for one in fresh for domain in one.domains}
        kept = []
        for one in last:
            lost = [domain for domain in one.domains if domain.lower() not in there]
            if lost:
                kept.append(one)
                self.gone.append(f"certificate {lost[0]}")
        return (*fresh, *kept)


def kept(last: Snapshot, fresh: Snapshot) -> Kept:
    """Return the fresh answers, where they are lacking with the last good ones."""
    lacking = _Lacking()
    variables = lacking.texts(last.variables, fresh.variables, "variable ")
    # One that the API has now is not gone.
    held = {name: text for name, text in last.files.values.items() if not variables.get(name)}
    files = lacking.texts(held, fresh.files.values, "variable ")
    unfit = {name: why for name, why in fresh.files.unfit.items() if name not in files}
    snapshot = fresh.replace(
        variables=variables,
        files=fresh.files.replace(values=files, unfit=unfit),
        integrations={
            name: lacking.integration(name, last.integrations.get(name), integration)
            for name, integration in fresh.integrations.items()
        },
        certificates=lacking.certificates(last.certificates, fresh.certificates),
    )
    return Kept(snapshot=snapshot, gone=tuple(lacking.gone), empty=tuple(lacking.empty))
