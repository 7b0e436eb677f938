"""Settings, inherited environment and answers become one plan, or all that is wrong with them."""

from __future__ import annotations

from cycle_exec.planning import environment
from cycle_exec.planning.model import LAST_GOOD, Extension, Plan
from cycle_exec.planning.outputs import Outputs
from cycle_exec.settings.model import STALE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cycle_exec.planning.certificates.judgement import Usable
    from cycle_exec.planning.model import (
        Awaited,
        CertificateSummary,
        Crypto,
        FileVariable,
        FileWrite,
        Inputs,
    )
    from cycle_exec.planning.templates.rendering import Rendering
    from cycle_exec.settings.model import Settings
    from cycle_exec.sources.model import Snapshot


def build(
    settings: Settings,
    snapshot: Snapshot,
    inputs: Inputs,
    crypto: Crypto | None,
    extend: Callable[[Sequence[FileWrite]], Extension] | None = None,
) -> Plan:
    """Make the plan of a run.

    crypto: None where there are no certificates. extend: what has to see every other target before
    it can say what it adds. Raises Refused with every problem of the stage.
    """
    layered = environment.layers(settings, snapshot, inputs)
    outputs = Outputs(inputs.owners)
    outputs.problems.extend(layered.problems)
    snapshot, stored, notes = _beside(outputs, settings, snapshot, inputs)
    places = {variable.name: variable.path for variable in stored if variable.used}
    chosen, warnings = _certificates(outputs, settings, snapshot, inputs, crypto)
    rendering, literal = None, settings.environment.set
    if inputs.prepared is not None:
        from cycle_exec.planning.templates.rendering import Rendering

        rendering = Rendering(settings, snapshot, inputs, chosen, outputs, places)
        literal = rendering.literals(layered)
    merged = environment.merged(layered, settings.environment, literal)
    outputs.problems.extend(environment.missing(settings, merged.environ, snapshot))
    if rendering is not None:
        rendering.templates(inputs.texts, merged.environ)
        warnings = [*warnings, *rendering.warnings]
    waits = _waits(settings, rendering, outputs, snapshot)
    if crypto and (request := settings.certificates) is not None and request.directory:
        from cycle_exec.planning.certificates import targets

        targets.add_to(outputs, request, settings, snapshot, chosen, crypto)
    if _has_value_files(settings):
        from cycle_exec.planning.files import value_files

        value_files.add_to(outputs, settings, snapshot, merged, inputs.inherited, places)
    outputs.require_good()
    extension = extend(outputs.writes) if extend is not None else Extension()
    outputs.writes.extend(extension.writes)
    outputs.require_good()
    if snapshot.stale is not None and settings.last_good is not None:
        merged.environ[STALE] = str(snapshot.stale)
        merged.sources[STALE] = LAST_GOOD
        of = f"{snapshot.stale} s old ({settings.last_good.path})"
        warnings = [f"the API is unavailable: this is the last good copy, {of}", *warnings]
    return Plan(
        environ=merged.environ,
        sources=merged.sources,
        overrides=merged.overrides,
        writes=outputs.placed(),
        certificates=_summaries(chosen),
        warnings=(*warnings, *extension.warnings),
        notes=(*layered.notes, *notes),
        stale=snapshot.stale,
        waits=waits,
        offline=snapshot.offline,
        file_variables=stored,
    )


def _waits(
    settings: Settings, rendering: Rendering | None, outputs: Outputs, snapshot: Snapshot
) -> tuple[Awaited, ...]:
    if not settings.wait:
        return ()
    from cycle_exec.planning import waits

    return waits.planned(settings.wait, rendering, outputs, offline=snapshot.offline)


def _has_value_files(settings: Settings) -> bool:
    """Whether a value goes to a file as it is: of a variable, an integration, or dotenv."""
    return bool(
        settings.dotenv is not None
        or settings.variables.files
        or any(integration.files for integration in settings.integrations)
    )


def _beside(
    outputs: Outputs, settings: Settings, snapshot: Snapshot, inputs: Inputs
) -> tuple[Snapshot, tuple[FileVariable, ...], tuple[str, ...]]:
    """Return the answers with all variables that templates and files have, and the environment has
    not; which of them are files, and what is to be said of others. Raise Refused.
    """
    if snapshot.offline:
        from cycle_exec.planning import local_variables

        snapshot = snapshot.replace(variables=local_variables.found(settings, inputs))
    if not (snapshot.files.values or snapshot.files.unfit):
        return snapshot, (), ()
    from cycle_exec.planning import variable_files

    outputs.problems.extend(variable_files.problems(settings, snapshot, inputs.prepared))
    # A template would only say that they are not defined.
    outputs.require_good()
    stored = variable_files.described(settings, snapshot)
    return variable_files.joined(snapshot), stored, variable_files.notes(settings, snapshot)


def _summaries(chosen: Mapping[str, Usable]) -> tuple[CertificateSummary, ...]:
    """Return what is to be said of each certificate, once, also of those with a further key."""
    every = (one for usable in chosen.values() for one in usable.every)
    return tuple(dict.fromkeys(one.summary for one in every))


def _certificates(
    outputs: Outputs,
    settings: Settings,
    snapshot: Snapshot,
    inputs: Inputs,
    crypto: Crypto | None,
) -> tuple[dict[str, Usable], list[str]]:
    """Return the usable certificate of each domain, key and leaf matched, and what to warn of."""
    if snapshot.certificates is None or snapshot.offline or crypto is None:
        return {}, []
    prepared = inputs.prepared
    if settings.certificates is None and not (prepared and "certificates" in prepared.used):
        return {}, []
    from cycle_exec.planning.certificates import selection
    from cycle_exec.settings.model import CertificateRequest

    request = settings.certificates or CertificateRequest()
    chosen, problems, warnings = selection.choose(
        snapshot.certificates,
        request,
        now=inputs.now,
        mismatch=crypto.mismatch,
        refusal=crypto.refusal,
    )
    outputs.problems.extend(problems)
    return chosen, warnings
