"""Data as YAML, and back.

Strings are in double quotes and escaped, so that YAML 1.1 and 1.2 read them alike.
"""

from __future__ import annotations

from cycle_exec.planning.files import formats
from cycle_exec.planning.templates.filters.structured import number
from cycle_exec.planning.templates.filters.values import FilterFailed, plain, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_INDENT = 16
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BARE = _LETTERS | frozenset("0123456789_-./")
# What some reader takes for something else than a text.
_TAKEN = frozenset("y n yes no on off true false null".split())
_LONGEST_KEY = 100


def to_yaml(
    value: object,
    indent: int | None = None,
    *,
    sort_keys: bool = False,
    width: object = None,  # noqa: ARG001 - lines are never folded
    default_flow_style: bool | None = None,
) -> str:
    """Return flow style in one line; with an indent, or default_flow_style=false, block style."""
    if indent is None and default_flow_style is not False:
        return _flow(value, sort_keys)
    if default_flow_style:
        return _flow(value, sort_keys)
    if indent is not None and not (type(indent) is int and 1 <= indent <= _MOST_INDENT):
        raise FilterFailed(f"the indent is from 1 to {_MOST_INDENT}")
    return "".join(_block(plain(value), "", max(indent or 2, 2), sort_keys)).removesuffix("\n")


def to_nice_yaml(
    value: object,
    indent: int = 4,
    *,
    sort_keys: bool = True,
    width: object = None,
    default_flow_style: bool | None = False,
) -> str:
    """Return block style, keys sorted, with a line end at its end."""
    made = to_yaml(
        value,
        indent,
        sort_keys=sort_keys,
        width=width,
        default_flow_style=default_flow_style,
    )
    return made + "\n"


def _flow(value: object, sort_keys: bool) -> str:
    value = plain(value)
    if isinstance(value, dict):
        pairs = (
            _flow_pair(key, _flow(member, sort_keys)) for key, member in _pairs(value, sort_keys)
        )
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(member, sort_keys) for member in value) + "]"
    return _scalar(value)


def _flow_pair(key: object, value: str) -> str:
    if isinstance(key, str):
        return formats.yaml_flow_pair(key, value)
    return f"{_scalar(key)}: {value}"


def _pairs(value: dict[object, object], sort_keys: bool) -> list[tuple[object, object]]:
    pairs = list(value.items())
    return sorted(pairs, key=lambda pair: str(pair[0])) if sort_keys else pairs


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return formats.yaml_scalar(value)
    return "null" if value is None else number(value)


def _block(value: object, margin: str, indent: int, sort_keys: bool) -> Iterator[str]:
    """Lines of a value that stands at the margin; each has the margin already but the first."""
    if isinstance(value, dict) and value:
        for at, (key, member) in enumerate(_pairs(value, sort_keys)):
            yield (margin if at else "") + _key(key, margin)
            member = plain(member)
            if isinstance(member, list | tuple | dict) and member:
                inner = margin + " " * indent
                yield "\n" + inner
                yield from _block(member, inner, indent, sort_keys)
            else:
                yield " " + _leaf(member) + "\n"
    elif isinstance(value, list | tuple) and value:
        for at, member in enumerate(value):
            yield (margin if at else "") + "-" + " " * (indent - 1)
            yield from _block(plain(member), margin + " " * indent, indent, sort_keys)
    else:
        yield _leaf(value) + "\n"


def _leaf(value: object) -> str:
    if isinstance(value, dict):
        return "{}"
    return "[]" if isinstance(value, list | tuple) else _scalar(value)


def _key(key: object, margin: str) -> str:
    if not isinstance(key, str):
        return _scalar(key) + ":"
    bare = key[:1] in _LETTERS and _BARE.issuperset(key) and key.lower() not in _TAKEN
    if bare and len(key) <= _LONGEST_KEY:
        return key + ":"
    scalar = formats.yaml_scalar(key)
    # A reader looks only so far ahead for the colon.
    return f"{scalar}:" if len(scalar) <= _LONGEST_KEY else f"? {scalar}\n{margin}:"


def from_yaml(value: object) -> object:
    """Return the value of a YAML text; of several documents none."""
    try:
        import yaml
    except ImportError:
        raise FilterFailed("it needs the package PyYAML: pip install cycle-exec[yaml]") from None
    try:
        return yaml.safe_load(text(value))
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError, LookupError):
        raise FilterFailed("the value is not YAML") from None


FILTERS = {"from_yaml": from_yaml, "to_nice_yaml": to_nice_yaml, "to_yaml": to_yaml}
