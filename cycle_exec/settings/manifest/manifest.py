"""Read the manifest: TOML in, a Manifest out, or all its problems, each with its line."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.settings.manifest import toml
from cycle_exec.settings.manifest.keys import MANIFEST
from cycle_exec.settings.manifest.nodes import Finding, dotted
from cycle_exec.settings.merging import same_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cycle_exec.settings.manifest.nodes import Path
    from cycle_exec.settings.model import Manifest

    Document = dict[str, object]


def parse(text: str, name: str) -> Manifest:
    """Return the manifest; raise Refused with every problem. name: what messages call the file."""
    scanned = toml.scan(text)
    document = _loaded(text, name) if scanned.values is None else scanned.values
    found = findings(document)
    if found:
        placed = sorted(
            (
                scanned.line(finding.path),
                finding.reason
                + (f", first on line {scanned.line(finding.also)}" if finding.also else ""),
            )
            for finding in found
        )
        raise Refused([_problem(name, line, reason) for line, reason in placed])
    manifest: Manifest = MANIFEST.made(document)
    if manifest.last_good is None or not manifest.last_good.key_variable:
        return manifest
    # The copy's key is for the launcher, not for the command.
    rules = manifest.environment
    unset = (*rules.unset, manifest.last_good.key_variable)
    return manifest.replace(environment=rules.replace(unset=unset))


def findings(document: Document) -> list[Finding]:
    """Return everything that is wrong, in the order of the document."""
    return [
        *MANIFEST.findings(document, ()),
        *_repeated(_integrations(document), "the same integration is listed twice"),
        *_repeated(_targets(document), "the same target is there twice"),
    ]


def _loaded(text: str, name: str) -> Document:
    """Return what tomllib reads; raise Refused."""
    from cycle_exec.settings.manifest import syntax

    try:
        return syntax.load(text)
    except syntax.Invalid as error:
        raise Refused([_problem(name, error.line, error.reason)]) from None


def _problem(name: str, line: int, reason: str) -> Problem:
    return Problem(kind="manifest-invalid", subject=f"{name}:{line}", reason=reason)


def _repeated(named: Iterator[tuple[str, Path]], reason: str) -> Iterator[Finding]:
    seen: dict[str, Path] = {}
    for name, path in named:
        first = seen.setdefault(name, path)
        if first is not path:
            yield Finding(path=path, reason=f"{dotted(path)}: {reason}", also=first)


def _integrations(document: Mapping[str, object]) -> Iterator[tuple[str, Path]]:
    for index, table in _tables(document, "integrations"):
        name = table.get("identifier") or table.get("vendor")
        if isinstance(name, str) and name:
            yield name, ("integrations", index)


def _targets(document: Mapping[str, object]) -> Iterator[tuple[str, Path]]:
    """Return each target of the document with its key; values of a wrong type are passed over."""
    found: list[tuple[object, Path]] = []
    for name, file in _members(_members(document, "variables"), "files").items():
        if isinstance(file, dict):
            found.append((file.get("target"), ("variables", "files", name, "target")))
    for index, table in _tables(document, "integrations"):
        for name in _members(table, "files"):
            found.append((name, ("integrations", index, "files", name)))
    for index, table in _tables(document, "templates"):
        found.append((table.get("target"), ("templates", index, "target")))
    found.append((_members(document, "dotenv").get("target"), ("dotenv", "target")))
    for target, path in found:
        if isinstance(target, str) and target.startswith("/"):
            yield same_target(target), path


def _members(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    inner = table.get(key)
    return inner if isinstance(inner, dict) else {}


def _tables(document: Mapping[str, object], key: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    tables = document.get(key)
    for index, table in enumerate(tables if isinstance(tables, list) else ()):
        if isinstance(table, dict):
            yield index, table
