"""Flag over variable over manifest over default, and where each setting comes from.

Both parsers of the command line hand on raw text; every judgement of a value is made here.
"""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.settings.model import (
    DEFAULT_MANIFEST,
    NEVER,
    STALE,
    CertificateRequest,
    Manifest,
    Settings,
    Vpn,
)
from cycle_exec.settings.options import BY_NAME, OPTIONS, PREFIX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cycle_exec.settings.merging import Entries, Refuse
    from cycle_exec.settings.model import Invocation
    from cycle_exec.settings.options import Option, Overrides

_SWITCH_WORDS = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
# Sections that a manifest may leave out, and that an option of theirs turns on.
_TURNED_ON = {"certificates": CertificateRequest(), "vpn": Vpn()}


def manifest_path(invocation: Invocation, overrides: Overrides) -> tuple[str, bool]:
    """Return the manifest's path, and whether the user named it; raises Refused for an empty
    flag.
    """
    option = BY_NAME["manifest"]
    for origin, path in _entries(option, invocation.environ, overrides):
        if not path:
            raise refuse("usage", origin, f"is empty, it expects {option.metavar}")
        return path, True
    return DEFAULT_MANIFEST, False


def resolve(
    invocation: Invocation,
    overrides: Overrides,
    manifest: Manifest | None,
    manifest_path: str,
    command: tuple[str, ...],
) -> Settings:
    """Return the settings of a run; raises Refused with every unusable flag and variable."""
    settings = manifest if manifest is not None else Manifest()
    origins: dict[str, str] = {}
    problems: list[Problem] = []

    def refuse(origin: str, reason: str) -> None:
        problems.append(Problem(kind="usage", subject=origin, reason=reason))

    for option in OPTIONS:
        entries = _entries(option, invocation.environ, overrides)
        if not entries or not option.key:
            continue
        # Each source once, the nearest first.
        origins[option.key] = " and ".join(dict.fromkeys(origin for origin, _ in entries[::-1]))
        section, _, field = option.key.rpartition(".")
        holder: Any = (getattr(settings, section) or _TURNED_ON[section]) if section else settings
        base = getattr(holder, field)
        value = _value(option, entries, base, refuse)
        if base == NEVER and value is True:
            value = base  # refused later, where it counts: `settings.offline`
        holder = holder.replace(**{field: value})
        settings = settings.replace(**{section: holder}) if section else holder
    if problems:
        raise Refused(problems)
    return Settings(
        **settings.__dict__, manifest_path=manifest_path, origins=origins, command=command
    )


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a line for each variable that looks like a setting and is none."""
    found = [name for name in environ if name.startswith(PREFIX)]
    known = {option.variable for option in OPTIONS} | {STALE}
    if known.issuperset(found):
        return []
    from cycle_exec.settings.nearest import did_you_mean, printable

    return [
        f"variable {printable(name)} is not a setting{did_you_mean(name, known)}"
        for name in sorted(found)
        if name not in known
    ]


def _entries(option: Option, environ: Mapping[str, str], overrides: Overrides) -> Entries:
    """Return everything that is said of a list; of another option only what wins."""
    found: list[tuple[str, str]] = []
    text = environ.get(option.variable, "")
    flag = overrides.get(option.name)
    if text and (option.collects or flag is None):
        texts = _split(text) if option.collects else [text]
        found += [(f"variable {option.variable}", each) for each in texts]
    if isinstance(flag, bool):
        found.append((f"flag {option.flag if flag else option.opposite}", str(flag)))
    elif flag is not None:
        flags = [flag] if isinstance(flag, str) else flag
        for each in flags:
            texts = _split(each) if option.kind == "names" else [each]
            found += [(f"flag {option.flag}", text) for text in texts]
    return found


def _split(text: str) -> list[str]:
    return [entry.strip() for entry in text.split(",")]


def _value(option: Option, entries: Entries, base: Any, refuse: Refuse) -> Any:
    """Return the value of the entries. base: what it is without them.

    What is unusable is refused, and then the value does not matter. No reason shows it.
    """
    expected = option.metavar
    if option.choices:
        expected = f"{', '.join(option.choices[:-1])} or {option.choices[-1]}"
    filled = [(origin, text) for origin, text in entries if text]
    for origin, text in entries:
        if not text:
            what = "has an empty entry" if option.collects else "is empty"
            refuse(origin, f"{what}, it expects {expected}")
        elif option.choices and text not in option.choices:
            refuse(origin, f"expects {expected}")
    if option.rule:
        from cycle_exec.settings import rules

        rule = getattr(rules, option.rule)
        for origin, text in filled:
            if not rule.accepts(text):
                refuse(origin, rule.refusal(text))
    elif option.collects:
        # Nothing else of a launch needs it, so nobody loads it without a reason.
        from cycle_exec.settings import merging

        return merging.MERGES[option.name](filled, base, refuse)
    if option.collects:
        # An entry given twice keeps its nearest place: later dotenv files win.
        together = [*base, *(text for _, text in filled)]
        return tuple(reversed(dict.fromkeys(reversed(together))))
    origin, text = entries[-1]
    if option.kind == "switch":
        value = _SWITCH_WORDS.get(text.lower())
        if value is None:
            refuse(origin, "expects true or false (or yes, no, on, off, 1, 0)")
        return value
    if option.kind == "duration" and text:
        from cycle_exec.settings import duration

        seconds = duration.parse(text)
        if seconds is None:
            refuse(origin, f"expects {duration.EXPECTED}")
        return seconds
    return rule.make(text) if option.rule and rule.accepts(text) else text
