"""Jinja2's own tests (`is defined`), for compiled templates."""

from __future__ import annotations

from cycle_exec.planning.programs.objects import Uncertain, Undefined, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]


def _is_defined(value: Any) -> bool:
    return not isinstance(value, Undefined)


def _is_undefined(value: Any) -> bool:
    return isinstance(value, Undefined)


def _is_iterable(value: Any) -> bool:
    try:
        iter(value)
    except TypeError:
        return False
    return True


def _is_sequence(value: Any) -> bool:
    return isinstance(value, str | list | tuple | dict | range | bytes) or _unsure(value)


def _is_mapping(value: Any) -> bool:
    # What is undefined is none, and no error.
    return isinstance(value, dict) or (not isinstance(value, Undefined) and _unsure(value))


def _unsure(value: Any) -> bool:
    if type(value) in _PLAIN:
        return False
    raise Uncertain


_PLAIN = frozenset((str, list, tuple, dict, range, bytes, int, float, bool, type(None)))


TESTS: dict[str, Function] = {
    "boolean": lambda value: value is True or value is False,
    "callable": callable,
    "defined": _is_defined,
    "divisibleby": lambda value, num: value % num == 0,
    "even": lambda value: value % 2 == 0,
    "false": lambda value: value is False,
    "float": lambda value: isinstance(value, float),
    "in": lambda value, seq: value in seq,
    "integer": lambda value: isinstance(value, int) and value is not True and value is not False,
    "iterable": _is_iterable,
    "lower": lambda value: text_of(value).islower(),
    "mapping": _is_mapping,
    "none": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float | complex),
    "odd": lambda value: value % 2 == 1,
    "sameas": lambda value, other: value is other,
    "sequence": _is_sequence,
    "string": lambda value: isinstance(value, str),
    "true": lambda value: value is True,
    "undefined": _is_undefined,
    "upper": lambda value: text_of(value).isupper(),
}
_COMPARISONS: tuple[tuple[str, Function], ...] = (
    ("== eq equalto", lambda left, right: left == right),
    ("!= ne", lambda left, right: left != right),
    ("> gt greaterthan", lambda left, right: left > right),
    (">= ge", lambda left, right: left >= right),
    ("< lt lessthan", lambda left, right: left < right),
    ("<= le", lambda left, right: left <= right),
)
for _names, _function in _COMPARISONS:
    TESTS.update(dict.fromkeys(_names.split(), _function))
