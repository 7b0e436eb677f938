"""The manifest: TOML text in, a Manifest out, or every problem of it at once with its line."""

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

    # A table whose shape the table of keys has vouched for.
    Checked = dict[str, Any]

_DURATIONS = frozenset(
    ("grace", "reload_interval", "reload_debounce", "reload_longest", "reload_splay")
)

# How tomllib begins what it has to say, and our words for it; its own text may quote the file.
_SYNTAX = {
    "Invalid value": "this value is not valid TOML (strings stand in quotes)",
    "Invalid statement": "this is neither KEY = VALUE nor a [table]",
    "Invalid initial character for a key part": "this is not a key (quote unusual ones)",
    "Expected '=' after a key": "there is no = after the key",
    "Expected newline or end of document": "there is more after the value than belongs to it",
    "Cannot overwrite a value": "this key is there twice",
    "Cannot declare": "this table is there twice",
    "Cannot mutate immutable namespace": "this table was already written as { ... }",
    "Duplicate inline table key": "this key is there twice",
    "Unterminated string": "the string has no closing quote",
    "Expected \"'": "a string that begins here or earlier has no closing quote",
    "Found invalid character": "the string has no closing quote, or a character not allowed",
    "Illegal character '\\n'": "the string has no closing quote",
    "Illegal character": "a character here must be escaped or is not allowed",
    "Invalid hex value": "the escape needs more hexadecimal digits",
    "Escaped character is not": "the escape is not a character",
    "Invalid date": "this date does not exist",
    "Cannot redefine namespace": "this table is there twice",
    "Unescaped '\\' in a string": "a backslash here must be doubled, or write '...'",
    "Unclosed array": "the array has no closing ]",
    "Unclosed inline table": "the table has no closing }, or goes over the end of the line",
    "Expected ']'": "the table's header has no closing ]",
}


def parse(text: str, path: str) -> Manifest:
    """The manifest; raises Refused with every problem. path: what messages call it."""
    document = _document(text, path)
    found = findings(MANIFEST, document)
    if found:
        from cycle_exec.settings.manifest.lines import line_of, lines

        where = lines(text)
        placed = sorted(
            (
                line_of(where, finding.path),
                finding.reason
                + (f", first on line {line_of(where, finding.also)}" if finding.also else ""),
            )
            for finding in found
        )
        raise Refused([_problem(path, line, reason) for line, reason in placed])
    return _manifest(document)


def _problem(path: str, line: int, reason: str) -> Problem:
    return Problem(kind="manifest-invalid", subject=f"{path}:{line}", reason=reason)


def _document(text: str, path: str) -> Checked:
    plain = toml.parse(text)
    if plain is not None:
        return plain
    from tomllib import loads

    if text.startswith("\ufeff"):
        raise Refused([_problem(path, 1, "it begins with a byte order mark, save it without")])
    try:
        return loads(text)
    except RecursionError:
        raise Refused([_problem(path, 1, "its values are nested too deeply")]) from None
    except ValueError as error:
        line = _line(text, error)
        raise Refused([_problem(path, line, _syntax(str(error)))]) from None


def _line(text: str, error: ValueError) -> int:
    """The line tomllib speaks of; Python 3.14 has an attribute for it, before there are words."""
    line = getattr(error, "lineno", None)
    if isinstance(line, int):
        return line
    # The last words only: a key that is quoted before them may look the same.
    words = str(error).rpartition(" (at ")[2]
    if words.startswith("line "):
        return int(words.removeprefix("line ").partition(",")[0])
    return text.rstrip().count("\n") + 1


def _syntax(message: str) -> str:
    for beginning, words in _SYNTAX.items():
        if message.startswith(beginning):
            return words
    return "this is not valid TOML"


def _manifest(document: Checked) -> Manifest:
    log = document.get("log", {})
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
        **{f"log_{key}": log[key] for key in ("level", "format") if key in log},
        debug=log.get("debug", False),
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
    """The table with arrays as tuples: Records hold only what cannot change."""
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def _file(table: Checked) -> Checked:
    """The table of a target, its mode as a number and its on_change as a tuple."""
    given = dict(table)
    if "mode" in table:
        given["mode"] = int(table["mode"], 8)
    if "on_change" in table:
        from cycle_exec.settings import on_change

        given["on_change"] = on_change.parsed(table["on_change"])
    return given
