"""What templates and files find as scoped variables where the platform is not asked."""

from __future__ import annotations

from cycle_exec.planning import bindings, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.planning.model import Inputs
    from cycle_exec.settings.model import Settings


def found(settings: Settings, inputs: Inputs) -> dict[str, str]:
    """Return by identifier what the dotenv files and the inherited environment have: as people
    give values by hand, under the names that the app reads.

    Without what would not be a scoped variable either: CYCLE_*, PATH and the like.
    """
    rules, inherited = settings.variables, inputs.inherited
    values: dict[str, str] = {}
    for _, content in inputs.dotenv_files:
        values.update(content)
    if not settings.environment.pristine:
        values.update(inherited)
    else:
        kept = bindings.kept_names(settings.environment, inherited)
        values.update({name: inherited[name] for name in kept})
    values = {
        name: value
        for name, value in values.items()
        if not names.is_platform(name)
        and (not names.is_dangerous(name) or names.matches_any(name, rules.allow))
    }
    for name in list(values):
        if rules.prefix and name.startswith(rules.prefix):
            values.setdefault(name.removeprefix(rules.prefix), values[name])
    in_files = (file.variable for file in rules.files)
    for identifier in {*rules.rename, *rules.required, *rules.defaults, *in_files}:
        exported = bindings.exported_name(rules, identifier)
        if exported in values:
            values.setdefault(identifier, values[exported])
    return values
