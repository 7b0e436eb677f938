"""What a key of the manifest may hold: the types that the table of keys is made of."""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.settings.rules import Rule


class Node(Record):
    """What a key may hold. default: what applies without the key; None is not shown."""

    help: str = ""
    default: object = None


class Text(Node):
    """A string that follows a rule."""

    rule: Rule


class Choice(Node):
    """One of these strings."""

    choices: tuple[str, ...]


class Switch(Node):
    """true or false."""


class Number(Node):
    """A whole number between two limits, both included."""

    least: int
    most: int


class ListOf(Node):
    """An array; least: the number of items it must have."""

    item: Text | Choice
    least: int = 0


class MapOf(Node):
    """A table whose keys are the user's own names, which follow a rule."""

    key: Rule
    value: Text | Table


class Table(Node):
    """A table with known keys. one_of: at least one of these must be there.

    implies: (array, item, key): an array with that item needs that key.
    """

    fields: Mapping[str, Node]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    implies: tuple[str, str, str] | None = None


class Either(Node):
    """A string that follows a rule, or a table."""

    text: Text
    table: Table


class ArrayOf(Node):
    """An array of tables."""

    table: Table
