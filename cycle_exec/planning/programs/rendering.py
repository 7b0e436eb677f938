"""Runs compiled templates: text out, or nothing where Jinja2 has to decide."""

from __future__ import annotations

from cycle_exec.planning.programs import filters, tests
from cycle_exec.planning.programs.objects import Uncertain, Undefined
from cycle_exec.planning.programs.runtime import Environment, Template
from cycle_exec.planning.templates.filters import table
from cycle_exec.planning.templates.substitution import OUTPUT_LIMIT, size_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from cycle_exec.planning.programs.model import Made, Program

    Function = Callable[..., Any]


def render(
    program: Program,
    name: str,
    context: Mapping[str, object],
    bounded: Callable[[], AbstractContextManager[None]] | None = None,
    limit: int = OUTPUT_LIMIT,
) -> str | None:
    """Return the text, or None where Jinja2 has to decide: something is not there, an operation
    fails, the text is longer than the limit, or a value is of a kind that is left to it.

    bounded: makes what the rendering is done in, so that all that it makes stays small.
    """
    try:
        if bounded is None:
            return _text(program, name, context, limit)
        with bounded():
            return _text(program, name, context, limit)
    except Exception:  # noqa: BLE001 - Jinja2 tells what it is
        return None


def _text(program: Program, name: str, context: Mapping[str, object], limit: int) -> str:
    environment = Environment(
        _Named(filters.FILTERS, table.filter_of),
        _Named(tests.TESTS, table.test_of),
        lambda named, parent: _found(program, named, parent),
    )
    template = Template(environment, name, program.made[name])
    parts: list[str] = []
    size = 0
    for part in template.root_render_func(template.new_context(context)):
        size += size_of(part)
        if size > limit:
            raise Uncertain
        parts.append(part)
    return "".join(parts)


def _found(program: Program, named: str, parent: str) -> tuple[str, Made] | None:
    name = program.folders.get(parent, "") + named
    return (name, program.made[name]) if name in program.made else None


class _Named(dict):  # type: ignore[type-arg] # no arguments at run time
    """Filters or tests by name; ours are loaded when a template names them."""

    def __init__(self, known: Mapping[str, Function], load: Callable[[str], Function]) -> None:
        super().__init__(known)
        self._load = load

    def __missing__(self, name: str) -> Function:
        self[name] = function = _adapted(name, self._load(name))
        return function


def _adapted(name: str, function: Function) -> Function:
    """Return a filter or a test of ours as generated code calls it: see jinja's of this name."""
    takes_missing = name in table.TAKE_MISSING

    def adapted(value: object, *arguments: object, **named: object) -> object:
        if takes_missing and isinstance(value, Undefined):
            value = table.MISSING
        passes = name in table.PASS_MISSING
        for each in (value,) if passes else (value, *arguments, *named.values()):
            if isinstance(each, Undefined):
                raise Uncertain
        return function(value, *arguments, **named)

    def named_adapted(context: Any, value: object, *arguments: object, **named: object) -> object:
        return adapted(value, *arguments, **named, template=context.name)

    if name in table.TAKE_NAME:
        named_adapted.takes = "context"  # type: ignore[attr-defined]
        return named_adapted
    return adapted
