"""What goes wrong while a template is rendered, in our words: never a value, never a foreign text.

Jinja2 and our own evaluator tell their failures here, so that both say the same.
"""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning.templates.filters.values import FilterFailed, Required
from cycle_exec.settings import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_MISSING = "a required value is missing or empty"
_FAILURES = (
    (ZeroDivisionError, "division by zero"),
    (RecursionError, "it recurses without end"),
    (MemoryError, "its results would take too much memory"),
    (OverflowError, "a number is too large"),
    (UnicodeError, "a text cannot be encoded"),
    (LookupError, "an item does not exist"),
    ((TypeError, AttributeError), "an operation on values of the wrong type"),
    (ValueError, "an invalid value for the operation"),
)


class UndefinedName(Exception):
    """A name that is not there was used. obj: where it was looked up, None at the top level."""

    def __init__(self, obj: object, name: object) -> None:
        self.obj = obj
        self.name = name
        super().__init__()


class TooLarge(Exception):
    """An operation whose result would be enormous."""


class Forbidden(Exception):
    """An access that the sandbox forbids."""


def problem(
    error: Exception, place: str, source: str, context: Mapping[str, object], *, part: bool = False
) -> Problem:
    """Return what is said of a failure.

    place, source: of the file in which it happened. part: whether another template uses that file.
    """
    if isinstance(error, UndefinedName):
        return _undefined(error, place, source, context, part)
    return Problem(kind="template-failed", subject=place, reason=_reason(error, source))


def _undefined(
    error: UndefinedName, place: str, source: str, context: Mapping[str, object], part: bool
) -> Problem:
    name = error.name
    if not isinstance(name, str) or not _stands_in(name, source):
        # A name that was computed may be a value.
        reason = "a computed name is not defined"
    elif part and error.obj is None and name in context:
        reason = f"{name} is not known in a file that is imported without context"
        return Problem(
            kind="template-undefined",
            subject=place,
            reason=reason,
            fix='{% import "..." as ... with context %}, or hand it over as an argument',
        )
    else:
        if error.obj is None:
            known: list[str] = [*context, "range", "dict", "namespace"]
        elif isinstance(error.obj, dict) and _is_ours(error.obj, context, 4):
            known = [key for key in error.obj if isinstance(key, str)]
        else:
            known = []
        reason = f"{name} is not defined" + nearest.did_you_mean(name, known)
    return Problem(kind="template-undefined", subject=place, reason=reason)


def _is_ours(wanted: object, value: object, depth: int) -> bool:
    """Whether a mapping is part of the context itself; keys of a parsed value may be secret."""
    if value is wanted:
        return True
    if not depth:
        return False
    if isinstance(value, dict):
        return any(_is_ours(wanted, member, depth - 1) for member in value.values())
    return isinstance(value, list) and any(_is_ours(wanted, member, depth - 1) for member in value)


def _stands_in(name: str, source: str) -> bool:
    """Whether the name is a whole word, or a whole string literal, of the template itself."""
    import re

    return bool(name) and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", source) is not None


def _reason(error: Exception, source: str) -> str:
    if isinstance(error, Required):
        # The author's own words; others were computed, and may be a value.
        return error.reason[:200] if _stands_in(error.reason, source) else _MISSING
    if isinstance(error, FilterFailed):
        return error.reason
    if isinstance(error, TooLarge):
        return "the result would be larger than 16 MiB"
    if isinstance(error, Forbidden):
        return "the sandbox forbids this access"
    return next(
        (words for kinds, words in _FAILURES if isinstance(error, kinds)),
        "the expression cannot be evaluated",
    )
