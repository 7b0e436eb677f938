"""What filters take: text, words, plain data; and how they refuse."""

from __future__ import annotations

from cycle_exec.errors import Unfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class FilterFailed(Unfit):
    """A filter cannot do its work."""


class Required(FilterFailed):
    """What must be there is not; `reason` is the template's own, and may be computed."""


class _Missing:
    """Stands for an undefined name, for the filters that take one."""


MISSING = _Missing()


def text(value: object) -> str:
    """Return a text; a number or a boolean as templates print it."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise FilterFailed("it needs a text or a number")


def word(value: object) -> str:
    """Return a text; a number or a boolean as config files write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return text(value)


def of_word(function: Callable[[str], str]) -> Callable[[object], str]:
    """Return a function of text as one that takes numbers and booleans as well."""

    def quoted(value: object) -> str:
        return function(word(value))

    quoted.__name__ = function.__name__
    quoted.__doc__ = function.__doc__
    return quoted


def plain(value: object) -> object:
    """Return plain data as it is; what is made while it is read, such as what `map` makes, as a
    list.
    """
    if value is None or isinstance(value, str | int | float | list | tuple | dict):
        return value
    if isinstance(value, bytes | bytearray | set | frozenset):
        raise FilterFailed("the value is not plain data")
    try:
        return list(value)  # type: ignore[call-overload]
    except TypeError:
        raise FilterFailed("the value is not plain data") from None


def items(value: object) -> list[object]:
    """Return the members of a list."""
    found = plain(value)
    if not isinstance(found, list | tuple):
        raise FilterFailed("it needs a list")
    return list(found)


def mapping(value: object) -> dict[object, object]:
    """Return a mapping."""
    if not isinstance(value, dict):
        raise FilterFailed("it needs a mapping")
    return value
