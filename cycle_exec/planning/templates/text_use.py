"""Variables, which are text, used as what they are not: as a condition, as a list."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONDITION = "condition"
LOOP = "loop"
_FALSE = frozenset(("false", "no", "off", "0"))


class Use(Record):
    """A place in a template where a variable itself decides, or is looped over.

    file, line: the place. path: of the variable, such as variables and DEBUG. kind: CONDITION or
    LOOP.
    """

    file: str
    line: int
    path: tuple[str, ...]
    kind: str


def warnings(uses: Iterable[Use], context: Mapping[str, object]) -> list[str]:
    """Return what is said of values that are not what their place takes them for."""
    found = []
    for use in dict.fromkeys(uses):
        value = _value(use.path, context)
        place, name = f"{use.file}:{use.line}", shown(use.path)
        if use.kind == CONDITION and value.lower() in _FALSE:
            says = "reads like a boolean, but is text, which is always true"
            found.append(f"{place}: {name} {says}: write {name} | bool")
        elif use.kind == LOOP and value and not _is_json(value):
            says = "is text, and a loop takes one character after the other"
            found.append(f'{place}: {name} {says}: write {name} | split(",")')
    return found


def problems(uses: Iterable[Use], context: Mapping[str, object]) -> dict[str, Problem]:
    """Return loops over a text that is JSON, by the file they are in."""
    found: dict[str, Problem] = {}
    for use in uses:
        if use.kind == LOOP and _is_json(_value(use.path, context)):
            name = shown(use.path)
            problem = Problem(
                kind="template-failed",
                subject=f"{use.file}:{use.line}",
                reason=f"a loop over {name}, which is text: the text of a JSON document",
                fix=f"write {name} | from_json",
            )
            found.setdefault(use.file, problem)
    return found


def _value(path: tuple[str, ...], context: Mapping[str, object]) -> str:
    """Return the text at the path; empty if there is none."""
    value: object = context
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _is_json(text: str) -> bool:
    """Whether a text is that of a JSON list or object."""
    if text.lstrip()[:1] not in ("[", "{"):
        return False
    import json

    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def shown(path: tuple[str, ...]) -> str:
    """Return the path as a template writes it."""
    first, *rest = path
    return first + "".join(f".{key}" if key.isidentifier() else f'["{key}"]' for key in rest)
