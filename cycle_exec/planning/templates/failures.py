"""What goes wrong while a template is rendered, in our words: never a value, never a foreign text.

Jinja2 and our own evaluator tell their failures here, so that both say the same.
"""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning.templates import undefined
from cycle_exec.planning.templates.filters.values import FilterFailed, Required
from cycle_exec.planning.templates.operations import TextForNumber, TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_MISSING = "a required value is missing or empty"
_OTHER = "the expression cannot be evaluated"
_NUMBER = (
    "a text and a number are not computed with each other: every variable is text",
    "make a number of it: variables.NAME | int",
)
_CALLS = (
    "got an unexpected keyword",
    "positional argument",
    "takes not more than",
    "takes no keyword argument",
    "multiple values for argument",
)
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


class Forbidden(Exception):
    """An access that the sandbox forbids."""


def problem(
    error: Exception,
    place: str,
    source: str,
    context: Mapping[str, object],
    *,
    line: int = 0,
    part: bool = False,
) -> Problem:
    """Return what is said of a failure.

    place, source, line: of the file in which it happened. part: whether another template uses it.
    """
    lines = source.split("\n")
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    if isinstance(error, undefined.UndefinedName):
        return undefined.problem(error, place, source, context, line=text, part=part)
    reason, fix = _reason(error, source, text)
    return Problem(kind="template-failed", subject=place, reason=reason, fix=fix)


def _reason(error: Exception, source: str, line: str) -> tuple[str, str]:
    """Return reason and way out. line: the text of the line in which it happened."""
    if isinstance(error, Required):
        # The author's own words; others were computed, and may be a value.
        own = undefined.stands_in(error.reason, source)
        return (error.reason[:200] if own else _MISSING), ""
    if isinstance(error, FilterFailed):
        return error.reason, ""
    if isinstance(error, TooLarge):
        return "the result would be larger than 16 MiB", ""
    if isinstance(error, TextForNumber):
        return _NUMBER
    if isinstance(error, Forbidden):
        return _forbidden(line)
    if isinstance(error, TypeError):
        return _of_types(str(error))
    if str(error).startswith(("No filter named", "No test named")):
        return "a filter or a test that does not exist is named", ""
    return next((words for kinds, words in _FAILURES if isinstance(error, kinds)), _OTHER), ""


def _forbidden(line: str) -> tuple[str, str]:
    import re

    changing = re.search(r"\.(append|extend|insert|remove|pop|update|setdefault|clear)\s*\(", line)
    if changing is None:
        return "the sandbox forbids this access", ""
    return (
        f"{changing[1]} would change a list or a mapping, which templates cannot",
        "make a new one: {% set all = all + [one] %}, {% set all = all | combine({...}) %}; "
        "in a loop, of a namespace",
    )


def _of_types(message: str) -> tuple[str, str]:
    """Return what Python says of types alone: its words have no value in them."""
    import re

    types = set(re.findall(r"[\"']?\b(str|int|float|bool)\b[\"']?", message))
    joined = message.startswith(
        ("can only concatenate str", "unsupported operand", "'<", "'>", "must be str")
    )
    if joined and "str" in types and len(types) > 1:
        return _NUMBER
    if message.endswith("is required, not str") or message == "must be real number, not str":
        return "a format of numbers has a text: every variable is text", _NUMBER[1]
    if message.startswith("not all arguments converted"):
        return "a text before % is a format, and this one has no place for a value", _NUMBER[1]
    if any(words in message for words in _CALLS):
        return "a call has arguments that it does not take, or lacks one", ""
    if message.endswith("object is not callable"):
        return "what is called is no function", ""
    if message.endswith("object is not iterable"):
        return "a loop, or a filter of lists, has no list", ""
    if message.endswith("object is not subscriptable"):
        return "a member is taken of what has none", ""
    return "an operation on values of the wrong type", ""
