"""Templates in Jinja2's language, parsed and compiled, with all that is wrong with them.

Jinja2 in its immutable sandbox, undefined names refuse, nothing is escaped, no file is reached but
those of the library. Values are data: they are placed once and never looked at for template
syntax. Messages are ours: Jinja2's own texts quote values (`{{ {}[value] }}`).

A key of a mapping wins over its methods: `variables.items` is the variable of that name, if
there is one, and `.items()` still works where there is none.
"""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.templates import parts, syntax
from cycle_exec.planning.templates.jinja import calls, environment, variable_use
from cycle_exec.settings import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import Template as Template
    from jinja2 import TemplateSyntaxError, nodes

    from cycle_exec.planning.templates.parts import Library
    from cycle_exec.planning.templates.text_use import Use


def compiled(
    sources: Mapping[str, str],
    used: set[str],
    library: Library | None = None,
    uses: dict[str, list[Use]] | None = None,
) -> dict[str, Template]:
    """Parse and compile the templates, and the files of the library that they are made of.

    used: takes every top-level name that they take from the context. uses: takes, for each of them,
    the places that have to be looked at with the values. Raises Refused with the problems of all.
    """
    compiler = _Compiler(library or parts.Library(), used)
    for name, text in sources.items():
        compiler.uses = []
        compiler.add(name, text)
        if uses is not None:
            uses[name] = compiler.uses
    if compiler.problems:
        raise Refused(compiler.problems)
    return compiler.found


class _Compiler:
    def __init__(self, library: Library, used: set[str]) -> None:
        self.found: dict[str, Template] = {}
        self.problems: list[Problem] = []
        self.uses: list[Use] = []
        self._library = library
        self._used = used
        self._begun: set[str] = set()
        self._environment = environment.made(self._loaded)

    def _loaded(self, name: str, parent: str) -> Template | None:
        return self.found.get(self._library.folders.get(parent, "") + name)

    def add(self, name: str, text: str) -> None:
        """Compile a template and what it is made of."""
        if name in self._begun:
            return
        self._begun.add(name)
        from jinja2 import TemplateSyntaxError

        try:
            tree = self._environment.parse(text)
            problems = [
                *calls.problems(self._environment, tree, name),
                *variable_use.problems(tree, name),
                *self._parts(tree, name),
            ]
            if not problems:
                self.uses += variable_use.uses(tree, name)
                self.found[name] = self._compiled(tree, name)
        except TemplateSyntaxError as error:
            problems = [_syntax(error, name, text)]
        except Exception as error:  # noqa: BLE001 - parser and compiler let through what Python says
            problems = [Problem(kind="template-syntax", subject=name, reason=_uncompiled(error))]
        self.problems += problems

    def _compiled(self, tree: nodes.Template, name: str) -> Template:
        import warnings

        from jinja2 import Template
        from jinja2.meta import TrackingCodeGenerator

        tracking = environment.unfolded(TrackingCodeGenerator)(self._environment)
        tracking.optimizer = None  # as in the environment
        tracking.visit(tree)
        self._used.update(tracking.undeclared_identifiers)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's own: it fails when it is rendered
            code = self._environment.compile(tree, name, file_name(name))
        return Template.from_code(self._environment, code, self._environment.make_globals(None))

    def _parts(self, tree: nodes.Template, name: str) -> Iterator[Problem]:
        """Compile the files that the template names; what is wrong with their names."""
        from jinja2 import nodes

        for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            assert isinstance(node, nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends)
            word = {"FromImport": "import"}.get(type(node).__name__, type(node).__name__.lower())
            subject = f"{name}:{node.lineno}"
            reason = self._unusable(node, word, name)
            if reason:
                yield Problem(kind="template-syntax", subject=subject, reason=reason)

    def _unusable(
        self,
        node: nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends,
        word: str,
        name: str,
    ) -> str:
        names = literals(node.template)
        if names is None:
            return f"{word} takes the name of a file as a text in quotes, nothing computed"
        folder = self._library.folders.get(name)
        if folder is None:
            return f"{word} is only available in files: there is no directory to look in"
        reasons = []
        for literal in names:
            reason = parts.unfit(literal) or self._library.unreadable.get(folder + literal, "")
            text = self._library.texts.get(folder + literal)
            if not reason and text is not None:
                self.add(folder + literal, text)
            else:
                reason = reason or "write its name without a backslash"
                reasons.append(f"{word} of {nearest.printable(literal)}: {reason}")
        optional = getattr(node, "ignore_missing", False) and not any(map(parts.unfit, names))
        return "" if optional or len(reasons) < len(names) else reasons[0]


def literals(node: nodes.Expr) -> list[str] | None:
    """Return the names that are given in quotes, or None if one is not."""
    from jinja2 import nodes

    members = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    found = [each.value for each in members if isinstance(each, nodes.Const)]
    if len(found) < len(members) or not all(isinstance(each, str) for each in found):
        return None
    return found or None


def file_name(name: str) -> str:
    """Return what Python takes for the file of a template's code."""
    return f"<template {name}>"


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


def _syntax(error: TemplateSyntaxError, name: str, text: str) -> Problem:
    reason, fix = syntax.reason(error.message or "", text, error.lineno)
    return Problem(kind="template-syntax", subject=f"{name}:{error.lineno}", reason=reason, fix=fix)
