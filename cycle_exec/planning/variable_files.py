"""Scoped variables of access kind file: for templates and files, never for the environment."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning.model import FileVariable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.planning.model import Prepared
    from cycle_exec.settings.model import Settings
    from cycle_exec.sources.model import Snapshot

_SHOWN = 5  # files without a value


def problems(settings: Settings, snapshot: Snapshot, prepared: Prepared | None) -> list[Problem]:
    """Return what is wrong with files that the settings or a template name. Others do no harm."""
    found = []
    asked = _asked(settings)
    sources = prepared.sources if prepared is not None else {}
    for name, reason in snapshot.files.unfit.items():
        if (name in asked or _is_in(name, sources)) and not snapshot.variables.get(name):
            found.append(Problem("variable-unreadable", _subject(settings, name), reason))
    for name, value in snapshot.files.values.items():
        if not is_text(value) and not snapshot.variables.get(name) and _is_in(name, sources):
            reason = "it is not UTF-8 text, and a template names it"
            fix = f"write it to a file as it is, with [variables.files.{name}]"
            found.append(Problem("value-refused", _subject(settings, name), reason, fix))
    return found


def _asked(settings: Settings) -> set[str]:
    """Return the identifiers that the settings themselves name."""
    rules, certificates, vpn = settings.variables, settings.certificates, settings.vpn
    found = {*rules.required, *(file.variable for file in rules.files)}
    if certificates is not None:
        found.add(certificates.password_from)
    if vpn is not None and vpn.login is not None:
        found.update((vpn.login.username, vpn.login.password))
    return found


def _is_in(name: str, sources: Mapping[str, str]) -> bool:
    """Whether a template takes a variable of this name, as far as its text tells."""
    import re

    literal = rf"(['\"]){re.escape(name)}\1"
    use = re.compile(
        rf"(?<!\w)variables\s*(?:\.\s*{re.escape(name)}(?!\w)|(?:\[|\.\s*get\()\s*{literal})"
    )
    return any(use.search(text) for text in sources.values())


def _subject(settings: Settings, name: str) -> str:
    return f"scoped variable {name} ({path(settings, name)})"


def path(settings: Settings, name: str) -> str:
    """Return where the file of a variable is."""
    return f"{settings.variables.file_directory.rstrip('/')}/{name}"


def is_text(value: str) -> bool:
    """Whether it is UTF-8: any other byte is a surrogate."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def joined(snapshot: Snapshot) -> Snapshot:
    """Return the answers with the files among the variables, for who is no environment.

    What the API has, too, is newer: files change only when the instance starts again. What is no
    text stays where it was.
    """
    values = snapshot.files.values
    texts = {name: value for name, value in values.items() if is_text(value)}
    return snapshot.replace(
        variables={
            **snapshot.variables,
            **{name: value for name, value in texts.items() if not snapshot.variables.get(name)},
        },
        files=snapshot.files.replace(
            values={name: value for name, value in values.items() if name not in texts}
        ),
    )


def described(settings: Settings, snapshot: Snapshot) -> tuple[FileVariable, ...]:
    """Return where each value is from, for people."""
    return tuple(
        FileVariable(
            name=name,
            path=path(settings, name),
            content=value,
            used=not snapshot.variables.get(name),
        )
        for name, value in snapshot.files.values.items()
    )


def notes(settings: Settings, snapshot: Snapshot) -> tuple[str, ...]:
    """Return a line for each file that has no value; of many, their number."""
    found = [
        f"{_subject(settings, name)} has no value: {reason}"
        for name, reason in snapshot.files.unfit.items()
    ]
    if len(found) > _SHOWN:
        more = f"{len(found) - _SHOWN} more files in {settings.variables.file_directory}"
        found[_SHOWN:] = [f"{more} have no value"]
    return tuple(found)
