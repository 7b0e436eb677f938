"""Targets that carry a value as it is: variable files, integration files, the dotenv file."""

from __future__ import annotations

from cycle_exec.planning.bindings import missing_field
from cycle_exec.planning.environment import BY_HAND
from cycle_exec.planning.model import DOTENV, INHERITED, INTEGRATION, VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.planning.bindings import Merged
    from cycle_exec.planning.outputs import Outputs
    from cycle_exec.settings.model import DotenvOutput, Settings
    from cycle_exec.sources.model import Snapshot


def add_to(
    outputs: Outputs,
    settings: Settings,
    snapshot: Snapshot,
    merged: Merged,
    inherited: Mapping[str, str] = {},
    places: Mapping[str, str] = {},
) -> None:
    """Note every such target that the settings name.

    inherited: the environment of this process. places: where variables are that the platform has
    put into files.
    """
    variable_files(outputs, settings, snapshot, inherited, places)
    integration_files(outputs, settings, snapshot)
    if settings.dotenv is not None:
        dotenv_file(outputs, settings.dotenv, exported(merged))


def variable_files(
    outputs: Outputs,
    settings: Settings,
    snapshot: Snapshot,
    inherited: Mapping[str, str] = {},
    places: Mapping[str, str] = {},
) -> None:
    """Note a file for each entry of [variables] files."""
    rules = settings.variables
    for file in rules.files:
        subject = f"scoped variable {file.variable}"
        value = (
            snapshot.variables.get(file.variable)
            or snapshot.files.values.get(file.variable)
            or rules.defaults.get(file.variable, "")
        )
        if not value:
            reason = "is missing or empty, but is to be written to a file"
            fix = BY_HAND if snapshot.offline else ""
            if inherited.get(file.variable):
                reason = "is in the environment alone, but is to be written to a file"
                fix = fix or "give it access by the internal API or as a file in the portal"
            outputs.refuse("variable-missing", subject, reason, fix)
            continue
        content = _decoded(outputs, subject, value, file.decode)
        if content is not None:
            place = f" in {places[file.variable]}" if file.variable in places else ""
            outputs.add(file, file.target, content, kind=VARIABLE, name=file.variable + place)


def integration_files(outputs: Outputs, settings: Settings, snapshot: Snapshot) -> None:
    """Note a file for each entry of [[integrations]] files."""
    for request in settings.integrations:
        answer = snapshot.integrations.get(request.name)
        if answer is None:
            continue
        for file in request.files:
            value = answer.fields.get(file.field)
            if value is None:
                outputs.problems.append(missing_field(request, answer, file.field))
                continue
            name = f"{request.name}: {file.field}"
            content = _decoded(outputs, f"integration {name}", value, file.decode)
            if content is not None:
                outputs.add(file, file.target, content, kind=INTEGRATION, name=name)


def _decoded(outputs: Outputs, subject: str, value: str, decode: str) -> bytes | None:
    content = value.encode("utf-8", "surrogateescape")
    if decode != "base64":
        return content
    from binascii import Error as Base64Error
    from binascii import a2b_base64

    try:
        return a2b_base64(b"".join(content.split()), strict_mode=True)
    except Base64Error:
        outputs.refuse("value-refused", subject, "is not base64, although the manifest says so")
        return None


def exported(merged: Merged) -> dict[str, str]:
    """Return what the launch adds or changes: every variable that is not merely inherited."""
    return {
        name: value for name, value in merged.environ.items() if merged.sources[name] != INHERITED
    }


def dotenv_file(outputs: Outputs, wanted: DotenvOutput, values: Mapping[str, str]) -> None:
    """Note the dotenv file, written for its reader."""
    from cycle_exec.planning.files import dotenv

    try:
        text = dotenv.write(values, wanted.reader)
    except dotenv.NotCarried as error:
        outputs.refuse(
            "value-refused",
            f"variable {error.name}",
            f"{error.reason}, so it cannot be written to {wanted.target}",
            "choose another [dotenv] reader, or write it to a file of its own",
        )
        return
    content = text.encode("utf-8", "surrogateescape")
    outputs.add(wanted, wanted.target, content, kind=DOTENV)
