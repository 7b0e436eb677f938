"""Filters and tests that decide: booleans, one of two values, what must be there."""

from __future__ import annotations

from cycle_exec.planning.templates.filters.values import MISSING, FilterFailed, Required

_BOOLEANS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


def to_bool(value: object) -> bool:
    """Return what the text says: 1/0, true/false, yes/no, on/off, in any case."""
    known = _BOOLEANS.get(str(value).lower()) if isinstance(value, str | int) else None
    if known is None:
        raise FilterFailed("the value is none of true/false, yes/no, on/off, 1/0")
    return known


def ternary(value: object, true_val: object, false_val: object, none_val: object = None) -> object:
    """Return one of two values, by whether the value is true; none_val for none, if given."""
    if value is None and none_val is not None:
        return none_val
    return true_val if value else false_val


def mandatory(value: object, msg: object = "") -> object:
    """Return the value; refuse an undefined one."""
    if value is MISSING:
        raise Required(str(msg or ""))
    return value


def required(value: object, message: object = "") -> object:
    """Return the value; refuse an undefined or empty one."""
    if value is MISSING or value is None or value == "":
        raise Required(str(message))
    return value


def truthy(value: object, convert_bool: bool = False) -> bool:
    """Whether the value is true; convert_bool: a text that reads like a boolean is taken for it."""
    if convert_bool and isinstance(value, str):
        value = _BOOLEANS.get(value.lower(), value)
    return bool(value)


def falsy(value: object, convert_bool: bool = False) -> bool:
    """Whether the value is not truthy."""
    return not truthy(value, convert_bool)


FILTERS = {"bool": to_bool, "ternary": ternary, "mandatory": mandatory, "required": required}
TESTS = {"truthy": truthy, "falsy": falsy}
