"""Read the manifest: TOML in, a Manifest out, or all its problems, each with its line."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.settings import duration
from cycle_exec.settings.manifest import toml
from cycle_exec.settings.manifest.check import findings
from cycle_exec.settings.manifest.keys import MANIFEST
from cycle_exec.settings.model import (
    Api,
    CertificateRequest,
    DotenvOutput,
    EnvironmentRules,
    IntegrationFile,
    IntegrationRequest,
    LastGood,
    Log,
    Login,
    Manifest,
    Process,
    Report,
    TemplateOutput,
    VariableFile,
    Variables,
    Vpn,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # A table that has been checked against the table of keys.
    Checked = dict[str, Any]

_DURATIONS = frozenset(
    ("grace", "reload_interval", "reload_debounce", "reload_longest", "reload_splay")
)


def parse(text: str, name: str) -> Manifest:
    """Return the manifest; raise Refused with every problem. name: what messages call the file."""
    scanned = toml.scan(text)
    document: Checked = _loaded(text, name) if scanned.values is None else scanned.values
    found = findings(MANIFEST, document)
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
    return _manifest(document)


def _loaded(text: str, name: str) -> Checked:
    """Return what tomllib reads; raise Refused."""
    from cycle_exec.settings.manifest import syntax

    try:
        return syntax.load(text)
    except syntax.Invalid as error:
        raise Refused([_problem(name, error.line, error.reason)]) from None


def _problem(name: str, line: int, reason: str) -> Problem:
    return Problem(kind="manifest-invalid", subject=f"{name}:{line}", reason=reason)


def _manifest(document: Checked) -> Manifest:
    certificates, dotenv = document.get("certificates"), document.get("dotenv")
    return Manifest(
        api=_api(document.get("api", {})),
        variables=_variables(document.get("variables", {})),
        environment=_environment(document),
        integrations=tuple(_integration(table) for table in document.get("integrations", ())),
        certificates=None
        if certificates is None
        else CertificateRequest(**_file(_lists(certificates))),
        templates=tuple(
            TemplateOutput(**_file(_lists(table))) for table in document.get("templates", ())
        ),
        dotenv=None if dotenv is None else DotenvOutput(**_file(dotenv)),
        vpn=_vpn(document["vpn"]) if "vpn" in document else None,
        process=_process(document.get("process", {})),
        report=Report(**document.get("report", {})),
        last_good=_last_good(document["last_good"]) if "last_good" in document else None,
        log=Log(**document.get("log", {})),
    )


def _environment(document: Checked) -> EnvironmentRules:
    rules = EnvironmentRules(**_file(_lists(document.get("environment", {}))))
    # The copy's key is for the launcher, not for the command.
    key = document.get("last_good", {}).get("key_variable")
    return rules.replace(unset=(*rules.unset, key)) if key else rules


def _last_good(table: Checked) -> LastGood:
    changes: Checked = {"max_age": duration.parse(table["max_age"])} if "max_age" in table else {}
    return LastGood(**{**table, **changes})


def _api(table: Checked) -> Api:
    durations: Checked = {
        key: duration.parse(table[key]) for key in ("timeout", "deadline") if key in table
    }
    return Api(**{**table, **durations})


def _process(table: Checked) -> Process:
    given = dict(table)
    for key in _DURATIONS.intersection(table):
        given[key] = duration.parse(table[key])
    if "signal_map" in table:
        from cycle_exec.settings import signal_names

        given["signal_map"] = signal_names.mapping(table["signal_map"].items())
    return Process(**given)


def _vpn(table: Checked) -> Vpn:
    login = table.get("login")
    return Vpn(**{**table, "login": None if login is None else Login(**login)})


def _variables(table: Checked) -> Variables:
    files = tuple(
        VariableFile(variable=name, **_file(file)) for name, file in table.get("files", {}).items()
    )
    return Variables(**{**_lists(table), "files": files})


def _integration(table: Checked) -> IntegrationRequest:
    files = tuple(
        IntegrationFile(target=target, **_file(file))
        for target, file in table.get("files", {}).items()
    )
    return IntegrationRequest(**{**table, "files": files})


def _lists(table: Checked) -> Checked:
    """Return the table with arrays as tuples: Records hold only what cannot change."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def _file(table: Checked) -> Checked:
    """Return the table of a target, its mode as a number and its on_change as a tuple."""
    given = dict(table)
    if "mode" in table:
        given["mode"] = int(table["mode"], 8)
    if "on_change" in table:
        from cycle_exec.settings import on_change

        given["on_change"] = on_change.parsed(table["on_change"])
    return given
