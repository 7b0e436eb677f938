"""Targets that carry a value as it is: variable files, integration files, the dotenv file."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning.bindings import missing_field
from cycle_exec.planning.environment import INHERITED
from cycle_exec.planning.model import FileWrite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.planning.bindings import Merged
    from cycle_exec.settings.model import DotenvOutput, Settings
    from cycle_exec.sources.model import Snapshot


class Outputs:
    """Gathers targets and the problems of those that cannot be made."""

    def __init__(self) -> None:
        self.writes: list[FileWrite] = []
        self.problems: list[Problem] = []

    def refuse(self, kind: str, subject: str, reason: str, fix: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(kind=kind, subject=subject, reason=reason, fix=fix))

    def twice(self) -> list[Problem]:
        """Problems of targets that two sources want to write."""
        seen: dict[str, str] = {}
        found = []
        for write in self.writes:
            if write.path in seen:
                found.append(
                    Problem(
                        kind="target-refused",
                        subject=write.path,
                        reason=f"both {seen[write.path]} and {write.origin} go to this target",
                        fix="give one of them another target",
                    )
                )
            seen.setdefault(write.path, write.origin)
        return found


def variable_files(outputs: Outputs, settings: Settings, snapshot: Snapshot) -> None:
    """A file for each entry of [variables] files."""
    rules = settings.variables
    for file in rules.files:
        subject = f"scoped variable {file.variable}"
        value = snapshot.variables.get(file.variable) or rules.defaults.get(file.variable, "")
        if not value:
            outputs.refuse("variable-missing", subject, "is missing or empty and goes to a file")
            continue
        content = _decoded(outputs, subject, value, file.decode)
        if content is not None:
            outputs.writes.append(
                FileWrite(
                    path=file.target,
                    content=content,
                    mode=file.mode,
                    owner=file.owner,
                    on_change=file.on_change,
                    origin=subject,
                )
            )


def integration_files(outputs: Outputs, settings: Settings, snapshot: Snapshot) -> None:
    """A file for each entry of [[integrations]] files."""
    for request in settings.integrations:
        answer = snapshot.integrations.get(request.name)
        if answer is None:
            continue
        for file in request.files:
            origin = f"integration {request.name}: {file.field}"
            value = answer.fields.get(file.field)
            if value is None:
                outputs.problems.append(missing_field(request, answer, file.field))
                continue
            content = _decoded(outputs, origin, value, file.decode)
            if content is not None:
                outputs.writes.append(
                    FileWrite(
                        path=file.target,
                        content=content,
                        mode=file.mode,
                        owner=file.owner,
                        on_change=file.on_change,
                        origin=origin,
                    )
                )


def _decoded(outputs: Outputs, subject: str, value: str, decode: str) -> bytes | None:
    content = value.encode("utf-8", "surrogateescape")
    if decode != "base64":
        return content
    from binascii import Error as Base64Error
    from binascii import a2b_base64

    try:
        return a2b_base64(b"".join(content.split()), strict_mode=True)
    except Base64Error:
        outputs.refuse("value-refused", subject, "is not base64, as the manifest says it is")
        return None


def exported(merged: Merged) -> dict[str, str]:
    """What the launch adds or changes: every variable that is not merely inherited."""
    return {
        name: value for name, value in merged.environ.items() if merged.sources[name] != INHERITED
    }


def dotenv_file(outputs: Outputs, wanted: DotenvOutput, values: Mapping[str, str]) -> None:
    """The dotenv file, written for its reader."""
    from cycle_exec.planning.files import dotenv

    try:
        text = dotenv.write(values, wanted.reader)
    except dotenv.NotCarried as error:
        outputs.refuse(
            "value-refused",
            f"variable {error.name}",
            f"{error.reason}, so {wanted.target} cannot carry it",
            "choose another [dotenv] reader, or send it to a file of its own",
        )
        return
    outputs.writes.append(
        FileWrite(
            path=wanted.target,
            content=text.encode("utf-8", "surrogateescape"),
            mode=wanted.mode,
            owner=wanted.owner,
            on_change=wanted.on_change,
            origin="dotenv",
        )
    )
