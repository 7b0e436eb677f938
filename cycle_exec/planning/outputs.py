"""The targets of a plan while it is made."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.model import FileWrite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any

    from cycle_exec.planning.model import TemplateText
    from cycle_exec.settings.model import (
        CertificateRequest,
        DotenvOutput,
        IntegrationFile,
        VariableFile,
    )

    # Whatever names mode, owner and on_change of a target.
    Target = TemplateText | CertificateRequest | DotenvOutput | IntegrationFile | VariableFile


class Outputs:
    """Gathers targets and the problems of those that cannot be made.

    owners: see model.Inputs.
    """

    def __init__(self, owners: Mapping[str, tuple[int, int]]) -> None:
        self._owners = owners
        self.writes: list[FileWrite] = []
        self.problems: list[Problem] = []

    def add(self, rules: Target, path: str, content: bytes, **more: Any) -> None:
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
        problems = list(self.problems)
        seen: dict[str, str] = {}
        for write in self.writes:
            if write.path in seen:
                problems.append(
                    Problem(
                        kind="target-refused",
                        subject=write.path,
                        reason=f"both {seen[write.path]} and {write.origin} use this target",
                        fix="give one of them another target",
                    )
                )
            seen.setdefault(write.path, write.origin)
        if problems:
            raise Refused(problems)

    def placed(self) -> tuple[FileWrite, ...]:
        """Every target; a file beside a certificate changes with it, whoever writes it."""
        directories = {write.directory for write in self.writes} - {""}
        return tuple(_beside(write, directories) for write in self.writes)


def _beside(write: FileWrite, directories: Collection[str]) -> FileWrite:
    around, _, member = write.path.rpartition("/")
    directory, _, domain = around.rpartition("/")
    if write.directory or directory not in directories:
        return write
    return write.replace(directory=directory, domain=domain, member=member)
