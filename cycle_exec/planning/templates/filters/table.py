"""Every filter and test of ours by its name, loaded when a template names it.

Each is a plain function of its value and the arguments that stand in the template. It raises
FilterFailed, whose reason begins with its name and never has a value in it. Jinja2 and our own
evaluator call the same functions; neither hands them an undefined value, but MISSING to those of
TAKE_MISSING, nor an undefined argument but to those of PASS_MISSING, which only pass it on. Those
of TAKE_NAME are given the name of the template in the keyword `template`.
"""

from __future__ import annotations

from cycle_exec.errors import Unfit
from cycle_exec.planning.templates.filters.values import MISSING, FilterFailed, Required

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Function = Callable[..., Any]

__all__ = [
    "FILTERS",
    "MISSING",
    "PASS_MISSING",
    "TAKE_MISSING",
    "TAKE_NAME",
    "TESTS",
    "FilterFailed",
    "Required",
    "filter_of",
    "test_of",
]

# Module by module, what it has.
_FILTERS = {
    "choices": "bool mandatory required ternary",
    "comments": "comment",
    "encoding": "b64decode b64encode checksum hash md5 sha1 sha256 urldecode",
    "lists": "difference flatten intersect symmetric_difference union zip zip_longest",
    "mappings": "combine dict2items items2dict",
    "passwords": "password_hash",
    "patterns": "regex_escape regex_findall regex_replace regex_search split",
    "paths": "basename dirname urlsplit",
    "quoting": "bare_word pem_chain pem_leaf quote quote_dotenv quote_haproxy quote_nginx "
    "quote_postgres quote_properties quote_redis quote_shell quote_userlist",
    "structured": "from_json from_toml to_json to_nice_json to_toml",
    "yaml_text": "from_yaml to_nice_yaml to_yaml",
}
_TESTS = {
    "choices": "falsy truthy",
    "lists": "all any contains issubset issuperset subset superset",
    "patterns": "match regex search",
    "versions": "version version_compare",
}

FILTERS = {name: module for module, names in _FILTERS.items() for name in names.split()}
TESTS = {name: module for module, names in _TESTS.items() for name in names.split()}
TAKE_MISSING = frozenset(("mandatory", "required"))
PASS_MISSING = frozenset(("ternary",))
TAKE_NAME = frozenset(("password_hash",))


def filter_of(name: str) -> Function:
    """Return a filter of FILTERS."""
    return _checked(name, _module(FILTERS[name]).FILTERS[name])


def test_of(name: str) -> Function:
    """Return a test of TESTS."""
    return _checked(name, _module(TESTS[name]).TESTS[name])


def _checked(name: str, function: Function) -> Function:
    """Return the function as templates call it: its refusals begin with its name."""

    def checked(value: object, *arguments: object, **named: object) -> Any:
        try:
            return function(value, *arguments, **named)
        except Unfit as error:
            if isinstance(error, Required):
                raise
            raise FilterFailed(f"{name}: {error.reason}") from None

    checked.__name__ = name
    checked.__doc__ = function.__doc__
    checked.__wrapped__ = function  # type: ignore[attr-defined]
    return checked


class _Module:
    FILTERS: Mapping[str, Function]
    TESTS: Mapping[str, Function]


def _module(name: str) -> _Module:
    path = f"cycle_exec.planning.templates.filters.{name}"
    found: _Module = __import__(path, None, None, ["FILTERS"])  # type: ignore[assignment]
    return found
