"""Renders compiled templates without Jinja2: what the code that Jinja2 has generated calls.

The code decides what follows what, and what a name means where; here is what the values mean:
attributes, items, calls and operators under the rules of the sandbox. Values are plain data, so
these rules are short. Whatever is not beyond doubt raises Uncertain.
"""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning.programs import objects
from cycle_exec.planning.programs.objects import (
    Block,
    Cycler,
    Group,
    Joiner,
    Loop,
    Macro,
    Module,
    Namespace,
    NotFound,
    Uncertain,
    Undefined,
    missing,
)
from cycle_exec.planning.templates.operations import measure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from cycle_exec.planning.programs.model import Blocks, Made

# What templates may call or read of a value of these kinds; never what changes it.
_MEMBERS = {
    str: frozenset(
        """
        capitalize casefold center count encode endswith expandtabs find index isalnum isalpha
        isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper
        join ljust lower lstrip partition removeprefix removesuffix replace rfind rindex rjust
        rpartition rsplit rstrip split splitlines startswith strip swapcase title translate upper
        zfill
        """.split()
    ),
    dict: frozenset("copy get items keys values".split()),
    list: frozenset("copy count index".split()),
    tuple: frozenset("count index".split()),
    int: frozenset("bit_length".split()),
    float: frozenset("is_integer".split()),
    bytes: frozenset("decode hex".split()),
    range: frozenset("count index start step stop".split()),
    bool: frozenset(),
    type(None): frozenset(),
    Loop: Loop.names,
    Cycler: Cycler.names,
    Group: Group.names,
}
_OURS = frozenset((Loop, Cycler, Joiner, Macro, Namespace, Module, Block, Undefined))
_METHODS = frozenset((type("".split), type(Joiner(",").__call__)))
_CALLABLE = frozenset((Loop, Joiner, Macro, Block))  # and what GLOBALS has
_MOST_OF_A_RANGE = 100_000
_MOST_BITS = 1_000
_MOST_ITEMS = 1_000_000


def _range(*arguments: Any) -> range:
    found = range(*arguments)
    if len(found) > _MOST_OF_A_RANGE:
        raise Uncertain
    return found


class _Function:
    """One that templates know by name. It can be called, and only Jinja2 prints its own."""

    __repr__ = objects.uncertain

    def __init__(self, made: Callable[..., Any]) -> None:
        self._made = made

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._made(*arguments, **named)


GLOBALS = {
    "range": _Function(_range),
    "dict": dict,
    "cycler": _Function(Cycler),
    "joiner": _Function(Joiner),
    "namespace": _Function(Namespace),
    "lipsum": objects.uncertain,
}


class EvaluationContext:
    """What filters ask of where they are used: nothing is escaped."""

    autoescape = False
    volatile = False

    def __init__(self, environment: Environment) -> None:
        self.environment = environment


class Context:
    """The names of one template while it is rendered."""

    def __init__(
        self, environment: Environment, parent: Mapping[str, Any], name: str, blocks: Blocks
    ) -> None:
        self.environment = environment
        self.eval_ctx = environment.evaluation
        self.parent = parent
        self.name = name
        self.vars: dict[str, Any] = {}
        self.exported_vars: set[str] = set()
        self.blocks = {key: [block] for key, block in blocks.items()}

    def resolve_or_missing(self, name: str) -> Any:
        """Return the value of a name; what could not be fetched is for Jinja2 to tell."""
        found = self.vars[name] if name in self.vars else self.parent.get(name, missing)
        if type(found) is Problem:
            raise Uncertain
        return found

    def derived(self, local: Mapping[str, Any]) -> Context:
        """Return the names that a block with a scope of its own begins with."""
        found = Context(self.environment, {**self.get_all(), **_set(local)}, self.name, {})
        found.blocks = {name: list(stack) for name, stack in self.blocks.items()}
        return found

    def get_all(self) -> Mapping[str, Any]:
        """Return every name, also those that the template has set."""
        return {**self.parent, **self.vars} if self.vars else self.parent

    def get_exported(self) -> dict[str, Any]:
        """Return what the template has set for others to use."""
        return {name: self.vars[name] for name in self.exported_vars}

    def super(self, name: str, current: Callable[[Context], Iterator[str]]) -> Any:
        """Return the block of this name that a template further up has."""
        stack = self.blocks[name]
        at = stack.index(current) + 1
        return Block(self, stack, at) if at < len(stack) else Undefined()


def _set(local: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in local.items() if value is not missing}


class Template:
    """One template: its main function and its blocks.

    made: what its code makes of an environment.
    """

    def __init__(self, environment: Environment, name: str, made: Made) -> None:
        self._environment = environment
        self._name = name
        self.root_render_func, self.blocks = made(environment, name)
        self._module: Module | None = None

    def new_context(
        self,
        given: Mapping[str, Any] | None = None,
        shared: bool = False,
        local: Mapping[str, Any] | None = None,
    ) -> Context:
        """Return the names that it begins with.

        shared: whether they are those of the template that includes this one. local: its own.
        """
        parent: Mapping[str, Any] = given or {}
        if not shared:
            parent = {**GLOBALS, **parent}
        if local:
            parent = {**parent, **_set(local)}
        return Context(self._environment, parent, self._name, self.blocks)

    def make_module(
        self,
        given: Mapping[str, Any] | None = None,
        shared: bool = False,
        local: Mapping[str, Any] | None = None,
    ) -> Module:
        """Run it for what it sets."""
        context = self.new_context(given, shared, local)
        body = list(self.root_render_func(context))
        return Module(context.get_exported(), body)

    def _get_default_module(self, _context: Context | None = None) -> Module:
        if self._module is None:
            self._module = self.make_module()
        return self._module


class Environment:
    """What generated code calls `environment`."""

    undefined = Undefined
    concat = "".join

    def __init__(
        self,
        filters: Mapping[str, Callable[..., Any]],
        tests: Mapping[str, Callable[..., Any]],
        load: Callable[[str, str], tuple[str, Made] | None],
    ) -> None:
        self.filters = filters
        self.tests = tests
        self.evaluation = EvaluationContext(self)
        self._load = load
        self._templates: dict[str, Template] = {}

    def get_template(self, name: str, parent: str) -> Template:
        """Return another template, as the one called `parent` names it. Raises NotFound."""
        found = self._load(name, parent)
        if found is None:
            raise NotFound
        whole, made = found
        if whole not in self._templates:
            self._templates[whole] = Template(self, whole, made)
        return self._templates[whole]

    def select_template(self, names: Sequence[str], parent: str) -> Template:
        """Return the first of them that there is. Raises NotFound."""
        for name in names:
            try:
                return self.get_template(name, parent)
            except NotFound:
                pass
        raise NotFound

    def getattr(self, value: Any, name: str) -> Any:
        """Return what `value.name` means. A key of a mapping wins over its methods."""
        kind = type(value)
        if kind is dict and name in value:
            return value[name]
        if kind is Namespace or kind is Module:
            if name[:1] == "_":
                raise Uncertain  # the sandbox forbids it
            if kind is Namespace:
                return value.members[name] if name in value.members else Undefined()
            return getattr(value, name) if hasattr(value, name) else Undefined()
        return _member(kind, value, name)

    def getitem(self, value: Any, key: Any) -> Any:
        """Return what `value[key]` means."""
        kind = type(value)
        if kind not in _MEMBERS:
            raise Uncertain
        try:
            return value[key]
        except (TypeError, LookupError):
            return _member(kind, value, key) if isinstance(key, str) else Undefined()

    def call(self, _context: Context, function: Any, /, *arguments: Any, **named: Any) -> Any:
        """Return what a call gives: of a method that `getattr` gave out, or of ours."""
        named.pop("_loop_vars", None)
        named.pop("_block_vars", None)
        kind = type(function)
        if kind in _METHODS or kind in _CALLABLE or kind is _Function or function is dict:
            try:
                return function(*arguments, **named)
            except StopIteration:  # pragma: no cover - no method of plain values raises it today
                pass
        raise Uncertain

    def call_binop(self, _context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return the result of an operator whose results may be large."""
        measure(operator, left, right)
        if isinstance(left, int | float) and isinstance(right, int | float):
            if operator == "**" or _bits(left) + _bits(right) > _MOST_BITS:
                raise Uncertain
            return _OPERATORS[operator](left, right)
        if operator == "%" and type(left) is str:
            return left % right
        if operator == "*":
            sequence, factor = (right, left) if isinstance(left, int) else (left, right)
            if type(sequence) in (str, list, tuple) and isinstance(factor, int):
                if len(sequence) * factor > _MOST_ITEMS:
                    raise Uncertain
                return sequence * factor
        raise Uncertain

    def call_filter(
        self,
        name: str,
        value: Any,
        arguments: tuple[Any, ...],
        named: Mapping[str, Any],
        context: Context,
    ) -> Any:
        """Return what a filter gives whose name is a value: `map("upper")`."""
        return self._called(self.filters, name, value, arguments, named, context)

    def call_test(
        self,
        name: str,
        value: Any,
        arguments: tuple[Any, ...],
        named: Mapping[str, Any],
        context: Context,
    ) -> Any:
        """Return the same of a test: `select("none")`."""
        return self._called(self.tests, name, value, arguments, named, context)

    def _called(
        self,
        functions: Mapping[str, Callable[..., Any]],
        name: str,
        value: Any,
        arguments: tuple[Any, ...],
        named: Mapping[str, Any],
        context: Context,
    ) -> Any:
        function = functions[name]
        wanted = getattr(function, "takes", "")
        if wanted == "context":
            return function(context, value, *arguments, **named)
        if wanted == "evaluation":
            return function(context.eval_ctx, value, *arguments, **named)
        if wanted == "environment":
            return function(self, value, *arguments, **named)
        return function(value, *arguments, **named)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "//": lambda left, right: left // right,
    "%": lambda left, right: left % right,
}


def _bits(number: float) -> int:
    return number.bit_length() if isinstance(number, int) else 64


def _member(kind: type, value: Any, name: str) -> Any:
    members = _MEMBERS.get(kind)
    if members is None:
        raise Uncertain
    if name in members:
        return getattr(value, name)
    if kind in _OURS or hasattr(value, name):
        raise Uncertain  # the sandbox may forbid it
    return Undefined()
