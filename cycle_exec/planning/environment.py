"""The app's environment, from every source, with provenance."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning import bindings
from cycle_exec.planning.bindings import Layer
from cycle_exec.planning.model import INHERITED
from cycle_exec.record import Record
from cycle_exec.settings.model import STALE, TOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from cycle_exec.planning.bindings import Merged
    from cycle_exec.planning.model import Inputs
    from cycle_exec.settings.model import EnvironmentRules, Settings
    from cycle_exec.sources.model import Snapshot


# What is missing where the platform is not asked.
BY_HAND = "set it in the environment or in an --env-file, or give it a default in the manifest"


class Layers(Record):
    """The layers of an environment, lowest first, before environment.set is known."""

    below: tuple[Layer, ...]
    kept: Layer
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def layers(settings: Settings, snapshot: Snapshot, inputs: Inputs) -> Layers:
    """Every source as a layer; names and values that may not be are problems."""
    inherited, home = inputs.inherited, inputs.home
    # Of a variable in a file the app has the path alone: official images refuse both.
    in_files = bindings.names_in_files(settings.variables).difference(settings.environment.preserve)
    kept = bindings.kept_names(settings.environment, inherited) - in_files
    integrations = bindings.integrations_layer(settings.integrations, snapshot.integrations)
    variables = bindings.variables_layer(settings.variables, snapshot.variables)
    problems = [*integrations.problems, *variables.problems]
    allowed = settings.variables.allow
    for gathered in (integrations, variables):
        problems.extend(bindings.refused_names(gathered.layer(), allowed, kept))
    passed = {} if settings.environment.pristine else inherited
    below = (
        *(
            Layer(values=_without(values, in_files), origin=f"dotenv file {path}")
            for path, values in inputs.dotenv_files
        ),
        bindings.defaults_layer(settings.variables, _given(settings, snapshot, inputs)),
        Layer(
            values=_without(passed, in_files.union(kept)),
            origin=INHERITED,
        ),
        *((Layer(values={"HOME": home}, origin="process.user"),) if home else ()),
        integrations.layer(),
        variables.layer(),
    )
    return Layers(
        below=below,
        kept=Layer(values={name: inherited[name] for name in kept}, origin=INHERITED),
        problems=tuple(problems),
        notes=(*integrations.notes, *variables.notes),
    )


def _given(settings: Settings, snapshot: Snapshot, inputs: Inputs) -> Mapping[str, str]:
    """Return by identifier what needs no default, although no layer above that of defaults has it:
    variables in files, and without the platform what the dotenv files say in its place.
    """
    if not snapshot.offline:
        return snapshot.files.values
    rules = settings.variables
    found = dict(snapshot.files.values)
    for _, values in inputs.dotenv_files:
        for identifier in rules.defaults:
            name = bindings.exported_name(rules, identifier)
            found[identifier] = values.get(name) or found.get(identifier, "")
    return found


def _without(values: Mapping[str, str], names: Collection[str]) -> Mapping[str, str]:
    if not names:
        return values
    return {name: value for name, value in values.items() if name not in names}


def early(settings: Settings, snapshot: Snapshot, inputs: Inputs) -> dict[str, str]:
    """Return what the environment will hold as far as integrations and templates do not matter, by
    name; the names of environment.unset among it. What is made by a template is not there.
    """
    layered = layers(settings.replace(integrations=()), snapshot, inputs)
    literal = settings.environment.set
    rules = settings.environment.replace(unset=())
    values = merged(layered, rules, literal).environ
    made = [name for name, value in literal.items() if "{{" in value or "{%" in value]
    return {name: value for name, value in values.items() if name not in made}


def merged(layered: Layers, rules: EnvironmentRules, literal: Mapping[str, str]) -> Merged:
    """Return the environment with environment.set laid on it, and without what must not be there.

    literal: environment.set, rendered.
    """
    together = bindings.merge(
        (*layered.below, Layer(values=literal, origin="environment.set"), layered.kept)
    )
    gone = [name for name in (*rules.unset, STALE) if name not in literal]
    if not rules.keep_token and TOKEN not in literal:
        gone.append(TOKEN)
    for name in gone:
        together.environ.pop(name, None)
        together.sources.pop(name, None)
        together.overrides.pop(name, None)
    return together


def missing(settings: Settings, environ: Mapping[str, str], snapshot: Snapshot) -> list[Problem]:
    """Return the problem of required variables that are missing or empty: one, with all the names.

    A required name is an identifier of the API or a name in the final environment.
    """
    rules = settings.variables
    absent = [
        name
        for name in rules.required
        if not (
            environ.get(name)
            or snapshot.variables.get(name)
            or snapshot.files.values.get(name)
            or rules.defaults.get(name)
        )
    ]
    if not absent:
        return []
    subject, reason = "required variables", "are missing or empty"
    if len(absent) == 1:
        subject, reason = "variable", "is required but missing or empty"
    subject += f" {', '.join(sorted(absent))}"
    fix = BY_HAND if snapshot.offline else ""
    return [Problem("variable-missing", subject, reason, fix)]
