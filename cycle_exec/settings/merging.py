"""Lists of flags and variables, laid over those of the manifest entry by entry."""

from __future__ import annotations

import posixpath

from cycle_exec.settings import rules
from cycle_exec.settings.model import (
    BUILTIN,
    UNLIMITED,
    IntegrationRequest,
    Limit,
    TemplateOutput,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    # What is said of an option: origin and raw text, the farthest first.
    Entries = Sequence[tuple[str, str]]
    Refuse = Callable[[str, str], None]


def integrations(
    entries: Entries, base: tuple[IntegrationRequest, ...], refuse: Refuse
) -> tuple[IntegrationRequest, ...]:
    """By identifier; a prefix that is given replaces the manifest's, the rest of it stays."""
    merged = {(request.identifier, request.vendor): request for request in base}
    known = {request.identifier: request.vendor for request in base}
    seen: dict[tuple[str, str], str] = {}
    for origin, entry in entries:
        identifier, equals, prefix = entry.partition("=")
        if not identifier:
            refuse(origin, "expects ID or ID=PREFIX, the identifier is empty")
        elif equals and not rules.is_name(prefix):
            refuse(origin, f"expects ID=PREFIX, the prefix {rules.NAME.expected}")
        elif ("", identifier) in merged:
            refuse(origin, "names what the manifest asks for as a vendor")
        elif seen.setdefault((origin, identifier), prefix) != prefix:
            refuse(origin, "has one identifier twice with different prefixes")
        else:
            place = (identifier, known.get(identifier, ""))
            found = merged.get(place, IntegrationRequest(identifier=identifier))
            merged[place] = found.replace(prefix=prefix) if equals else found
    return tuple(merged.values())


def templates(
    entries: Entries, base: tuple[TemplateOutput, ...], refuse: Refuse
) -> tuple[TemplateOutput, ...]:
    """By target; a source that is given replaces the manifest's, mode, owner and check stay."""
    merged = {same_target(output.target): output for output in base}
    seen: dict[tuple[str, str], str] = {}
    for origin, entry in entries:
        source, target = _template(entry)
        place = same_target(target)
        if source in ("", BUILTIN) or not target:
            refuse(origin, "expects SRC:DEST, neither of them empty")
        elif not rules.TARGET.accepts(target):
            refuse(origin, f"expects SRC:DEST, DEST {rules.TARGET.expected}")
        elif seen.setdefault((origin, place), source) != source:
            refuse(origin, "has one DEST twice with different sources")
        elif place in merged:
            merged[place] = merged[place].replace(source=source)
        else:
            merged[place] = TemplateOutput(source=source, target=target)
    return tuple(merged.values())


def signal_map(entries: Entries, base: Mapping[str, str], refuse: Refuse) -> Mapping[str, str]:
    """By the signal that comes; the nearest entry for it counts."""
    merged = dict(base)
    for origin, entry in entries:
        came, _, passed_on = entry.partition(":")
        if rules.SIGNAL.accepts(came) and rules.SIGNAL_OR_NONE.accepts(passed_on):
            merged[rules.bare(came)] = rules.bare(passed_on)
        else:
            refuse(origin, "expects FROM:TO, names or numbers of signals, TO may be NONE")
    return merged


def limits(entries: Entries, base: Mapping[str, Limit], refuse: Refuse) -> Mapping[str, Limit]:
    """By name; the nearest entry for a limit counts."""
    merged = dict(base)
    for origin, entry in entries:
        name, _, amounts = entry.partition("=")
        words = amounts.split(":")
        soft, hard = _amount(words[0]), _amount(words[-1])
        if not rules.LIMIT.accepts(name):
            refuse(origin, f"expects NAME=SOFT[:HARD], NAME {rules.LIMIT.expected}")
        elif soft is None or hard is None or len(words) > 2:
            refuse(origin, "expects NAME=SOFT[:HARD], whole numbers or unlimited")
        else:
            merged[name] = Limit(soft=soft, hard=hard if len(words) == 2 else None)
    return merged


# By the option's name.
MERGES: dict[str, Callable[[Entries, Any, Refuse], object]] = {
    "integration": integrations,
    "template": templates,
    "signal-map": signal_map,
    "limit": limits,
}


def same_target(path: str) -> str:
    """One spelling for all spellings of a path."""
    return posixpath.normpath("/" + path.strip("/"))


def _template(entry: str) -> tuple[str, str]:
    """SRC and DEST, separated by the first colon; the one of `builtin:` belongs to SRC."""
    scheme = BUILTIN if entry.startswith(BUILTIN) else ""
    source, _, target = entry.removeprefix(scheme).partition(":")
    return scheme + source, target


def _amount(text: str) -> int | None:
    """Return the number; None if it is none, or more than 18 digits long."""
    if text == "unlimited":
        return UNLIMITED
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
