"""A plan for people and for programs: names, sources, lengths and fingerprints, never a value.

A fingerprint is eight hex digits of BLAKE2s, keyed by the caller, so that equal values can be
seen to be equal without a dictionary attack by whoever reads the output.
"""

from __future__ import annotations

from cycle_exec.planning.model import INHERITED
from cycle_exec.presentation import starting
from cycle_exec.presentation.model import Style
from cycle_exec.presentation.tables import PLAIN, heading, printable, table
from cycle_exec.record import Record
from cycle_exec.settings.model import Before, Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cycle_exec.planning.changes import Changes
    from cycle_exec.planning.model import CertificateSummary, Plan

_MARKS = {"added": "+", "changed": "~", "inherited": " ", "new": "+", "same": "="}


class Outlook(Record):
    """What is known beside the plan, for its description.

    inherited: the environment as it came in. differences: for each target what differs from the
    disk, empty: nothing, ("new",): it is not there yet. key: for the fingerprints. now: seconds
    since the epoch. user: who the command will run as, in words, empty: the same as now. process:
    how it is started. before: what is run before it.
    """

    _redacted = ("inherited", "key")

    command: tuple[str, ...]
    executable: str
    manifest: str
    inherited: Mapping[str, str]
    differences: Mapping[str, tuple[str, ...]]
    key: bytes
    now: float
    user: str = ""
    process: Process = Process()
    before: tuple[Before, ...] = ()


def document(plan: Plan, outlook: Outlook) -> dict[str, object]:
    """Return the plan as plain data for JSON; `version` grows when a member changes its meaning."""
    fingerprint = fingerprints(outlook.key)
    return {
        "version": 1,
        "manifest": outlook.manifest,
        "command": list(outlook.command),
        "executable": outlook.executable,
        "user": outlook.user,
        **starting.document(outlook.process, outlook.before),
        "variables": [
            {
                "name": name,
                "source": plan.sources[name],
                "overrides": list(plan.overrides.get(name, ())),
                "change": _variable_change(plan, outlook, name),
                "bytes": len(_encoded(value)),
                "fingerprint": fingerprint(_encoded(value)),
            }
            for name, value in sorted(plan.environ.items())
        ],
        "removed": sorted(outlook.inherited.keys() - plan.environ.keys()),
        "file_variables": [
            {
                "name": variable.name,
                "source": variable.path,
                "used": variable.used,
                "bytes": len(_encoded(variable.content)),
                "fingerprint": fingerprint(_encoded(variable.content)),
            }
            for variable in plan.file_variables
        ],
        "targets": [
            {
                "path": write.path,
                "source": write.origin,
                "mode": f"{write.mode:04o}",
                "owner": write.owner,
                "change": _target_change(outlook, write.path),
                "differs": list(outlook.differences[write.path]),
                "bytes": len(write.content),
                "fingerprint": fingerprint(write.content),
                "check": list(write.check),
            }
            for write in plan.writes
        ],
        "certificates": [certificate(summary, outlook.now) for summary in plan.certificates],
        "waits": [each.shown for each in plan.waits],
        "stale_seconds": plan.stale,
        "offline": plan.offline,
        "warnings": list(plan.warnings),
        "notes": list(plan.notes),
    }


def text(plan: Plan, outlook: Outlook, style: Style = PLAIN) -> str:
    """Return the plan for people: what is added and changed, grouped, aligned, fit for their
    terminal.
    """
    fingerprint = fingerprints(outlook.key)
    rows = []
    counts = {"added": 0, "changed": 0, "inherited": 0}
    for name, value in sorted(plan.environ.items()):
        change = _variable_change(plan, outlook, name)
        counts[change] += 1
        if plan.sources[name] != INHERITED or name in plan.overrides:
            size = len(_encoded(value))
            over = "".join(f" over {hidden}" for hidden in reversed(plan.overrides.get(name, ())))
            rows.append(
                (
                    _MARKS[change],
                    name,
                    plan.sources[name] + over,
                    f"{size} bytes",
                    f"#{fingerprint(_encoded(value))}",
                )
            )
    offline = "platform: not asked (offline)\n" if plan.offline else ""
    sections = [_head(outlook) + offline]
    sections.append(heading(f"variables: {_counted(counts)}", style) + table(rows, style))
    removed = sorted(outlook.inherited.keys() - plan.environ.keys())
    if removed:
        title = heading("removed from the environment", style)
        sections.append(title + table([("-", name) for name in removed], style))
    if plan.file_variables:
        title = heading("variables in files, for templates and files alone", style)
        sections.append(title + table(_file_rows(plan, fingerprint), style))
    if plan.writes:
        changes = [_target_change(outlook, write.path) for write in plan.writes]
        counted = {word: changes.count(word) for word in ("new", "changed", "same")}
        title = heading(f"targets: {_counted(counted)}", style)
        sections.append(title + table(_target_rows(plan, outlook, fingerprint), style))
    if plan.certificates:
        certificates = certificate_rows(plan.certificates, outlook.now)
        sections.append(heading("certificates", style) + table(certificates, style))
    if plan.waits:
        waits = [(each.shown,) for each in plan.waits]
        sections.append(heading("waits before the start for", style) + table(waits, style))
    if plan.warnings:
        found = [("!", line) for line in plan.warnings]
        sections.append(heading("warnings", style) + table(found, style))
    if plan.notes:
        sections.append(heading("notes", style) + table([(line,) for line in plan.notes], style))
    return "\n".join(sections)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in counts.items())


def _head(outlook: Outlook) -> str:
    command = " ".join(outlook.command) if outlook.command else "(none given)"
    found = f" ({outlook.executable})" if outlook.executable else ""
    user = f"user: {outlook.user}\n" if outlook.user else ""
    manifest = printable(outlook.manifest) or "(none)"
    rows = starting.rows(outlook.process, outlook.before)
    lines = "".join(f"{name}: {printable(says)}\n" for name, says in rows)
    return f"command: {printable(command + found)}\n{user}{lines}manifest: {manifest}\n"


def _file_rows(plan: Plan, fingerprint: Callable[[bytes], str]) -> list[tuple[str, ...]]:
    giver = "environment" if plan.offline else "API"
    return [
        (
            " ",
            variable.name,
            variable.path + ("" if variable.used else f", not used: the {giver} has it, too"),
            f"{len(_encoded(variable.content))} bytes",
            f"#{fingerprint(_encoded(variable.content))}",
        )
        for variable in plan.file_variables
    ]


def _target_rows(
    plan: Plan, outlook: Outlook, fingerprint: Callable[[bytes], str]
) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for write in plan.writes:
        change = _target_change(outlook, write.path)
        differs = outlook.differences[write.path]
        rows.append(
            (
                _MARKS[change],
                write.path,
                write.origin,
                f"{write.mode:04o}" + (f" {write.owner}" if write.owner else ""),
                f"{len(write.content)} bytes",
                f"#{fingerprint(write.content)}",
                f"({', '.join(differs)})" if change == "changed" else "",
            )
        )
    return rows


def certificate_rows(
    certificates: Sequence[CertificateSummary], now: float
) -> list[tuple[str, ...]]:
    """Rows of a table of certificates: domains, key, days left, issuer."""
    return [
        (
            " ",
            ", ".join(certificate.domains),
            certificate.key_type,
            f"{certificate.days_left(now)} days left",
            certificate.issuer,
        )
        for certificate in certificates
    ]


def certificate(found: CertificateSummary, now: float) -> dict[str, object]:
    """Return a certificate as plain data for JSON."""
    return {
        "domains": list(found.domains),
        "issuer": found.issuer,
        "key": found.key_type,
        "not_before": found.not_before,
        "not_after": found.not_after,
        "days_left": found.days_left(now),
        "warnings": list(found.warnings),
    }


def fingerprints(key: bytes) -> Callable[[bytes], str]:
    """Return a function from content to its eight hex digits under that key."""
    from hashlib import blake2s

    short = blake2s(key).digest()

    def fingerprint(content: bytes) -> str:
        return blake2s(content, digest_size=4, key=short).hexdigest()

    return fingerprint


def _variable_change(plan: Plan, outlook: Outlook, name: str) -> str:
    before = outlook.inherited.get(name)
    if before is None:
        return "added"
    return "inherited" if before == plan.environ[name] else "changed"


def _target_change(outlook: Outlook, path: str) -> str:
    differs = outlook.differences[path]
    if not differs:
        return "same"
    return "new" if differs == ("new",) else "changed"


def _encoded(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


_SHOWN = 6  # changes named in a reload's line


def reload_line(plan: Plan, changes: Changes, key: bytes, milliseconds: int) -> str:
    """Return a reload in one line: what is other now, with fingerprints, and what is done about
    it.
    """
    fingerprint = fingerprints(key)
    named = [
        f"variable {name} #{fingerprint(_encoded(plan.environ[name]))}"
        if name in plan.environ
        else f"variable {name} removed"
        for name in changes.variables
    ]
    # A certificate is several targets: it is named once.
    contents: dict[str, bytes] = {}
    for write in changes.writes:
        contents[write.origin] = contents.get(write.origin, b"") + write.content
    named.extend(f"{origin} #{fingerprint(content)}" for origin, content in contents.items())
    named.extend(f"{path} no longer written" for path in changes.gone)
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    deeds = ", ".join(map(_deed, changes.deeds)) or "nothing to do"
    return printable(f"reloaded in {milliseconds} ms: {', '.join(named[:_SHOWN])}{more}; {deeds}")


def _deed(deed: Sequence[str]) -> str:
    if deed[0] == "command":
        return f"command {deed[2]}" + (f" as user {deed[1]}" if deed[1] else "")
    return " ".join(deed)
