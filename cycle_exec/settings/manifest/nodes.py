"""What a key of the manifest may hold, what is wrong with a value, and what is made of a good one.

The table of keys is made of these. Values are those of TOML: str, bool, int, float, list, dict.
"""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings.model import UNLIMITED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from cycle_exec.settings.rules import Rule

    Path = tuple[str | int, ...]

_KINDS: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "a whole number",
    float: "a decimal number",
    list: "an array",
    dict: "a table",
}

MOST = 2**63 - 1  # of an amount, which the kernel and TOML know


class Finding(Record):
    """Something wrong at a key. also: the first key, where something is there twice."""

    path: Path
    reason: str
    also: Path | None = None


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


class Node(Record):
    """What a key may hold. default: what applies without the key; None is not shown."""

    _kind: type = str
    _expected = ""

    help: str = ""
    default: object = None

    def expected(self, _: Path) -> str:
        """Return what people are told that belongs there."""
        return self._expected

    def accepts(self, _: Any) -> bool:
        """Whether a value of the right type is good, but for what is below it."""
        return True

    def refusal(self, _value: Any, path: Path) -> str:
        """Return what is said of a value of the right type that is not accepted."""
        return f"expects {self.expected(path)}"

    def below(self, _value: Any, _path: Path) -> Iterator[Finding]:
        """Return what is wrong inside a value of the right type."""
        return iter(())

    def findings(self, value: object, path: Path) -> Iterator[Finding]:
        """Return everything that is wrong with a value, in the order of the document."""
        if type(value) is not self._kind:
            kind = _KINDS.get(type(value), "a date or time")
            reason = f"{dotted(path)} expects {self.expected(path)}, not {kind}"
            yield Finding(path=path, reason=reason)
        elif not self.accepts(value):
            yield Finding(path=path, reason=f"{dotted(path)} {self.refusal(value, path)}")
        else:
            yield from self.below(value, path)

    def made(self, value: Any) -> Any:
        """Return what the settings hold for a value in which nothing was found."""
        return value


class Text(Node):
    """A string that follows a rule."""

    rule: Rule

    def expected(self, _: Path) -> str:
        return self.rule.expected

    def accepts(self, value: str) -> bool:
        return self.rule.accepts(value)

    def refusal(self, value: str, _: Path) -> str:
        return self.rule.refusal(value)

    def made(self, value: str) -> Any:
        return self.rule.make(value)


class Choice(Node):
    """One of these strings."""

    choices: tuple[str, ...]

    def expected(self, _: Path) -> str:
        return " or ".join(f'"{choice}"' for choice in self.choices)

    def accepts(self, value: str) -> bool:
        return value in self.choices


class Switch(Node):
    """true or false."""

    _kind = bool
    _expected = "true or false"

    default: bool = False


class SwitchOr(Switch):
    """true, false, or one word."""

    word: str

    def expected(self, _: Path) -> str:
        return f'true, false or "{self.word}"'

    def findings(self, value: object, path: Path) -> Iterator[Finding]:
        if value == self.word:
            return iter(())
        if isinstance(value, str):
            reason = f"{dotted(path)} expects {self.expected(path)}"
            return iter((Finding(path=path, reason=reason),))
        return super().findings(value, path)


class Number(Node):
    """A whole number between two limits, both included."""

    _kind = int

    least: int
    most: int

    def expected(self, _: Path) -> str:
        return f"a whole number from {self.least} to {self.most}"

    def accepts(self, value: int) -> bool:
        return self.least <= value <= self.most


class Amount(Node):
    """A whole number from 0 on, or "unlimited". make: what the settings hold for the number."""

    _expected = 'a whole number from 0 on, or "unlimited"'

    expecting: str = ""
    make: Callable[[int], object] = int

    def findings(self, value: object, path: Path) -> Iterator[Finding]:
        if value != "unlimited" and not (type(value) is int and 0 <= value <= MOST):
            reason = f"{dotted(path)} expects {self.expecting or self._expected}"
            yield Finding(path=path, reason=reason)

    def made(self, value: Any) -> Any:
        return self.make(UNLIMITED if value == "unlimited" else value)


class ListOf(Node):
    """An array of strings, or of tables; least: the number of items it must have."""

    _kind = list

    item: Text | Choice | Table
    least: int = 0

    def expected(self, path: Path) -> str:
        if isinstance(self.item, Table):
            return f"an array of tables, written [[{dotted(path)}]]"
        return "an array of strings"

    def below(self, value: list[object], path: Path) -> Iterator[Finding]:
        if len(value) < self.least:
            yield Finding(path=path, reason=f"{dotted(path)} expects an array that is not empty")
        for index, item in enumerate(value):
            yield from self.item.findings(item, (*path, index))

    def made(self, value: list[Any]) -> tuple[Any, ...]:
        return tuple(map(self.item.made, value))


class Table(Node):
    """A table with known keys. one_of: at least one of these must be there.

    implies: (array, item, key): an array with that item needs that key.
    make: what takes the values by key.
    """

    _kind = dict
    _expected = "a table"

    fields: Mapping[str, Node]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    implies: tuple[str, str, str] | None = None
    make: Callable[..., object]

    def below(self, value: dict[str, object], path: Path) -> Iterator[Finding]:
        for key, inner in value.items():
            field = self.fields.get(key)
            if field is None:
                yield Finding(path=(*path, key), reason=self._unknown(key, (*path, key)))
            else:
                yield from field.findings(inner, (*path, key))
        for key in self.required:
            if key not in value:
                yield Finding(path=path, reason=f"{dotted((*path, key))} is missing")
        if self.one_of and value.keys().isdisjoint(self.one_of):
            names = " or ".join(dotted((*path, key)) for key in self.one_of)
            yield Finding(path=path, reason=f"{names} is missing")
        if self.implies is not None:
            array, item, key = self.implies
            given = value.get(array)
            if isinstance(given, list) and item in given and key not in value:
                reason = f"{dotted((*path, key))} is missing, which {item} needs"
                yield Finding(path=(*path, array), reason=reason)

    def _unknown(self, key: str, path: Path) -> str:
        from cycle_exec.settings.nearest import did_you_mean

        hint = did_you_mean(key, self.fields) or f", known here: {', '.join(self.fields)}"
        return f"{dotted(path)} is not a known key{hint}"

    def made(self, value: dict[str, Any], **more: str) -> Any:
        return self.make(
            **{key: self.fields[key].made(inner) for key, inner in value.items()}, **more
        )


class MapOf(Node):
    """A table whose keys are the user's own names, which follow a rule.

    keyed: with tables as values, what takes the name beside the values of its table.
    """

    _kind = dict
    _expected = "a table"

    key: Rule
    value: Text | Table | Either
    keyed: str = ""

    def below(self, value: dict[str, object], path: Path) -> Iterator[Finding]:
        for key, inner in value.items():
            if not self.key.accepts(key):
                reason = f"the key {dotted((*path, key))} must be {self.key.expected}"
                yield Finding(path=(*path, key), reason=reason)
            yield from self.value.findings(inner, (*path, key))

    def made(self, value: dict[str, Any]) -> Any:
        if isinstance(self.value, Table):
            return tuple(
                self.value.made(below, **{self.keyed: key}) for key, below in value.items()
            )
        return {self.key.make(key): self.value.made(below) for key, below in value.items()}


class Either(Node):
    """A string that follows a rule, or an amount; or a table."""

    text: Text | Amount
    table: Table

    def findings(self, value: object, path: Path) -> Iterator[Finding]:
        return self._of(value).findings(value, path)

    def made(self, value: Any) -> Any:
        return self._of(value).made(value)

    def _of(self, value: object) -> Text | Amount | Table:
        return self.table if isinstance(value, dict) else self.text
