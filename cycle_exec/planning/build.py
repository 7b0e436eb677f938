"""Settings, inherited environment and answers become one plan, or all that is wrong with them."""

from __future__ import annotations

from cycle_exec.errors import Refused
from cycle_exec.planning import environment
from cycle_exec.planning.model import CERTIFICATE, SET, TEMPLATE, Extension, Plan
from cycle_exec.planning.outputs import Outputs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cycle_exec.planning.certificates.selection import Usable
    from cycle_exec.planning.environment import Layers
    from cycle_exec.planning.model import (
        CertificateSummary,
        Crypto,
        FileWrite,
        Inputs,
        TemplateText,
    )
    from cycle_exec.planning.templates.jinja import Prepared
    from cycle_exec.settings.model import CertificateRequest, Settings
    from cycle_exec.sources.model import Snapshot


def build(
    settings: Settings,
    snapshot: Snapshot,
    inputs: Inputs,
    crypto: Crypto,
    extend: Callable[[Sequence[FileWrite]], Extension] | None = None,
) -> Plan:
    """Make the plan of a run.

    extend: what has to see every other target before it can say what it adds.
    Raises Refused with every problem of the stage.
    """
    layered = environment.layers(settings, snapshot, inputs)
    outputs = Outputs(inputs.owners)
    outputs.problems.extend(layered.problems)
    chosen, warnings = _certificates(outputs, settings, snapshot, inputs, crypto)
    rendering = _Rendering(settings, snapshot, inputs.prepared, chosen, outputs)
    literal = rendering.literals(layered)
    merged = environment.merged(layered, settings.environment, literal)
    outputs.problems.extend(environment.missing(settings, merged.environ, snapshot))
    rendering.templates(inputs.texts, merged.environ)
    if settings.certificates is not None and settings.certificates.directory:
        _certificate_files(outputs, settings.certificates, chosen)
        if "pkcs12" in settings.certificates.formats:
            _keystores(outputs, settings, snapshot, chosen, crypto)
    if settings.has_value_files:
        from cycle_exec.planning.files import value_files

        value_files.add_to(outputs, settings, snapshot, merged)
    outputs.require_good()
    extension = extend(outputs.writes) if extend is not None else Extension()
    outputs.writes.extend(extension.writes)
    outputs.require_good()
    stale = environment.stale(snapshot, settings)
    return Plan(
        environ={**merged.environ, **stale.environ},
        sources={**merged.sources, **stale.sources},
        overrides=merged.overrides,
        writes=outputs.placed(),
        certificates=tuple(_distinct(chosen)),
        warnings=(*stale.warnings, *warnings, *extension.warnings),
        notes=layered.notes,
        stale=snapshot.stale,
    )


class _Rendering:
    """Templates and expressions over one context."""

    def __init__(
        self,
        settings: Settings,
        snapshot: Snapshot,
        prepared: Prepared | None,
        certificates: Mapping[str, Usable],
        outputs: Outputs,
    ) -> None:
        self.settings = settings
        self.snapshot = snapshot
        self.prepared = prepared
        self.certificates = certificates
        self.outputs = outputs

    def _context(self, environ: Mapping[str, str]) -> dict[str, object]:
        from cycle_exec.planning.templates import context as contexts
        from cycle_exec.planning.templates.jinja import Unusable

        found = contexts.context(self.settings, self.snapshot, environ, self.certificates)
        for name, problem in self.snapshot.unusable.items():
            found[name] = Unusable(problem)
        return found

    def literals(self, layered: Layers) -> dict[str, str]:
        """environment.set with its expressions rendered."""
        values = dict(self.settings.environment.set)
        expressions = [name for name in values if self._is_prepared(SET + name)]
        if not expressions:
            return values
        below = environment.merged(layered, self.settings.environment, {})
        context = self._context(below.environ)
        for name in expressions:
            rendered = self._rendered(SET + name, context)
            values[name] = rendered if rendered is not None else ""
            if "\0" in values[name]:
                self.outputs.refuse(
                    "value-refused",
                    SET + name,
                    "renders a NUL, which is not allowed in the environment",
                )
        return values

    def templates(self, texts: Sequence[TemplateText], environ: Mapping[str, str]) -> None:
        """Note a target for each template."""
        if not texts:
            return
        context = self._context(environ)
        for text in texts:
            rendered = self._rendered(text.name, context)
            if rendered is None:
                continue
            content = rendered.encode("utf-8", "surrogateescape")
            self.outputs.add(
                text, text.target, content, kind=TEMPLATE, name=text.name, check=text.check
            )

    def _is_prepared(self, name: str) -> bool:
        return self.prepared is not None and name in self.prepared.sources

    def _rendered(self, name: str, context: Mapping[str, object]) -> str | None:
        from cycle_exec.planning.templates import jinja

        assert self.prepared is not None
        try:
            return jinja.render(self.prepared, name, context)
        except Refused as refused:
            self.outputs.problems.extend(refused.problems)
            return None


def _certificates(
    outputs: Outputs, settings: Settings, snapshot: Snapshot, inputs: Inputs, crypto: Crypto
) -> tuple[dict[str, Usable], list[str]]:
    """Return the usable certificate of each domain, key and leaf matched, and what to warn of."""
    if snapshot.certificates is None:
        return {}, []
    prepared = inputs.prepared
    if settings.certificates is None and not (prepared and "certificates" in prepared.used):
        return {}, []
    from cycle_exec.planning.certificates import selection
    from cycle_exec.settings.model import CertificateRequest

    request = settings.certificates or CertificateRequest()
    chosen, problems, warnings = selection.choose(
        snapshot.certificates, request, now=inputs.now, mismatch=crypto.mismatch
    )
    outputs.problems.extend(problems)
    return chosen, warnings


def _certificate_files(
    outputs: Outputs, request: CertificateRequest, chosen: Mapping[str, Usable]
) -> None:
    from cycle_exec.planning.certificates.selection import pem_files

    for domain, usable in chosen.items():
        for member, text in pem_files(usable, request.formats):
            _certificate_file(outputs, request, domain, member, text.encode())


def _keystores(
    outputs: Outputs,
    settings: Settings,
    snapshot: Snapshot,
    chosen: Mapping[str, Usable],
    crypto: Crypto,
) -> None:
    from cycle_exec.planning.certificates import keystores

    request = settings.certificates
    assert request is not None
    password = keystores.password(settings, snapshot, request)
    problem = keystores.unfit(request, password)
    if problem is not None:
        outputs.problems.append(problem)
        return
    for domain, usable in chosen.items():
        content = keystores.content(crypto.keystore, request, domain, usable, password)
        if isinstance(content, bytes):
            _certificate_file(outputs, request, domain, keystores.FILE, content)
        else:
            outputs.problems.append(content)


def _certificate_file(
    outputs: Outputs, request: CertificateRequest, domain: str, member: str, content: bytes
) -> None:
    from cycle_exec.planning.certificates.selection import folder

    place = folder(request, domain)
    directory, _, below = place.rpartition("/")
    outputs.add(
        request,
        f"{place}/{member}",
        content,
        kind=CERTIFICATE,
        name=domain,
        directory=directory,
        domain=below,
        member=member,
    )


def _distinct(chosen: Mapping[str, Usable]) -> list[CertificateSummary]:
    found: list[CertificateSummary] = []
    for usable in chosen.values():
        if usable.summary not in found:
            found.append(usable.summary)
    return found
