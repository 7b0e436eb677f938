"""Config templates become text: what they can name, and who renders them.

Those that only put values in their places are rendered by `substitution`, those that were compiled
by `programs`. Jinja2 is imported only if one of them fails, or for what is neither.
"""

from __future__ import annotations

from cycle_exec.errors import DeadlinePassed, Problem, Refused
from cycle_exec.planning import environment
from cycle_exec.planning.model import SET, TEMPLATE, Prepared
from cycle_exec.planning.templates import substitution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from cycle_exec.planning.certificates.judgement import Usable
    from cycle_exec.planning.environment import Layers
    from cycle_exec.planning.model import Inputs, TemplateText
    from cycle_exec.planning.outputs import Outputs
    from cycle_exec.planning.programs.model import Program
    from cycle_exec.planning.templates.jinja.compiling import Template
    from cycle_exec.planning.templates.parts import Library
    from cycle_exec.planning.templates.substitution import Plain
    from cycle_exec.settings.model import CertificateRequest, Settings
    from cycle_exec.sources.model import Integration, Snapshot

_PEMS = ("cert", "chain", "fullchain", "privkey", "combined")


def prepare(
    sources: Mapping[str, str],
    plain: Mapping[str, Plain],
    library: Library | None = None,
    programs: Mapping[str, Program] = {},
) -> Prepared:
    """Parse and compile every template. Raises Refused with the problems of all of them.

    plain: those that need not be compiled, as `substitution.parsed` found them. library: what
    they may be made of. programs: those that are compiled already.
    """
    used = {name for each in plain.values() for name in each.names}
    used.update(name for each in programs.values() for name in each.used)
    if programs:
        from cycle_exec.planning.programs import rendering  # noqa: F401 - while there is time
    ready = plain.keys() | programs.keys()
    others = {name: text for name, text in sources.items() if name not in ready}
    compiled: Mapping[str, Template] = {}
    uses = {name: list(each.uses) for name, each in programs.items()}
    if others:
        from cycle_exec.planning.templates.jinja import compiling

        compiled = compiling.compiled(others, used, library, uses)
    texts = {**library.texts, **sources} if library is not None else dict(sources)
    return Prepared(
        sources=texts,
        plain=plain,
        programs=programs,
        compiled=compiled,
        library=library,
        used=frozenset(used),
        # In the order of the templates, whoever has compiled them: that of the warnings.
        uses=tuple(use for name in sources for use in uses.get(name, ())),
    )


def render(
    prepared: Prepared,
    name: str,
    context: Mapping[str, object],
    bounded: Callable[[], AbstractContextManager[None]] | None = None,
) -> str:
    """Return the text of one template. Raises Refused.

    bounded: what keeps its memory small. A template that only puts values in their places needs
    none: what it makes is known.
    """
    text = None
    if name in prepared.plain:
        text = substitution.render(prepared.plain[name], context)
    elif name in prepared.programs:
        from cycle_exec.planning.programs import rendering

        text = rendering.render(prepared.programs[name], name, context, bounded)
    if text is not None:
        return text
    if name in prepared.compiled:
        return _by_jinja2(prepared.compiled, prepared, name, context, bounded)
    from cycle_exec.planning.templates.jinja import compiling

    try:
        # Of a template that fails only Jinja2 knows what to say.
        own = {name: prepared.sources[name]}
        templates = compiling.compiled(own, set(), prepared.library)
        return _by_jinja2(templates, prepared, name, context, bounded)
    except DeadlinePassed as late:
        reason = "it failed, and the deadline passed before the cause was known"
        late.problem = Problem("template-failed", name, reason, "raise --deadline to be told it")
        raise


def _by_jinja2(
    templates: Mapping[str, Template],
    prepared: Prepared,
    name: str,
    context: Mapping[str, object],
    bounded: Callable[[], AbstractContextManager[None]] | None,
) -> str:
    from cycle_exec.planning.templates.jinja import running

    within = bounded() if bounded is not None else None
    return running.rendered(templates, name, prepared.sources, context, within)


class Rendering:
    """Templates and expressions over one context."""

    def __init__(
        self,
        settings: Settings,
        snapshot: Snapshot,
        inputs: Inputs,
        certificates: Mapping[str, Usable],
        outputs: Outputs,
        kept_out: Collection[str] = (),
    ) -> None:
        """kept_out: scoped variables that are not for the environment."""
        self._kept_out = frozenset(kept_out)
        integrations = snapshot.integrations
        self._absent = [name for name, found in integrations.items() if found is None]
        self._rules = settings.environment
        assert inputs.prepared is not None
        self._prepared = inputs.prepared
        self._bounded = inputs.bounded
        self._outputs = outputs
        self.warnings: list[str] = []
        self._context = _context(settings, snapshot, certificates)

    def literals(self, layered: Layers) -> dict[str, str]:
        """environment.set with its expressions rendered."""
        values = dict(self._rules.set)
        expressions = [name for name in values if SET + name in self._prepared.sources]
        if expressions:
            self._context["env"] = environment.merged(layered, self._rules, {}).environ
        everything = self._context["variables"]
        self._context["variables"] = self._exportable()
        for name in expressions:
            values[name] = self.rendered(SET + name) or ""
            if "\0" in values[name]:
                self._outputs.refuse(
                    "value-refused",
                    SET + name,
                    "renders a NUL, which is not allowed in the environment",
                )
        self._context["variables"] = everything
        return values

    def _exportable(self) -> object:
        """Return the variables that an expression of the environment may use."""
        variables = self._context["variables"]
        if not self._kept_out or not isinstance(variables, dict):
            return variables
        return {name: value for name, value in variables.items() if name not in self._kept_out}

    def templates(self, texts: Sequence[TemplateText], environ: Mapping[str, str]) -> None:
        """Note a target for each template."""
        self._context["env"] = environ
        unlike = self._uses_unlike_their_values()
        for text in texts:
            if text.name in unlike:
                continue
            rendered = self.rendered(text.name)
            if rendered is None:
                continue
            content = rendered.encode("utf-8", "surrogateescape")
            self._outputs.add(
                text, text.target, content, kind=TEMPLATE, name=text.name, check=text.check
            )

    def _uses_unlike_their_values(self) -> Collection[str]:
        """Note them, and return the files that cannot be rendered for them."""
        uses = self._prepared.uses
        if not uses:
            return ()
        from cycle_exec.planning.templates import text_use

        found = text_use.problems(uses, self._context)
        self._outputs.problems.extend(found.values())
        self.warnings.extend(text_use.warnings(uses, self._context))
        return found

    def rendered(self, name: str) -> str | None:
        """Return the text of one of them; None: its problems are noted."""
        try:
            return render(self._prepared, name, self._context, self._bounded)
        except Refused as refused:
            problems = tuple(map(self._of_optional, refused.problems))
            if name.startswith(SET) and self._kept_out:
                problems = tuple(map(self._told, problems))
            self._outputs.problems.extend(problems)
            return None

    def _of_optional(self, problem: Problem) -> Problem:
        """Say of an integration of the manifest that the platform does not have it."""
        for name in self._absent:
            if problem.reason.startswith(f"integration {name} is not in the manifest"):
                return problem.replace(
                    reason=f"integration {name} is optional, and not there",
                    fix=f'test it first: {{% if "{name}" in integrations %}}',
                )
        return problem

    def _told(self, problem: Problem) -> Problem:
        """Say of a variable why it is not defined for an expression of the environment."""
        name = problem.reason.partition(" ")[0]
        if problem.kind != "template-undefined" or name not in self._kept_out:
            return problem
        return problem.replace(
            reason=f"{name} is a file, and so is kept out of the environment",
            fix="use it in a template or in [variables.files], or let the app read the file",
        )


def _context(
    settings: Settings, snapshot: Snapshot, certificates: Mapping[str, Usable]
) -> dict[str, object]:
    """Return every top-level name of templates with its plain value.

    certificates: by domain. "env" follows: it is the app's environment as far as it is known.
    """
    variables = dict(snapshot.variables)
    for identifier, value in settings.variables.defaults.items():
        variables[identifier] = variables.get(identifier) or value
    found: dict[str, object] = {
        "env": {},
        "variables": variables,
        "integrations": {
            name: _integration(integration)
            for name, integration in snapshot.integrations.items()
            if integration is not None
        },
        "certificates": {
            domain: _certificate(settings.certificates, domain, usable)
            for domain, usable in certificates.items()
        },
        **snapshot.resources,
        **snapshot.unusable,
    }
    if snapshot.domains is not None:
        found["domains"] = list(snapshot.domains)
    return found


def _integration(integration: Integration) -> dict[str, object]:
    sections: dict[str, dict[str, str]] = {"auth": {}, "extra": {}}
    for field, value in integration.fields.items():
        section, _, name = field.partition(".")
        sections[section][name] = value
    return {
        "identifier": integration.identifier,
        "vendor": integration.vendor,
        "name": integration.name,
        **sections,
    }


def _certificate(
    request: CertificateRequest | None, domain: str, usable: Usable
) -> dict[str, object]:
    found: dict[str, object] = {name: getattr(usable, name) for name in _PEMS}
    found["domains"] = list(usable.summary.domains)
    found["not_after"] = usable.summary.not_after
    if request is not None and request.directory:
        from cycle_exec.planning.certificates import targets

        found["paths"] = targets.paths(request, domain)
    return found
