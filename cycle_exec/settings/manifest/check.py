"""Check a manifest that is valid TOML against the table of keys."""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings.manifest.nodes import (
    ArrayOf,
    Choice,
    Either,
    ListOf,
    MapOf,
    Node,
    Number,
    Switch,
    Table,
    Text,
)
from cycle_exec.settings.merging import same_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Path = tuple[str | int, ...]


class Finding(Record):
    """Something wrong at a key. also: the first key, where something is there twice."""

    path: Path
    reason: str
    also: Path | None = None


def findings(root: Table, document: Mapping[str, object]) -> list[Finding]:
    """Return everything that is wrong, in the order of the document."""
    found = list(_table(root, document, ()))
    found.extend(_repeated(_integrations(document), "the same integration is listed twice"))
    found.extend(_repeated(_targets(document), "the same target is there twice"))
    return found


def dotted(path: Path) -> str:
    """Return the key as people write it, without positions in arrays, fit to print."""
    from cycle_exec.settings.nearest import printable

    parts = []
    for part in path:
        if isinstance(part, str):
            bare = part.replace("-", "").replace("_", "")
            plain = part.isascii() and bare.isalnum()
            parts.append(part if plain and len(part) <= 80 else f'"{printable(part)}"')
    return ".".join(parts)


def _node(node: Node, value: object, path: Path) -> Iterator[Finding]:
    check = _CHECKS[type(node)]
    yield from check(node, value, path)


def _table(node: Table, value: object, path: Path) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield _wrong_type(path, "a table", value)
        return
    for key, inner in value.items():
        field = node.fields.get(key)
        if field is None:
            yield Finding(path=(*path, key), reason=_unknown(node, key, (*path, key)))
        else:
            yield from _node(field, inner, (*path, key))
    for key in node.required:
        if key not in value:
            yield Finding(path=path, reason=f"{dotted((*path, key))} is missing")
    if node.one_of and value.keys().isdisjoint(node.one_of):
        names = " or ".join(dotted((*path, key)) for key in node.one_of)
        yield Finding(path=path, reason=f"{names} is missing")
    if node.implies is not None:
        array, item, key = node.implies
        given = value.get(array)
        if isinstance(given, list) and item in given and key not in value:
            reason = f"{dotted((*path, key))} is missing, which {item} needs"
            yield Finding(path=(*path, array), reason=reason)


def _unknown(node: Table, key: str, path: Path) -> str:
    from cycle_exec.settings.nearest import did_you_mean

    hint = did_you_mean(key, node.fields)
    return f"{dotted(path)} is not a known key{hint or ', known here: ' + ', '.join(node.fields)}"


def _array_of(node: ArrayOf, value: object, path: Path) -> Iterator[Finding]:
    if not isinstance(value, list):
        yield _wrong_type(path, f"an array of tables, written [[{dotted(path)}]]", value)
        return
    for index, item in enumerate(value):
        yield from _table(node.table, item, (*path, index))


def _map_of(node: MapOf, value: object, path: Path) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield _wrong_type(path, "a table", value)
        return
    for key, inner in value.items():
        if not node.key.accepts(key):
            reason = f"the key {dotted((*path, key))} must be {node.key.expected}"
            yield Finding(path=(*path, key), reason=reason)
        yield from _node(node.value, inner, (*path, key))


def _list_of(node: ListOf, value: object, path: Path) -> Iterator[Finding]:
    if not isinstance(value, list):
        yield _wrong_type(path, "an array of strings", value)
        return
    if len(value) < node.least:
        yield Finding(path=path, reason=f"{dotted(path)} expects an array that is not empty")
    for index, item in enumerate(value):
        yield from _node(node.item, item, (*path, index))


def _text(node: Text, value: object, path: Path) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield _wrong_type(path, node.rule.expected, value)
    elif not node.rule.accepts(value):
        yield Finding(path=path, reason=f"{dotted(path)} expects {node.rule.expected}")


def _either(node: Either, value: object, path: Path) -> Iterator[Finding]:
    if isinstance(value, dict):
        yield from _table(node.table, value, path)
    else:
        yield from _text(node.text, value, path)


def _choice(node: Choice, value: object, path: Path) -> Iterator[Finding]:
    expected = " or ".join(f'"{choice}"' for choice in node.choices)
    if not isinstance(value, str):
        yield _wrong_type(path, expected, value)
    elif value not in node.choices:
        yield Finding(path=path, reason=f"{dotted(path)} expects {expected}")


def _switch(_: Switch, value: object, path: Path) -> Iterator[Finding]:
    if not isinstance(value, bool):
        yield _wrong_type(path, "true or false", value)


def _number(node: Number, value: object, path: Path) -> Iterator[Finding]:
    expected = f"a whole number from {node.least} to {node.most}"
    if not isinstance(value, int) or isinstance(value, bool):
        yield _wrong_type(path, expected, value)
    elif not node.least <= value <= node.most:
        yield Finding(path=path, reason=f"{dotted(path)} expects {expected}")


_CHECKS: dict[type[Node], Callable[..., Iterator[Finding]]] = {
    Table: _table,
    ArrayOf: _array_of,
    MapOf: _map_of,
    ListOf: _list_of,
    Text: _text,
    Either: _either,
    Choice: _choice,
    Switch: _switch,
    Number: _number,
}

_TYPES: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "a whole number",
    float: "a decimal number",
    list: "an array",
    dict: "a table",
}


def _wrong_type(path: Path, expected: str, value: object) -> Finding:
    kind = _TYPES.get(type(value), "a date or time")
    return Finding(path=path, reason=f"{dotted(path)} expects {expected}, not {kind}")


def _repeated(named: Iterator[tuple[str, Path]], reason: str) -> Iterator[Finding]:
    seen: dict[str, Path] = {}
    for name, path in named:
        first = seen.setdefault(name, path)
        if first is not path:
            yield Finding(path=path, reason=f"{dotted(path)}: {reason}", also=first)


def _integrations(document: Mapping[str, object]) -> Iterator[tuple[str, Path]]:
    for index, table in _tables(document, "integrations"):
        name = table.get("identifier") or table.get("vendor")
        if isinstance(name, str) and name:
            yield name, ("integrations", index)


def _targets(document: Mapping[str, object]) -> Iterator[tuple[str, Path]]:
    """Return each target of the document with its key; values of a wrong type are passed over."""
    found: list[tuple[object, Path]] = []
    for name, file in _members(_members(document, "variables"), "files").items():
        if isinstance(file, dict):
            found.append((file.get("target"), ("variables", "files", name, "target")))
    for index, table in _tables(document, "integrations"):
        for name in _members(table, "files"):
            found.append((name, ("integrations", index, "files", name)))
    for index, table in _tables(document, "templates"):
        found.append((table.get("target"), ("templates", index, "target")))
    found.append((_members(document, "dotenv").get("target"), ("dotenv", "target")))
    for target, path in found:
        if isinstance(target, str) and target.startswith("/"):
            yield same_target(target), path


def _members(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    inner = table.get(key)
    return inner if isinstance(inner, dict) else {}


def _tables(document: Mapping[str, object], key: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    tables = document.get(key)
    for index, table in enumerate(tables if isinstance(tables, list) else ()):
        if isinstance(table, dict):
            yield index, table
