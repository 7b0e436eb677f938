"""Templates in Jinja2's language.

Jinja2 in its immutable sandbox, undefined names refuse, nothing is escaped, no file can be
reached. Values are data: they are placed once and never looked at for template syntax. Messages
are ours: Jinja2's own texts quote values (`{{ {}[value] }}`).

A key of a mapping wins over its methods: `variables.items` is the variable of that name, if
there is one, and `.items()` still works where there is none.
"""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.templates.filters import table
from cycle_exec.planning.templates.substitution import OUTPUT_LIMIT, size_of
from cycle_exec.settings import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Any

    from jinja2 import Environment, TemplateSyntaxError, nodes
    from jinja2 import Template as Template
    from jinja2.runtime import Context

_MOST_BITS = 100_000  # of a number that is computed with
_MOST_DIGITS = 10_000
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


class _Undefined(Exception):
    """A name that is not there was used. obj: where it was looked up, None at the top level."""

    def __init__(self, obj: object, name: object) -> None:
        self.obj = obj
        self.name = name
        super().__init__()


class _Bomb(Exception):
    """An operation whose result would be enormous."""


def compiled(sources: Mapping[str, str], used: set[str]) -> dict[str, Template]:
    """Parse and compile the templates. Raises Refused with the problems of all of them.

    used: takes every top-level name that they take from the context.
    """
    environment = _environment()
    found: dict[str, Template] = {}
    problems: list[Problem] = []
    for name, text in sources.items():
        try:
            found[name] = _compiled(environment, name, text, used)
        except Refused as refused:
            problems.extend(refused.problems)
    if problems:
        raise Refused(problems)
    return found


def rendered(
    template: Template,
    name: str,
    source: str,
    context: Mapping[str, object],
    bounded: AbstractContextManager[None] | None = None,
) -> str:
    """Return the text of a template. Raises Refused.

    bounded: what the rendering is done in, so that all that it makes stays small: a value may be
    the width or the count of anything, of a filter, a method or a format.
    A Problem in the context stands for what could not be fetched; its first use refuses with it.
    """
    try:
        if bounded is None:
            return _text(template, context)
        with bounded:
            return _text(template, context)
    except Refused as refused:
        raise Refused(
            problem.replace(subject=f"{_place(template, name, None)}: {problem.subject}")
            for problem in refused.problems
        ) from None
    except _Undefined as error:
        place = _place(template, name, error.__traceback__)
        raise Refused([_undefined(error, place, source, context)]) from None
    except Exception as error:  # noqa: BLE001 - whatever a template provokes, our words for it
        place = _place(template, name, error.__traceback__)
        problem = Problem(kind="template-failed", subject=place, reason=_reason(error, source))
        raise Refused([problem]) from None


def _text(template: Template, context: Mapping[str, object]) -> str:
    parts: list[str] = []
    size = 0
    for part in template.root_render_func(template.new_context(dict(context))):
        size += size_of(part)
        if size > OUTPUT_LIMIT:
            raise _Bomb
        parts.append(part)
    return "".join(parts)


def _environment() -> Environment:
    from jinja2 import StrictUndefined, UndefinedError
    from jinja2.runtime import Context
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from jinja2.utils import missing

    class Strict(StrictUndefined):
        """Raises our own exception, which knows where the name was looked up."""

        def __init__(
            self,
            hint: str | None = None,
            obj: Any = missing,
            name: str | None = None,
            exc: Any = UndefinedError,
        ) -> None:
            where = None if obj is missing else obj
            ours: Any = exc if exc is not UndefinedError else lambda _: _Undefined(where, name)
            super().__init__(hint, obj, name, ours)

    class Guarded(Context):
        """Looks at what it hands out: what could not be fetched refuses here."""

        def resolve_or_missing(self, key: str) -> Any:
            found = super().resolve_or_missing(key)
            if isinstance(found, Problem):
                raise Refused([found])
            return found

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(("*", "**", "/", "//", "%"))
        context_class = Guarded

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, dict) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

        def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
            _measure(operator, left, right)
            return super().call_binop(context, operator, left, right)

    environment = Sandbox(
        undefined=Strict,
        autoescape=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=0,
        # Or what is wrong in a constant expression fails while it is compiled, without a place.
        optimized=False,
    )
    environment.filters = _Named(
        environment.filters, table.FILTERS, lambda name: _adapted(name, table.filter_of(name))
    )
    environment.tests = _Named(
        environment.tests, table.TESTS, lambda name: _adapted(name, table.test_of(name))
    )
    environment.filters["round"] = _rounded(environment.filters["round"])
    return environment


class _Named(dict[str, "Any"]):
    """Jinja2's filters or tests, and ours, which are loaded when one is asked for."""

    def __init__(
        self, theirs: Mapping[str, Any], ours: Collection[str], load: Callable[[str], Any]
    ) -> None:
        super().__init__(theirs)
        super().update(dict.fromkeys(ours))
        self._load = load

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if found is None:
            found = self[name] = self._load(name)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default  # noqa: SIM401 - this is `get`


def _adapted(name: str, function: Callable[..., object]) -> Callable[..., object]:
    """Return a filter or a test of ours as Jinja2 calls it: what is undefined is refused, as any
    use of it is.
    """
    from jinja2 import Undefined, pass_context

    takes_missing = name in table.TAKE_MISSING

    def adapted(value: object, *arguments: object, **named: object) -> object:
        if isinstance(value, Undefined) and takes_missing:
            value = table.MISSING
        for each in (value, *arguments, *named.values()):
            if isinstance(each, Undefined):
                str(each)  # raises our _Undefined
        return function(value, *arguments, **named)

    def named_adapted(context: Context, value: object, *args: object, **named: object) -> object:
        return adapted(value, *args, **named, template=context.name or "")

    return pass_context(named_adapted) if name in table.TAKE_NAME else adapted


def _rounded(function: Callable[..., object]) -> Callable[..., object]:
    def rounded(value: object, precision: object = 0, method: object = "common") -> object:
        # It computes ten to the power of this.
        if isinstance(precision, int) and abs(precision) > _MOST_DIGITS:
            raise _Bomb
        return function(value, precision, method)

    return rounded


def _measure(operator: str, left: Any, right: Any) -> None:
    """Refuse what would take long before it is begun, for nothing interrupts it: arithmetic with
    numbers of any length; and what would be too large, as long as that is plain.
    """
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * (right if operator == "**" and abs(left) > 1 else 1)
        if max(bits, left.bit_length() + right.bit_length()) > _MOST_BITS:
            raise _Bomb
        return
    sized = next((each for each in (left, right) if isinstance(each, str | list | tuple)), None)
    if operator == "*" and sized is not None:
        factor = right if sized is left else left
        if isinstance(factor, int) and len(sized) * factor > OUTPUT_LIMIT:
            raise _Bomb


# Parsing


def _compiled(environment: Environment, name: str, text: str, used: set[str]) -> Template:
    from jinja2 import Template, TemplateSyntaxError
    from jinja2.meta import TrackingCodeGenerator

    try:
        tree = environment.parse(text)
        found = list(_unavailable(environment, tree, name))
        if not found:
            tracking = TrackingCodeGenerator(environment)
            tracking.optimizer = None  # as in the environment
            tracking.visit(tree)
            used.update(tracking.undeclared_identifiers)
            code = environment.compile(tree, name, _file_name(name))
            return Template.from_code(environment, code, environment.make_globals(None))
    except TemplateSyntaxError as error:
        found = [_syntax(error, name)]
    except Exception as error:  # noqa: BLE001 - parser and compiler let through what Python says
        found = [Problem(kind="template-syntax", subject=name, reason=_uncompiled(error))]
    raise Refused(found)


def _uncompiled(error: Exception) -> str:
    """Why Python does not compile what Jinja2 made of a template."""
    message = error.msg if isinstance(error, SyntaxError) else ""
    if isinstance(error, RecursionError | MemoryError) or message.startswith("too many"):
        return "it is nested too deeply"
    if message.startswith(("duplicate argument", "keyword argument repeated")):
        return "an argument is repeated"
    if isinstance(error, ValueError):
        return "a number has too many digits"
    return "this is not valid Jinja2"


def _file_name(name: str) -> str:
    return f"<template {name}>"


def _unavailable(environment: Environment, tree: nodes.Template, name: str) -> Iterator[Problem]:
    """Problems that parsing alone does not see: unknown filters and tests, other templates."""
    from jinja2 import nodes

    for node in tree.find_all((nodes.Filter, nodes.Test)):
        assert isinstance(node, nodes.Filter | nodes.Test)
        kind = "filter" if isinstance(node, nodes.Filter) else "test"
        known = environment.filters if kind == "filter" else environment.tests
        if node.name not in known:
            reason = f"unknown {kind} {node.name}" + nearest.did_you_mean(node.name, known)
            yield Problem(kind="template-syntax", subject=f"{name}:{node.lineno}", reason=reason)
    for other in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        words = {"FromImport": "import"}.get(type(other).__name__, type(other).__name__.lower())
        yield Problem(
            kind="template-syntax",
            subject=f"{name}:{other.lineno}",
            reason=f"{words} is not available: templates cannot use other files",
        )


def _syntax(error: TemplateSyntaxError, name: str) -> Problem:
    import re

    message = error.message or ""
    reason = "this is not valid Jinja2"
    unknown = re.match(r"Encountered unknown tag '(\w{1,40})'", message)
    if unknown:
        tags = ("for", "if", "elif", "else", "endif", "endfor", "set", "endset", "macro", "raw")
        reason = f"unknown tag {unknown[1]}" + nearest.did_you_mean(unknown[1], tags)
    elif "nexpected end of template" in message or "was never closed" in message:
        reason = "a block or an expression is not closed"
    elif "nexpected char" in message:
        reason = "a character that is not allowed in an expression"
    elif "expected token" in message:
        reason = "the expression is invalid: something is missing or superfluous"
    return Problem(kind="template-syntax", subject=f"{name}:{error.lineno}", reason=reason)


# Failing


def _place(template: Template, name: str, trace: TracebackType | None) -> str:
    """name:line of the innermost step inside this template."""
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _file_name(name):
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return f"{name}:{line}" if line else name


def _undefined(
    error: _Undefined, place: str, source: str, context: Mapping[str, object]
) -> Problem:
    name = error.name
    if not isinstance(name, str) or not _stands_in(name, source):
        # A name that was computed may be a value.
        reason = "a computed name is not defined"
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
    from jinja2.exceptions import SecurityError

    if isinstance(error, table.Required):
        # The author's own words; others were computed, and may be a value.
        return error.reason[:200] if _stands_in(error.reason, source) else _MISSING
    if isinstance(error, table.FilterFailed):
        return error.reason
    if isinstance(error, _Bomb):
        return "the result would be larger than 16 MiB"
    if isinstance(error, SecurityError):
        return "the sandbox forbids this access"
    return next(
        (words for kinds, words in _FAILURES if isinstance(error, kinds)),
        "the expression cannot be evaluated",
    )
