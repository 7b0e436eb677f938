"""docs/settings.md, written from the tables of options and manifest keys:

python -m tests.docs.reference > docs/settings.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cycle_exec.cli.verbs import root
from cycle_exec.settings.manifest import nodes as spec
from cycle_exec.settings.manifest.keys import MANIFEST
from cycle_exec.settings.options import OPTIONS, SECTIONS, STATE, Option

_PAGE = """\
# Settings

A launch option exists three ways: as a flag, as an environment variable and as a manifest key. A
flag wins over the variable, the variable over the manifest. Lists are parted by commas in a
variable; flags for them can be repeated. A variable `CYCLE_EXEC_...` that is none of these is
warned of, with the nearest name. Every option and every key has a heading of its own here, which
can be linked to.

Times are written `500ms`, `5s`, `1m30s`, `2h`. `manifest`, `socket` and other paths may be
relative to the working directory; targets are absolute.

{options}

### `{state}`

{help}

A flag alone, of the verbs that ask the platform and start nothing: {asking}. It cannot be combined
with `--socket` and `--metadata`, and needs the extra `emulator`. `dev` takes it for a launch.

## The manifest

A TOML file, by default `/etc/cycle-exec.toml`. Every key is optional; an unknown key, a wrong
type or an impossible value refuses with 78, all of them at once, with file, line and the nearest
known name. `cycle-exec manifest new` prints one with every key, `cycle-exec manifest check` says
what is wrong, `cycle-exec manifest schema` is for editors.

Modes are octal, `"0640"` or `"640"`. Owners are `"user"`, `"user:group"` or `":group"`, by name
or number; names have to exist in the image. Fields of an integration are written `auth.api_key`
or `extra.bucket`.

{keys}
"""


def page() -> str:
    """The whole page."""
    asking = (f"`{name}`" for name, verb in root.verbs() if verb.asks)
    return _PAGE.format(
        options="\n\n".join(_options()),
        state=f"{STATE.flag} {STATE.metavar}",
        asking=", ".join(asking),
        help=STATE.help,
        keys="\n\n".join(_tables()),
    )


def anchor(heading: str) -> str:
    """The place of a heading, as GitHub and the site name it."""
    return re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")


def _options() -> Iterator[str]:
    for section in SECTIONS:
        yield f"## Options: {section[0].lower() + section[1:] if section[1].islower() else section}"
        for option in OPTIONS:
            if option.section == section:
                yield _option(option)


def _option(option: Option) -> str:
    flag = option.flag
    if option.kind == "switch":
        flag = f"{option.flag}`, `{option.opposite}"
    elif option.kind == "names":
        flag = f"{flag}[={option.metavar}]"
    elif option.metavar:
        flag = f"{flag} {option.metavar}"
    default = "false" if option.kind == "switch" else option.default
    facts = {
        "Flag": f"`{flag}`" + (", can be repeated" if option.collects else ""),
        "Variable": f"`{option.variable}`",
        "Manifest": f"[`{option.key}`](#{anchor(option.key)})" if option.key else "",
        "Values": ", ".join(f"`{choice}`" for choice in option.choices),
        "Default": f"`{default}`" if default else "",
    }
    return _entry(option.flag, option.help, facts)


def _entry(heading: str, text: str, facts: dict[str, str]) -> str:
    told = [f"- {name}: {value}" for name, value in facts.items() if value]
    return "\n".join([f"### `{heading}`", "", _plain(text), "", *told])


def _plain(text: str) -> str:
    return text.replace("*", r"\*")


def _tables() -> Iterator[str]:
    for name, node in MANIFEST.fields.items():
        match node:
            case spec.ListOf(item=spec.Table() as table):
                yield f"## `[[{name}]]`\n\n{table.help}"
                yield from _keys(f"{name}.", table)
            case spec.Table():
                yield f"## `[{name}]`\n\n{node.help}"
                yield from _keys(f"{name}.", node)


def _keys(prefix: str, table: spec.Table) -> Iterator[str]:
    flags = {option.key: option.flag for option in OPTIONS}
    for name, node in table.fields.items():
        key = f"{prefix}{name}"
        flag = flags.get(key, "")
        facts = {
            "Value": _holds(node) + (", needed" if name in table.required else ""),
            "Default": "" if node.default is None else f"`{_toml(node.default)}`",
            "Flag": f"[`{flag}`](#{anchor(flag)})" if flag else "",
        }
        yield _entry(key, node.help, facts)
        if isinstance(node, spec.MapOf) and isinstance(node.value, spec.Table):
            yield from _keys(f"{key}.NAME.", node.value)


def _holds(node: spec.Node) -> str:
    match node:
        case spec.Either():
            return "text or table"
        case spec.Choice():
            return " or ".join(f'`"{word}"`' for word in node.choices)
        case spec.ListOf(item=spec.Choice()):
            return "list of " + _holds(node.item)
        case spec.ListOf():
            return "list of texts"
        case spec.MapOf(value=spec.Text()):
            return "table of texts"
        case spec.MapOf(value=spec.Either()):
            return "table of numbers or tables"
        case spec.MapOf():
            return "table of tables"
        case spec.Number():
            return f"number, {node.least} to {node.most}"
        case spec.SwitchOr():
            return f'true, false or `"{node.word}"`'
        case spec.Switch():
            return "true or false"
    return "text"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    print(page(), end="")
