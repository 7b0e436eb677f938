"""What the command, and those before it, would fail for when they are started: nothing is."""

from __future__ import annotations

import posixpath

from cycle_exec.errors import Problem
from cycle_exec.settings import limits as settings
from cycle_exec.system.exec import limits as system
from cycle_exec.system.exec import lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cycle_exec.settings.model import Before, Limit
    from cycle_exec.system.exec.user import User


def limits(wanted: Mapping[str, Limit]) -> list[Problem]:
    """Return the resource limits that cannot be set."""
    return settings.impossible(wanted) or system.problems(wanted)


def before(
    commands: Iterable[Before],
    user: User | None,
    search_path: str | None,
    directory: str,
    written: Collection[str],
) -> list[Problem]:
    """Return the commands of [[before]] that are not there, or not for this user.

    written: paths of files that this launch writes, which need not be there yet.
    """
    found = []
    targets = {posixpath.normpath(path) for path in written}
    for each in commands:
        name = each.command[0]
        if "/" in name and posixpath.normpath(posixpath.join(directory, name)) in targets:
            continue
        problem = _obstacle(name, user, search_path, directory)
        if problem is not None:
            fix = problem.fix or "correct the command in [[before]], or the PATH"
            found.append(before_failed(each, problem.reason, fix))
    return found


def _obstacle(
    name: str, user: User | None, search_path: str | None, directory: str
) -> Problem | None:
    found = lookup.find(name, search_path, directory)
    if isinstance(found, Problem) or user is None:
        return found if isinstance(found, Problem) else None
    from cycle_exec.system.exec.user import obstacle

    return obstacle(user, found, "", resident=False)


def before_failed(command: Before, reason: str, fix: str = "") -> Problem:
    """Return the problem of a command of [[before]]."""
    return Problem("before-failed", f"before command {command.command[0]}", reason, fix)
