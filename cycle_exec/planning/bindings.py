"""Who decides each variable: layers in order of precedence, what hides what, and why.

Lowest first: dotenv files, manifest defaults, the inherited environment, integrations, scoped
variables, environment.set. With precedence "inherited", and for preserved names, the inherited
value is laid on top again.
"""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.planning import names
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from cycle_exec.settings.model import EnvironmentRules, IntegrationRequest, Variables
    from cycle_exec.sources.model import Integration

# execve(2): MAX_ARG_STRLEN is 131,072 bytes with the closing NUL.
LARGEST_STRING = 131_071


class Layer(Record):
    """Variables of one source and, for each, words for where it comes from.

    origin: the words for names that `origins` does not hold; it holds none but names of values.
    plain: whether the names are known to be as `names.all_plain` wants them.
    """

    _redacted = ("values",)

    values: Mapping[str, str]
    origin: str = ""
    origins: Mapping[str, str] = {}
    plain: bool = False

    def where(self, name: str) -> str:
        """Where this layer has the name from."""
        return self.origins.get(name, self.origin)


class Collector:
    """Gathers one layer, its notes and its problems; two sources of one name are a problem."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.origins: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.plain = False

    def add(self, name: str, value: str, origin: str) -> None:
        """Bind a name, or note that it is taken already."""
        if name in self.values:
            reason = f"both {self.origins[name]} and {origin} produce this name"
            self.problems.append(Problem("name-collision", f"variable {name}", reason))
            return
        self.values[name] = value
        self.origins[name] = origin

    def layer(self) -> Layer:
        """Return what was gathered."""
        return Layer(values=self.values, origins=self.origins, plain=self.plain)


def variables_layer(rules: Variables, fetched: Mapping[str, str]) -> Collector:
    """Scoped variables under their final names: chosen, renamed, prefixed, or sent to files."""
    gathered = Collector()
    if _as_they_are(rules) and names.all_plain(fetched):
        gathered.values.update(fetched)
        gathered.origins.update({name: f"scoped variable {name}" for name in fetched})
        gathered.plain = True
        return gathered
    in_files = {file.variable: file for file in rules.files}
    for identifier, value in fetched.items():
        if identifier in in_files or not _chosen(rules, identifier):
            continue
        if not value and identifier in rules.defaults:
            continue
        name = rules.rename.get(identifier)
        if name is None:
            name = names.mapped(identifier)
            if not name:
                reason = "it cannot be converted to a variable name"
                fix = "rename it with [variables] rename, or exclude it"
                subject = f"scoped variable {identifier}"
                gathered.problems.append(Problem("name-refused", subject, reason, fix))
                continue
            name = rules.prefix + name
            if name != identifier:
                gathered.notes.append(f"scoped variable {identifier} is exported as {name}")
        gathered.add(name, value, f"scoped variable {identifier}")
    for file in rules.files:
        name = exported_name(rules, file.variable) + "_FILE"
        gathered.add(name, file.target, f"file of scoped variable {file.variable}")
    return gathered


def exported_name(rules: Variables, identifier: str) -> str:
    """Return the name that a scoped variable has in the environment, if it is exported."""
    return rules.rename.get(identifier, rules.prefix + names.mapped(identifier))


def names_in_files(rules: Variables) -> frozenset[str]:
    """Return the names that variables in files would have if they were exported."""
    return frozenset(exported_name(rules, file.variable) for file in rules.files)


def _as_they_are(rules: Variables) -> bool:
    return not (
        rules.only or rules.exclude or rules.defaults or rules.rename or rules.prefix or rules.files
    )


def _chosen(rules: Variables, identifier: str) -> bool:
    if rules.only and not names.matches_any(identifier, rules.only):
        return False
    return not (rules.exclude and names.matches_any(identifier, rules.exclude))


def defaults_layer(rules: Variables, kept_out: Mapping[str, str] = {}) -> Layer:
    """Return the manifest's defaults, under the names their variables would have.

    kept_out: values that are not missing, but no business of the environment.
    """
    in_files = {file.variable for file in rules.files}
    in_files.update(identifier for identifier, value in kept_out.items() if value)
    values = {
        exported_name(rules, identifier): value
        for identifier, value in rules.defaults.items()
        if identifier not in in_files
    }
    return Layer(values=values, origin="default of the manifest")


def integrations_layer(
    requests: Iterable[IntegrationRequest], answers: Mapping[str, Integration | None]
) -> Collector:
    """Fields of integrations, by prefix or by name."""
    gathered = Collector()
    for request in requests:
        answer = answers.get(request.name)
        if answer is None:
            continue
        if request.prefix:
            for field, value in answer.fields.items():
                name = names.mapped(f"{request.prefix}_{field.partition('.')[2]}").upper()
                gathered.add(name, value, f"integration {request.name}: {field}")
        for name, field in request.env.items():
            found = answer.fields.get(field)
            if found is None:
                gathered.problems.append(missing_field(request, answer, field))
            else:
                gathered.add(name, found, f"integration {request.name}: {field}")
    return gathered


def missing_field(request: IntegrationRequest, answer: Integration, field: str) -> Problem:
    """Return the problem of a field that the manifest names and the integration does not have."""
    known = ", ".join(sorted(answer.fields)) or "none"
    return Problem(
        kind="variable-missing",
        subject=f"integration {request.name}",
        reason=f"{field} is not set, its fields are: {known}",
        fix="use one of these fields, or set the field in the portal",
    )


def refused_names(
    layer: Layer, allowed: Collection[str], kept: Collection[str]
) -> Iterable[Problem]:
    """Problems of fetched names and values. kept: names whose inherited value wins anyway."""
    if (layer.plain or names.all_plain(layer.values)) and _all_carried(layer.values):
        return
    for name, value in layer.values.items():
        if not names.is_valid(name):
            reason = "this is not a name that every shell accepts"
        elif name in kept:
            continue
        elif names.is_platform(name):
            reason = f"{layer.where(name)} may not override it: CYCLE_* belongs to the platform"
        elif names.is_dangerous(name) and not names.matches_any(name, allowed):
            reason = f"{layer.where(name)} may not set it: it changes how programs run"
        else:
            yield from _refused_value(layer, name, value)
            continue
        fix = "rename or exclude it" if names.is_platform(name) else ""
        yield Problem(kind="name-refused", subject=f"variable {name}", reason=reason, fix=fix)


def _all_carried(values: Mapping[str, str]) -> bool:
    """Whether every value is far from being refused: the cheap half of `_refused_value`."""
    longest = max(map(len, values.values()), default=0) + max(map(len, values), default=0)
    return longest * 4 < LARGEST_STRING and "\0" not in "".join(values.values())


def _refused_value(layer: Layer, name: str, value: str) -> Iterable[Problem]:
    if "\0" in value:
        yield Problem(
            kind="value-refused",
            subject=f"variable {name}",
            reason=f"{layer.where(name)} contains a NUL, which is not allowed in the environment",
            fix="write it to a file with [variables.files], or correct it in the portal",
        )
    # Four bytes a character at most: the exact size is only counted when it could matter.
    if (len(name) + len(value)) * 4 >= LARGEST_STRING:
        size = len(name) + 1 + len(value.encode("utf-8", "surrogateescape"))
        if size > LARGEST_STRING:
            yield Problem(
                kind="value-too-large",
                subject=f"variable {name}",
                reason=f"it has {size} bytes with its name, at most {LARGEST_STRING} are allowed",
            )


class Merged(Record):
    """One environment, with provenance."""

    _redacted = ("environ",)

    environ: dict[str, str]
    sources: dict[str, str]
    overrides: dict[str, tuple[str, ...]]


def kept_names(rules: EnvironmentRules, inherited: Mapping[str, str]) -> frozenset[str]:
    """Return the names whose inherited value wins over everything."""
    if rules.precedence == "inherited" or "*" in rules.preserve:
        return frozenset(inherited)
    return frozenset(rules.preserve).intersection(inherited)


def merge(layers: Iterable[Layer]) -> Merged:
    """Lay the layers on each other, lowest first."""
    environ: dict[str, str] = {}
    sources: dict[str, str] = {}
    overrides: dict[str, tuple[str, ...]] = {}
    for layer in layers:
        for name in layer.values.keys() & environ.keys():
            if sources[name] != layer.where(name):
                overrides[name] = (*overrides.get(name, ()), sources[name])
        environ.update(layer.values)
        sources.update(dict.fromkeys(layer.values, layer.origin))
        sources.update(layer.origins)
    return Merged(environ=environ, sources=sources, overrides=overrides)
