"""Templates become code that needs no Jinja2 to run, while an image is built.

Jinja2 itself generates the code, so that loops, scopes, macros and blocks are its own; what the
code calls is in `runtime`. A template that uses what has no counterpart there is left to Jinja2.

Code, not data for an interpreter of ours: the scopes of Jinja2 need not be told a second time, and
it runs and loads faster than any walk over a tree. Whoever can change it could as well name a
command in the manifest: it is believed of the same owners, and of nobody else.
"""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning.programs import filters, tests
from cycle_exec.planning.programs.model import Generated, Uncovered
from cycle_exec.planning.templates import undefined
from cycle_exec.planning.templates.filters import table
from cycle_exec.planning.templates.jinja import compiling, variable_use
from cycle_exec.planning.templates.jinja import environment as environments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from jinja2 import Environment, nodes

    from cycle_exec.planning.templates.parts import Library

_ASKS = ("default", "d", "defined", "undefined", "required", "mandatory")
_LEFT_OUT = ("from jinja2.runtime import ", "name = ", "debug_info = ")


# What generated code finds under Jinja2's names.
_HEAD = """\
from cycle_exec.planning.programs.objects import (
    Loop as LoopContext, Macro, Namespace, NotFound as TemplateNotFound, Nothing as Undefined,
    identity, missing, str_join, text_of as str, uncertain as Markup,
    uncertain as TemplateRuntimeError, uncertain as escape, uncertain as markup_join,
)

"""


def generated(name: str, text: str, library: Library | None = None) -> Generated | Uncovered:
    """Return what a launch runs in place of a template. Raises Refused as `compiled` does."""
    compiling.compiled({name: text}, set(), library)
    environment = _environment()
    tree = environment.parse(text)
    uncovered = next(_uncovered(tree), None)
    if uncovered is not None:
        return uncovered
    return Generated(
        code=_code(environment, tree),
        used=_used(environment, tree),
        parts=tuple(_parts(tree, name, library)) if library is not None else (),
        uses=tuple((use.line, use.path, use.kind) for use in variable_use.uses(tree, name)),
    )


def _environment() -> Environment:
    return environments.made(lambda *_: None)


def _used(environment: Environment, tree: nodes.Template) -> frozenset[str]:
    from jinja2.meta import TrackingCodeGenerator

    tracking = environments.unfolded(TrackingCodeGenerator)(environment)
    tracking.optimizer = None  # as in the environment
    tracking.visit(tree)
    return frozenset(tracking.undeclared_identifiers)


def _parts(tree: nodes.Template, name: str, library: Library) -> Iterator[tuple[str, bool]]:
    from jinja2 import nodes

    folder = library.folders.get(name, "")
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        assert isinstance(node, nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends)
        for literal in compiling.literals(node.template) or ():
            yield literal, folder + literal in library.texts


def unknown_names(
    name: str, text: str, known: Collection[str], library: Library | None = None
) -> Iterator[Problem]:
    """Return a problem for each top-level name that is never there, and that is not asked for.

    name, text: of a template that can be compiled. known: what the context may have. What the
    template sets may be there, whichever branch sets it, and in blocks what the parent sets.
    """
    from jinja2 import nodes

    environment = _environment()
    tree = environment.parse(text)
    unknown = _used(environment, tree) - set(known) - environment.globals.keys()
    if unknown:
        unknown -= set(_set(environment, tree, name, library))
    asked_for = {
        asked.node.name
        for asked in tree.find_all((nodes.Filter, nodes.Test))
        if isinstance(asked, nodes.Filter | nodes.Test)
        and asked.name in _ASKS
        and isinstance(asked.node, nodes.Name)
    }
    told: set[str] = set()
    for node in tree.find_all(nodes.Name):
        if node.name in unknown - asked_for - told and node.ctx == "load":
            told.add(node.name)
            reason, fix = undefined.at_the_top(node.name, dict.fromkeys(known))
            yield Problem("template-undefined", f"{name}:{node.lineno}", reason, fix)


def _set(
    environment: Environment, tree: nodes.Template, name: str, library: Library | None
) -> Iterator[str]:
    """Yield the names that a template sets, and those that it extends; more than once perhaps."""
    from jinja2 import nodes

    begun = {name}
    trees = [(name, tree)]
    for name, tree in trees:
        for node in tree.find_all((nodes.Assign, nodes.AssignBlock)):
            assert isinstance(node, nodes.Assign | nodes.AssignBlock)
            if isinstance(node.target, nodes.Name):
                yield node.target.name
            yield from (each.name for each in node.target.find_all(nodes.Name))
        yield from (node.name for node in tree.find_all(nodes.Macro))
        yield from (node.target for node in tree.find_all(nodes.Import))
        for imported in tree.find_all(nodes.FromImport):
            for each in imported.names:
                yield each if isinstance(each, str) else each[1]
        for extends in tree.find_all(nodes.Extends):
            for literal in compiling.literals(extends.template) or ():
                parent = library.folders.get(name, "") + literal if library is not None else ""
                if library is not None and parent in library.texts and parent not in begun:
                    begun.add(parent)
                    trees.append((parent, environment.parse(library.texts[parent])))


def _uncovered(tree: nodes.Template) -> Iterator[Uncovered]:
    from jinja2 import nodes

    for node in tree.find_all((nodes.Filter, nodes.Test, nodes.Name)):
        if isinstance(node, nodes.Filter):
            if node.name not in filters.FILTERS and node.name not in table.FILTERS:
                yield Uncovered(line=node.lineno, reason=f"the filter {node.name}")
        elif isinstance(node, nodes.Test):
            if node.name not in tests.TESTS and node.name not in table.TESTS:
                yield Uncovered(line=node.lineno, reason=f"the test {node.name}")
        elif isinstance(node, nodes.Name) and node.name in ("self", "lipsum"):
            yield Uncovered(line=node.lineno, reason=f"the name {node.name}")


class _Name(str):
    """A template's name that generated code finds in a variable: code goes by its source alone."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "TEMPLATE"


def _code(environment: Environment, tree: nodes.Template) -> str:
    from jinja2.compiler import CodeGenerator, DependencyFinderVisitor

    class Generator(CodeGenerator):
        """Leaves out what tells at run time of a filter that is not there: it is there."""

        def pull_dependencies(self, nodes: Iterable[nodes.Node]) -> None:
            finder = DependencyFinderVisitor()
            for node in nodes:
                finder.visit(node)
            for known, found, kind in (
                (self.filters, finder.filters, "filters"),
                (self.tests, finder.tests, "tests"),
            ):
                for each in sorted(found):
                    if each not in known:
                        known[each] = self.temporary_identifier()
                    self.writeline(f"{known[each]} = environment.{kind}[{each!r}]")

    generator = environments.unfolded(Generator)(environment, _Name("template"), "<template>")
    generator.optimizer = None  # as in the environment
    generator.visit(tree)
    lines = generator.stream.getvalue().splitlines()  # type: ignore[attr-defined]
    kept = [line for line in lines if not line.startswith(_LEFT_OUT)]
    body = "".join(f"    {line}\n" for line in kept)
    return f"{_HEAD}def template(environment, TEMPLATE):\n{body}    return root, blocks\n"
