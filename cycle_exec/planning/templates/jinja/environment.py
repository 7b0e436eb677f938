"""Jinja2's environment as templates have it: its sandbox, its names, its bounds."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.templates import operations
from cycle_exec.planning.templates.filters import table
from cycle_exec.planning.templates.operations import TooLarge
from cycle_exec.planning.templates.undefined import UndefinedName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, TypeVar

    from jinja2 import Environment, Template, Undefined, nodes
    from jinja2.compiler import CodeGenerator
    from jinja2.runtime import Context

    Kind = TypeVar("Kind", bound=CodeGenerator)

_MOST_DIGITS = 10_000


def made(load: Callable[[str, str], Template | None]) -> Environment:
    """Return the environment.

    load: (name, the template that names it) -> another template, or None if there is none.
    """
    from jinja2 import TemplateNotFound
    from jinja2.compiler import CodeGenerator
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Sandbox(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset(operations.MEASURED)
        context_class = _guarded()
        code_generator_class = unfolded(CodeGenerator)

        def getattr(self, obj: Any, attribute: str) -> Any:
            if isinstance(obj, dict) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

        def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
            operations.measure(operator, left, right)
            return super().call_binop(context, operator, left, right)

        def get_template(
            self,
            name: Any,
            parent: str | None = None,
            globals: Any = None,  # noqa: ARG002 - Jinja2's
        ) -> Template:
            found = load(name, parent or "")
            if found is None:
                raise TemplateNotFound(name)
            return found

        def select_template(
            self,
            names: Any,
            parent: str | None = None,
            globals: Any = None,  # noqa: ARG002 - Jinja2's
        ) -> Template:
            found = next(filter(None, (load(name, parent or "") for name in names)), None)
            if found is None:
                raise TemplateNotFound("")
            return found

    environment = Sandbox(
        undefined=_strict(),
        autoescape=False,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=0,
        # Or what is wrong in a constant expression fails while it is compiled, without a place.
        optimized=False,
    )
    _add_ours(environment)
    return environment


def unfolded(kind: type[Kind]) -> type[Kind]:
    """Return a generator of this kind that leaves filters of constants to the rendering.

    There they have a bound of memory, as all filters, and `compile` does not wait for them.
    """
    from jinja2 import nodes

    class Unfolded(kind):  # type: ignore[misc, valid-type]
        def _output_child_to_const(self, node: nodes.Expr, *given: Any) -> str:
            if not isinstance(node, nodes.Const | nodes.TemplateData):
                raise nodes.Impossible
            folded: str = super()._output_child_to_const(node, *given)
            return folded

    return Unfolded


def _add_ours(environment: Environment) -> None:
    environment.filters = _Named(
        environment.filters, table.FILTERS, lambda name: _adapted(name, table.filter_of(name))
    )
    environment.tests = _Named(
        environment.tests, table.TESTS, lambda name: _adapted(name, table.test_of(name))
    )
    environment.filters["round"] = _rounded(environment.filters["round"])


def _strict() -> type[Undefined]:
    from jinja2 import StrictUndefined, UndefinedError
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
            ours: Any = exc if exc is not UndefinedError else lambda _: UndefinedName(where, name)
            super().__init__(hint, obj, name, ours)

    return Strict


def _guarded() -> type[Context]:
    from jinja2.runtime import Context

    class Guarded(Context):
        """Looks at what it hands out: what could not be fetched refuses here."""

        def resolve_or_missing(self, key: str) -> Any:
            found = super().resolve_or_missing(key)
            if isinstance(found, Problem):
                raise Refused([found])
            return found

    return Guarded


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


def _adapted(name: str, function: Callable[..., object]) -> Any:
    """Return a filter or a test of ours as Jinja2 calls it: what is undefined is refused, as any
    use of it is.
    """
    from jinja2 import Undefined, pass_context

    takes_missing = name in table.TAKE_MISSING

    def adapted(value: object, *arguments: object, **named: object) -> object:
        if isinstance(value, Undefined) and takes_missing:
            value = table.MISSING
        for each in (
            (value,) if name in table.PASS_MISSING else (value, *arguments, *named.values())
        ):
            if isinstance(each, Undefined):
                str(each)  # raises our UndefinedName
        return function(value, *arguments, **named)

    def named_adapted(context: Context, value: object, *args: object, **named: object) -> object:
        return adapted(value, *args, **named, template=context.name or "")

    found: Any = pass_context(named_adapted) if name in table.TAKE_NAME else adapted
    found.__wrapped__ = function
    return found


def _rounded(function: Callable[..., object]) -> Callable[..., object]:
    def rounded(value: object, precision: object = 0, method: object = "common") -> object:
        # It computes ten to the power of this.
        if isinstance(precision, int) and abs(precision) > _MOST_DIGITS:
            raise TooLarge
        return function(value, precision, method)

    return rounded
