"""The help pages as plain text, laid out like a manual page, from the tables alone."""

from __future__ import annotations

from cycle_exec.settings.options import OPTIONS, SECTIONS
from cycle_exec.settings.verbs import ABOUT, EXAMPLES, EXIT_CODES, GROUPS, VERBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cycle_exec.settings.options import Option
    from cycle_exec.settings.verb import Flag, Verb

PROGRAM = "cycle-exec"
_WIDTH = 80
_COLUMN = 26

_HELP = ("-h, --help", "Print this page; after a verb, the page of that verb.")
_VERSION = ("--version", "Print the version.")


def root_page() -> str:
    """The page of the whole program."""
    parts = [
        _usage(["[OPTIONS] -- COMMAND [ARG...]", "VERB [OPTIONS] ..."]),
        _wrapped(ABOUT),
        _rows("verbs", [(verb.name, verb.summary) for verb in VERBS]),
        *_launch_options(()),
        _rows("help", [_HELP, _VERSION]),
        _examples(EXAMPLES),
        "exit codes:\n" + _wrapped(EXIT_CODES, indent=2),
    ]
    return "\n".join(parts)


def group_page(name: str) -> str:
    """The page of a verb that has verbs of its own."""
    verbs = [verb for verb in VERBS if verb.name.startswith(f"{name} ")]
    parts = [
        _usage([verb.usage for verb in verbs]),
        _wrapped(f"{GROUPS[name]}.".capitalize()),
        _rows("verbs", [(verb.name, verb.summary) for verb in verbs]),
        _rows("options", [_HELP]),
        _examples([row for verb in verbs for row in verb.examples]),
    ]
    return "\n".join(parts)


def verb_page(verb: Verb) -> str:
    """The page of one verb."""
    parts = [
        _usage([verb.usage]),
        _wrapped(verb.text),
        _rows("options", [*(_flag(flag) for flag in verb.flags), _HELP]),
        *(_launch_options(verb.without) if verb.launch else ()),
        _examples(verb.examples),
    ]
    return "\n".join(parts)


def _flag(flag: Flag) -> tuple[str, str]:
    short = f"{flag.short}, " if flag.short else ""
    return f"{short}{flag.flag} {flag.metavar}".rstrip(), flag.help


def _usage(lines: Iterable[str]) -> str:
    return "usage:\n" + "".join(f"  {PROGRAM} {line}\n" for line in lines)


def _launch_options(without: Sequence[str]) -> list[str]:
    offered = [option for option in OPTIONS if option.name not in without]
    parts = [
        _rows(
            section,
            [(shown(option), _told(option)) for option in offered if option.section == section],
        )
        for section in SECTIONS
    ]
    parts.append(
        _wrapped(
            "In brackets: the environment variable and the manifest key of the same setting. A "
            "flag wins over the variable, the variable over the manifest. Lists are parted by "
            "commas in a variable; flags for them can be repeated."
        )
    )
    return parts


def shown(option: Option) -> str:
    """The flag as help pages and the manual write it."""
    if option.kind == "switch":
        return f"--[no-]{option.name}"
    if option.kind == "names":
        return f"{option.flag}[={option.metavar}]"
    return f"{option.flag} {option.metavar}"


def _told(option: Option) -> str:
    other = [option.variable, *([option.key] if option.key else [])]
    default = f"; default {option.default}" if option.default and option.kind != "switch" else ""
    return f"{option.help} [{', '.join(other)}{default}]"


def _examples(rows: Iterable[tuple[str, str]]) -> str:
    lines = []
    for line, comment in rows:
        if comment:
            lines.append(f"  # {comment}\n")
        lines.append(f"  {line}\n")
    return "examples:\n" + "".join(lines)


def _rows(heading: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"{heading}:\n"]
    for left, right in rows:
        wrapped = _wrapped(right, indent=_COLUMN)
        if len(left) + 4 <= _COLUMN:
            lines.append(f"  {left}".ljust(_COLUMN) + wrapped.lstrip())
        else:
            lines.append(f"  {left}\n{wrapped}")
    return "".join(lines)


def _wrapped(text: str, indent: int = 0) -> str:
    from textwrap import fill

    blank = " " * indent
    return (
        fill(
            text,
            _WIDTH,
            initial_indent=blank,
            subsequent_indent=blank,
            break_long_words=False,
            break_on_hyphens=False,
        )
        + "\n"
    )
