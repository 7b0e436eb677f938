"""Where templates use a variable itself as a condition, as a list, or beside a number."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning.templates.text_use import CONDITION, LOOP, Use, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import nodes

    Path = tuple[str, ...]

_TEXTS = ("variables", "env")


def uses(tree: nodes.Template, file: str) -> Iterator[Use]:
    """Yield the conditions and the loops."""
    from jinja2 import nodes

    finder = _Finder(tree)
    for node in tree.find_all((nodes.If, nodes.CondExpr, nodes.For)):
        if isinstance(node, nodes.For):
            path = finder.path(node.iter)
            if path:
                yield Use(file=file, line=node.lineno, path=path, kind=LOOP)
        test = node.test if isinstance(node, nodes.If | nodes.CondExpr | nodes.For) else None
        for path in finder.conditions(test):
            yield Use(file=file, line=node.lineno, path=path, kind=CONDITION)


def problems(tree: nodes.Template, file: str) -> Iterator[Problem]:
    """Yield comparisons that no text can pass: with a number, with a boolean."""
    from jinja2 import nodes

    finder = _Finder(tree)
    for node in tree.find_all(nodes.Compare):
        sides = [node.expr, *(each.expr for each in node.ops)]
        equal = all(each.op in ("eq", "ne") for each in node.ops)
        path = next(filter(None, map(finder.path, sides)), ())
        other = next((each.value for each in sides if isinstance(each, nodes.Const)), None)
        if equal and path and isinstance(other, bool | int | float):
            name = shown(path)
            kind = "boolean" if isinstance(other, bool) else "number"
            change = "bool" if isinstance(other, bool) else "int"
            yield Problem(
                kind="template-syntax",
                subject=f"{file}:{node.lineno}",
                reason=f"{name} is text, which never equals a {kind}",
                fix=f"write {name} | {change}",
            )


class _Finder:
    """Tells variables of the platform and of the environment, whose values are always text."""

    def __init__(self, tree: nodes.Template) -> None:
        from jinja2 import nodes

        stored = [each.name for each in tree.find_all(nodes.Name) if each.ctx != "load"]
        self._own = frozenset(stored)
        self._aliases: dict[str, Path] = {}
        for node in tree.body:
            if (
                isinstance(node, nodes.Assign)
                and isinstance(node.target, nodes.Name)
                and stored.count(node.target.name) == 1
            ):
                path = self.path(node.node)
                if path:
                    self._aliases[node.target.name] = path

    def path(self, node: nodes.Node | None) -> Path:
        """Return the path of the variable that the expression is; empty if it is none."""
        from jinja2 import nodes

        if isinstance(node, nodes.Name):
            return self._aliases.get(node.name, ())
        key = _key(node)
        if key and isinstance(node, nodes.Getattr | nodes.Getitem):
            inner = node.node
            if isinstance(inner, nodes.Name) and inner.name in _TEXTS:
                return () if inner.name in self._own else (inner.name, key)
        return ()

    def conditions(self, node: nodes.Node | None) -> Iterator[Path]:
        """Yield the variables that decide by themselves."""
        from jinja2 import nodes

        if isinstance(node, nodes.And | nodes.Or):
            yield from self.conditions(node.left)
            yield from self.conditions(node.right)
        elif isinstance(node, nodes.Not) or (
            isinstance(node, nodes.Filter) and node.name in ("default", "d")
        ):
            yield from self.conditions(node.node)
        else:
            path = self.path(node)
            if path:
                yield path


def _key(node: nodes.Node | None) -> str:
    from jinja2 import nodes

    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return node.arg.value if isinstance(node.arg.value, str) else ""
    return ""
