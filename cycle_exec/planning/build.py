"""Settings, inherited environment and answers become one plan, or all that is wrong with them."""

from __future__ import annotations

from cycle_exec.errors import Refused
from cycle_exec.planning import environment
from cycle_exec.planning.files import value_files
from cycle_exec.planning.files.value_files import Outputs
from cycle_exec.planning.model import SET, FileWrite, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cycle_exec.planning.certificates.keystores import Keystore
    from cycle_exec.planning.certificates.selection import Usable
    from cycle_exec.planning.environment import Layers
    from cycle_exec.planning.model import CertificateSummary, TemplateText
    from cycle_exec.planning.templates.jinja import Prepared
    from cycle_exec.settings.model import CertificateRequest, Settings
    from cycle_exec.sources.model import Snapshot


def build(
    settings: Settings,
    inherited: Mapping[str, str],
    snapshot: Snapshot,
    *,
    texts: Sequence[TemplateText] = (),
    dotenv_files: Sequence[tuple[str, Mapping[str, str]]] = (),
    prepared: Prepared | None = None,
    metadata: object = None,
    home: str = "",
    now: float,
    mismatch: Callable[[str, str], str | None],
    keystore: Keystore,
) -> Plan:
    """The plan of a run.

    prepared: every template and every expression of environment.set.
    metadata: the platform's metadata file, decoded, or the Problem of it.
    home: see environment.layers. now: seconds since the epoch.
    mismatch: (key, full chain) -> why they do not fit, or None.
    keystore: see keystores.Keystore; not called unless the settings ask for one.
    Raises Refused with every problem of the stage.
    """
    layered = environment.layers(settings, inherited, snapshot, dotenv_files, home)
    gathered = Outputs()
    gathered.problems.extend(layered.problems)
    chosen, warnings = _certificates(gathered, settings, snapshot, prepared, now, mismatch)
    rendering = _Rendering(settings, snapshot, prepared, chosen, metadata, gathered)
    literal = rendering.literals(layered)
    merged = environment.merged(layered, settings.environment, literal)
    gathered.problems.extend(environment.missing(settings, merged.environ, snapshot))
    rendering.templates(texts, merged.environ)
    if settings.certificates is not None and settings.certificates.directory:
        _certificate_files(gathered, settings.certificates, chosen)
        if "pkcs12" in settings.certificates.formats:
            _keystores(gathered, settings, snapshot, chosen, keystore)
    value_files.variable_files(gathered, settings, snapshot)
    value_files.integration_files(gathered, settings, snapshot)
    if settings.dotenv is not None:
        value_files.dotenv_file(gathered, settings.dotenv, value_files.exported(merged))
    problems = [*gathered.problems, *gathered.twice()]
    if problems:
        raise Refused(problems)
    return Plan(
        environ=merged.environ,
        sources=merged.sources,
        overrides=merged.overrides,
        writes=tuple(gathered.writes),
        certificates=tuple(_distinct(chosen)),
        warnings=tuple(warnings),
        notes=layered.notes,
    )


class _Rendering:
    """Templates and expressions over one context."""

    def __init__(
        self,
        settings: Settings,
        snapshot: Snapshot,
        prepared: Prepared | None,
        certificates: Mapping[str, Usable],
        metadata: object,
        gathered: Outputs,
    ) -> None:
        self.settings = settings
        self.snapshot = snapshot
        self.prepared = prepared
        self.certificates = certificates
        self.metadata = metadata
        self.gathered = gathered

    def _context(self, environ: Mapping[str, str]) -> dict[str, object]:
        from cycle_exec.planning.templates import context as contexts
        from cycle_exec.planning.templates.jinja import Unusable

        assert self.prepared is not None
        found = contexts.context(
            self.settings,
            self.snapshot,
            used=self.prepared.used,
            environ=environ,
            certificates=self.certificates,
            metadata=self.metadata,
        )
        for name, problem in contexts.unusable(self.snapshot, self.metadata).items():
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
                self.gathered.refuse(
                    "value-refused", SET + name, "renders a NUL, which no environment can carry"
                )
        return values

    def templates(self, texts: Sequence[TemplateText], environ: Mapping[str, str]) -> None:
        """A target for each template."""
        if not texts:
            return
        context = self._context(environ)
        for text in texts:
            rendered = self._rendered(text.name, context)
            if rendered is None:
                continue
            self.gathered.writes.append(
                FileWrite(
                    path=text.target,
                    content=rendered.encode("utf-8", "surrogateescape"),
                    mode=text.mode,
                    owner=text.owner,
                    origin=f"template {text.name}",
                    check=text.check,
                    on_change=text.on_change,
                )
            )

    def _is_prepared(self, name: str) -> bool:
        return self.prepared is not None and name in self.prepared.sources

    def _rendered(self, name: str, context: Mapping[str, object]) -> str | None:
        from cycle_exec.planning.templates import jinja

        assert self.prepared is not None
        try:
            return jinja.render(self.prepared, name, context)
        except Refused as refused:
            self.gathered.problems.extend(refused.problems)
            return None


def _certificates(
    gathered: Outputs,
    settings: Settings,
    snapshot: Snapshot,
    prepared: Prepared | None,
    now: float,
    mismatch: Callable[[str, str], str | None],
) -> tuple[dict[str, Usable], list[str]]:
    """The usable certificate of each domain, key and leaf matched, and what to warn of."""
    if snapshot.certificates is None:
        return {}, []
    if settings.certificates is None and not (prepared and "certificates" in prepared.used):
        return {}, []
    from cycle_exec.planning.certificates import selection
    from cycle_exec.settings.model import CertificateRequest

    request = settings.certificates or CertificateRequest()
    chosen, problems, warnings = selection.choose(
        snapshot.certificates, request, now=now, mismatch=mismatch
    )
    gathered.problems.extend(problems)
    return chosen, warnings


def _certificate_files(
    gathered: Outputs, request: CertificateRequest, chosen: Mapping[str, Usable]
) -> None:
    from cycle_exec.planning.certificates.selection import pem_files

    for domain, usable in chosen.items():
        for name, text in pem_files(usable, request.formats):
            gathered.writes.append(_certificate_file(request, domain, name, text.encode()))


def _keystores(
    gathered: Outputs,
    settings: Settings,
    snapshot: Snapshot,
    chosen: Mapping[str, Usable],
    make: Keystore,
) -> None:
    from cycle_exec.planning.certificates import keystores

    request = settings.certificates
    assert request is not None
    password = keystores.password(settings, snapshot, request)
    problem = keystores.unfit(request, password)
    if problem is not None:
        gathered.problems.append(problem)
        return
    for domain, usable in chosen.items():
        write = _certificate_file(request, domain, keystores.FILE, b"")
        content = keystores.content(make, write.path, domain, usable, password)
        if isinstance(content, bytes):
            gathered.writes.append(write.replace(content=content))
        else:
            gathered.problems.append(content)


def _certificate_file(
    request: CertificateRequest, domain: str, name: str, content: bytes
) -> FileWrite:
    from cycle_exec.planning.certificates.selection import directory_name

    directory = request.directory.rstrip("/")
    return FileWrite(
        path=f"{directory}/{directory_name(domain)}/{name}",
        content=content,
        mode=request.mode,
        owner=request.owner,
        origin=f"certificate {domain}",
        folder_from_data=True,
        generation=directory,
        on_change=request.on_change,
    )


def _distinct(chosen: Mapping[str, Usable]) -> list[CertificateSummary]:
    found: list[CertificateSummary] = []
    for usable in chosen.values():
        if usable.summary not in found:
            found.append(usable.summary)
    return found
