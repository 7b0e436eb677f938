"""What can be known of a manifest and its templates without the platform."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.launching import pipeline, preflight
from cycle_exec.launching.local import manifest as local_manifest
from cycle_exec.record import Record
from cycle_exec.settings import limits
from cycle_exec.settings.model import Settings
from cycle_exec.sources import needs
from cycle_exec.system import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cycle_exec.planning.model import TemplateText
    from cycle_exec.planning.templates.parts import Library
    from cycle_exec.settings.model import Manifest

# What templates find beside what is fetched.
NAMES = frozenset(("env", "variables", "integrations")) | needs.FETCHED_NAMES


class Checked(Record):
    """A manifest that is good, as far as one can tell. content: its bytes.

    sources: the text of each template, and of each expression of environment.set. library: the
    files that they are made of.
    """

    path: str
    content: bytes
    manifest: Manifest
    texts: tuple[TemplateText, ...]
    sources: Mapping[str, str]
    library: Library | None


def checked(path: str) -> Checked:
    """Read the manifest of this path and all that it names. Raise Refused with every problem."""
    try:
        content = files.read(path)
    except files.Unreadable as error:
        fix = "give the path of the file, or create one with cycle-exec manifest new"
        raise Refused([Problem("manifest-missing", path, error.reason, fix)]) from None
    manifest = local_manifest.parsed(path, content)
    problems: list[Problem] = []
    texts = preflight.texts(manifest.templates, problems)
    library = preflight.library(texts)
    sources = pipeline.expressions(manifest, texts)
    problems += preflight.overwritten(texts)
    problems += _targets(manifest, texts)
    problems += limits.impossible(manifest.process.limits)
    problems += _templates(sources, library)
    if problems:
        raise Refused(problems)
    return Checked(
        path=path,
        content=content,
        manifest=manifest,
        texts=tuple(texts),
        sources=sources,
        library=library,
    )


def _templates(sources: Mapping[str, str], library: Library | None) -> Iterator[Problem]:
    """Syntax, filters, tests and names."""
    from cycle_exec.planning.programs import generation
    from cycle_exec.planning.templates.jinja import compiling

    for name, text in sources.items():
        try:
            compiling.compiled({name: text}, set(), library)
        except Refused as refused:
            yield from refused.problems
        else:
            yield from generation.unknown_names(name, text, NAMES, library)


def _targets(manifest: Manifest, texts: Sequence[TemplateText]) -> Iterator[Problem]:
    """Targets that cannot be meant: of templates, and those that are one place."""
    places: dict[str, str] = {}
    settings = Settings(**manifest.__dict__)
    for target in preflight.targets(settings, texts) + preflight.directories(settings):
        if "{{" in target or "{%" in target:
            reason = "it has {{ or {%, but targets are not rendered"
            yield Problem("target-refused", target, reason, "write the path itself")
            continue
        place = files.real(target)
        if place in places and places[place] != target:
            reason = f"it is the same place as {places[place]}"
            yield Problem("target-refused", target, reason, "give one of them another target")
        places.setdefault(place, target)
