"""Targets that carry a value as it is: variable files, integration files, the dotenv file."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.bindings import missing_field
from cycle_exec.planning.model import DOTENV, INHERITED, INTEGRATION, VARIABLE, FileWrite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from cycle_exec.planning.bindings import Merged
    from cycle_exec.planning.model import TemplateText
    from cycle_exec.settings.model import (
        CertificateRequest,
        DotenvOutput,
        IntegrationFile,
        Settings,
        VariableFile,
    )
    from cycle_exec.sources.model import Snapshot

    # Whatever names mode, owner and on_change of a target.
    _Target = TemplateText | CertificateRequest | DotenvOutput | IntegrationFile | VariableFile


class Outputs:
    """Gathers targets and the problems of those that cannot be made.

    owners: see model.Inputs.
    """

    def __init__(self, owners: Mapping[str, tuple[int, int]]) -> None:
        self._owners = owners
        self.writes: list[FileWrite] = []
        self.problems: list[Problem] = []

    def add(self, rules: _Target, path: str, content: bytes, **more: Any) -> None:
        """Note a target.

        rules: what the settings say of mode, owner and on_change. more: other fields of it.
        """
        uid, gid = self._owners.get(rules.owner, (-1, -1))
        self.writes.append(
            FileWrite(
                path=path,
                content=content,
                mode=rules.mode,
                owner=rules.owner,
                uid=uid,
                gid=gid,
                on_change=rules.on_change,
                **more,
            )
        )

    def refuse(self, kind: str, subject: str, reason: str, fix: str = "") -> None:
        """Note a problem."""
        self.problems.append(Problem(kind=kind, subject=subject, reason=reason, fix=fix))

    def require_good(self) -> None:
        """Raise Refused with every problem so far, targets with two sources among them."""
        problems = [*self.problems, *self._twice()]
        if problems:
            raise Refused(problems)

    def placed(self) -> tuple[FileWrite, ...]:
        """Every target; a file beside a certificate changes with it, whoever writes it."""
        directories = {write.directory for write in self.writes} - {""}
        return tuple(_beside(write, directories) for write in self.writes)

    def _twice(self) -> list[Problem]:
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


def _beside(write: FileWrite, directories: Collection[str]) -> FileWrite:
    around, _, member = write.path.rpartition("/")
    directory, _, domain = around.rpartition("/")
    if write.directory or directory not in directories:
        return write
    return write.replace(directory=directory, domain=domain, member=member)


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
            outputs.add(file, file.target, content, kind=VARIABLE, name=file.variable)


def integration_files(outputs: Outputs, settings: Settings, snapshot: Snapshot) -> None:
    """A file for each entry of [[integrations]] files."""
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
    content = text.encode("utf-8", "surrogateescape")
    outputs.add(wanted, wanted.target, content, kind=DOTENV)
