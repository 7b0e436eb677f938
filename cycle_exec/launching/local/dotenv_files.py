"""Dotenv files of defaults: what is in them, and which of their names are not believed."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning import names
from cycle_exec.planning.files import dotenv
from cycle_exec.system import files
from cycle_exec.system.invocation import encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.settings.model import Settings


def opened(
    settings: Settings, inherited: Mapping[str, str], problems: list[Problem]
) -> list[tuple[str, Mapping[str, str]]]:
    """Return path and content of each file that the settings name; add what is wrong."""
    found: list[tuple[str, Mapping[str, str]]] = []
    for path in settings.environment.files:
        subject = f"env file {path}"
        try:
            found.append((path, dotenv.read(files.text(path))))
        except files.Unreadable as error:
            problems.append(Problem("file-missing", subject, error.reason))
        except dotenv.Unparsable as error:
            reason = f"line {error.line} is not NAME=value"
            problems.append(Problem("file-missing", subject, reason))
    for path, values in found:
        _judge_names(settings, inherited, path, values, problems)
    return found


def _judge_names(
    settings: Settings,
    inherited: Mapping[str, str],
    path: str,
    values: Mapping[str, str],
    problems: list[Problem],
) -> None:
    """Judge a dotenv file that others can change as what is fetched: root starts programs with it,
    checks for example, even if the app is somebody else.
    """
    passed = {} if settings.environment.pristine else inherited
    found = [
        name
        for name in values
        if name not in passed
        and names.is_dangerous(name)
        and not names.matches_any(name, settings.variables.allow)
    ]
    if not found:
        return
    from cycle_exec.system.targets import route

    if route.is_exposed(encoded(path)):
        reason = f"env file {path} may not set it: others can change the file, and it changes how "
        fix = "chown the file and its directory to root, or allow the name with variables.allow"
        for name in found:
            problems.append(
                Problem("name-refused", f"variable {name}", f"{reason}programs run", fix)
            )
