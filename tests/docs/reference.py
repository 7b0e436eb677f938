"""docs/settings.md, written from the tables of options and manifest keys:

python -m tests.docs.reference > docs/settings.md
"""

from __future__ import annotations

from collections.abc import Iterator

from cycle_exec.settings.manifest import nodes as spec
from cycle_exec.settings.manifest.keys import MANIFEST
from cycle_exec.settings.options import OPTIONS, Option

_PAGE = """\
# Settings

A launch option exists three ways: as a flag, as an environment variable and as a manifest key. A
flag wins over the variable, the variable over the manifest. Lists are parted by commas in a
variable; flags for them can be repeated. A variable `CYCLE_EXEC_...` that is none of these is
warned of, with the nearest name.

## Launch options

{options}

Times are written `500ms`, `5s`, `1m30s`, `2h`. `manifest`, `socket` and other paths may be
relative to the working directory; targets are absolute.

## The manifest

A TOML file, by default `/etc/cycle-exec.toml`. Every key is optional; an unknown key, a wrong
type or an impossible value refuses with 78, all of them at once, with file, line and the nearest
known name. `cycle-exec manifest new` prints one with every key, `cycle-exec manifest check` says
what is wrong, `cycle-exec manifest schema` is for editors.

{keys}

Modes are octal, `"0640"` or `"640"`. Owners are `"user"`, `"user:group"` or `":group"`, by name
or number; names have to exist in the image. Fields of an integration are written `auth.api_key`
or `extra.bucket`.
"""


def page() -> str:
    """The whole page."""
    return _PAGE.format(options=_table(_OPTION_HEAD, OPTIONS), keys="\n\n".join(_tables()))


_OPTION_HEAD = "| flag | what it does | default | variable | key |\n|---|---|---|---|---|"


def _table(head: str, options: tuple[Option, ...]) -> str:
    return "\n".join([head, *(_option(option) for option in options)])


def _option(option: Option) -> str:
    flag = option.flag
    if option.kind == "switch":
        flag = f"--[no-]{option.name}"
    elif option.kind == "names":
        flag = f"{flag}[={option.metavar}]"
    elif option.metavar:
        flag = f"{flag} {option.metavar}"
    key = f"`{option.key}`" if option.key else ""
    words = "false" if option.kind == "switch" else option.default
    default = f"`{words}`" if words else ""
    return f"| `{flag}` | {_plain(option.help)} | {default} | `{option.variable}` | {key} |"


def _plain(text: str) -> str:
    return text.replace("*", r"\*")


def _tables() -> Iterator[str]:
    for name, node in MANIFEST.fields.items():
        match node:
            case spec.ListOf(item=spec.Table() as table):
                yield _keys(f"[[{name}]]", table)
            case spec.Table():
                yield _keys(f"[{name}]", node)


def _keys(title: str, table: spec.Table) -> str:
    head = f"### `{title}`\n\n{table.help}\n\n| key | what it does | what it holds | default |\n"
    return head + "|---|---|---|---|\n" + "\n".join(_rows("", table))


def _rows(prefix: str, table: spec.Table) -> Iterator[str]:
    for name, node in table.fields.items():
        default = "" if node.default is None else f"`{_toml(node.default)}`"
        needed = ", needed" if name in table.required else ""
        yield f"| `{prefix}{name}` | {_plain(node.help)} | {_holds(node)}{needed} | {default} |"
        if isinstance(node, spec.MapOf) and isinstance(node.value, spec.Table):
            yield from _rows(f"{prefix}{name}.NAME.", node.value)


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
        case spec.MapOf():
            return "table of tables"
        case spec.Number():
            return f"number, {node.least} to {node.most}"
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
