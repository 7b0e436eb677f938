"""Filters and tests that a template names, looked at before anything is rendered."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning.templates.filters import table
from cycle_exec.settings import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from inspect import Parameter
    from typing import Any

    from jinja2 import Environment, nodes

# Filters that take the name of a filter or a test: which of the two, and its place.
_BY_NAME = {
    "map": ("filter", 0),
    "select": ("test", 0),
    "reject": ("test", 0),
    "selectattr": ("test", 1),
    "rejectattr": ("test", 1),
}


def problems(environment: Environment, tree: nodes.Template, name: str) -> Iterator[Problem]:
    """Yield what is wrong with them: names that do not exist, arguments that are not taken."""
    from jinja2 import nodes

    for node in tree.find_all((nodes.Filter, nodes.Test)):
        assert isinstance(node, nodes.Filter | nodes.Test)
        kind = "filter" if isinstance(node, nodes.Filter) else "test"
        reasons = [_unknown(environment, kind, node.name)]
        if not reasons[0]:
            reasons = [_arguments(environment, kind, node), _by_name(environment, node)]
        for reason in filter(None, reasons):
            yield Problem(kind="template-syntax", subject=f"{name}:{node.lineno}", reason=reason)


def _known(environment: Environment, kind: str) -> Mapping[str, Any]:
    return environment.filters if kind == "filter" else environment.tests


def _unknown(environment: Environment, kind: str, name: str) -> str:
    known = _known(environment, kind)
    if name in known:
        return ""
    shown = nearest.printable(name)
    if kind == "test" and name in environment.filters:
        return f"unknown test {shown}: it is a filter, which stands behind |"
    if kind == "filter" and name in environment.tests:
        return f"unknown filter {shown}: it is a test, which stands behind is"
    collection, _, last = name.rpartition(".")
    if collection and last in known:
        return f"unknown {kind} {shown}: write {last}"
    if collection:
        return f"unknown {kind} {shown}: there are none of Ansible's collections"
    return f"unknown {kind} {shown}" + nearest.did_you_mean(name, known)


def _by_name(environment: Environment, node: nodes.Filter | nodes.Test) -> str:
    """Why the filter or test that is named as an argument cannot be."""
    from jinja2 import nodes

    kind, place = _BY_NAME.get(node.name, ("", 0))
    if not kind or isinstance(node, nodes.Test) or len(node.args) <= place:
        return ""
    argument = node.args[place]
    if not isinstance(argument, nodes.Const) or not isinstance(argument.value, str):
        return ""
    return _unknown(environment, kind, argument.value)


def _arguments(environment: Environment, kind: str, node: nodes.Filter | nodes.Test) -> str:
    """Why the filter or test does not take these arguments."""
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return ""
    function = _known(environment, kind)[node.name]
    taken = _parameters(function, node.name)
    if taken is None:  # pragma: no cover - see _parameters
        return ""
    given = [None, *node.args]
    positional = [
        each for each in taken if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    has_rest = any(each.kind == each.VAR_POSITIONAL for each in taken)
    if len(given) > len(positional) and not has_rest:
        most = len(positional) - 1
        return f"{node.name} takes {_counted(most)}" if most else f"{node.name} takes no argument"
    names = [str(each.key) for each in node.kwargs]
    has_named = any(each.kind == each.VAR_KEYWORD for each in taken)
    free = [each for each in taken if each not in positional[: len(given)]]
    by_name = {
        each.name for each in free if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)
    }
    for wrong in (each for each in names if each not in by_name and not has_named):
        shown = nearest.printable(wrong)
        return f"{node.name} takes no argument {shown}" + nearest.did_you_mean(wrong, by_name)
    for each in free:
        rest = each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        if not rest and each.default is each.empty and each.name not in names:
            return f"{node.name} needs an argument more: {each.name}"
    return ""


def _counted(number: int) -> str:
    return f"at most {number} argument{'s' if number > 1 else ''} without a name"


def _parameters(function: Any, name: str) -> list[Parameter] | None:
    """Return what a template can give, the value first; None if that is not known."""
    from inspect import signature, unwrap

    try:
        found = list(signature(function).parameters.values())
    except (TypeError, ValueError):  # pragma: no cover - a function in C that does not say
        return None
    if hasattr(unwrap(function), "jinja_pass_arg"):
        found = found[1:]
    return [each for each in found if name not in table.TAKE_NAME or each.name != "template"]
