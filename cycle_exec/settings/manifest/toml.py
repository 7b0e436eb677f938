"""The TOML that manifests are mostly written in, read without tomllib.

Importing tomllib costs as much as asking the API, and it comes before the first question can be
sent. This reads tables, strings without escapes, whole numbers, booleans, arrays and inline
tables, each in its plainest form; whatever goes further, wrong documents included, is left to
tomllib, which also has the words for what is wrong. The tests hold both equal.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    Table = dict[str, object]

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_DIGITS = frozenset("0123456789")
_LONGEST_NUMBER = 18  # digits: TOML's integers have 64 bits
_DEEPEST = 16


class _Unsure(Exception):
    """Something that only tomllib can judge."""


def parse(text: str) -> Table | None:
    """The document, or None if only tomllib can tell what it is."""
    # No control characters, no carriage returns, nothing that str itself has doubts about.
    if not text.translate({10: " ", 9: " "}).isprintable():
        return None
    try:
        return _Reader(text).document()
    except (_Unsure, IndexError):
        return None


def _unsure() -> NoReturn:
    raise _Unsure


class _Reader:
    """Reads from a position onwards; past the end of the text is an IndexError."""

    def __init__(self, text: str) -> None:
        self.text = text + "\n"
        self.position = 0
        self.root: Table = {}
        # What headers made: only these tables and arrays may be entered by another header.
        self.open = {id(self.root)}

    def document(self) -> Table:
        table = self.root
        self._skip_lines()
        while self.position < len(self.text):
            if self.text[self.position] == "[":
                table = self._header()
            else:
                self._pair(table, 0)
            self._end_line()
            self._skip_lines()
        return self.root

    def _blanks(self) -> None:
        while self.text[self.position] in " \t":
            self.position += 1

    def _end_line(self) -> None:
        """Past blanks and a comment, to the line's end."""
        self._blanks()
        if self.text[self.position] == "#":
            self.position = self.text.index("\n", self.position)
        if self.text[self.position] != "\n":
            _unsure()

    def _skip_lines(self) -> None:
        """Past blanks, comments and line ends, to something or to the end."""
        while self.position < len(self.text):
            self._blanks()
            if self.text[self.position] not in "#\n":
                return
            self._end_line()
            self.position += 1

    def _expect(self, mark: str) -> None:
        if not self.text.startswith(mark, self.position):
            _unsure()
        self.position += len(mark)

    # [table], [[array of tables]]

    def _header(self) -> Table:
        double = self.text.startswith("[[", self.position)
        self.position += 1 + double
        *around, last = self._keys()
        self._expect("]" * (1 + double))
        parent = self.root
        for key in around:
            parent = self._entered(parent, key)
        made: Table = {}
        self.open.add(id(made))
        if double:
            if last not in parent:
                tables: list[object] = []
                parent[last] = tables
                self.open.add(id(tables))
            self._opened(parent[last], list).append(made)
        elif last in parent:
            _unsure()
        else:
            parent[last] = made
        return made

    def _entered(self, parent: Table, key: str) -> Table:
        """The table below this one, made if it is not there; of an array of tables the last."""
        if key not in parent:
            made: Table = {}
            parent[key] = made
            self.open.add(id(made))
        inner = parent[key]
        if isinstance(inner, list):
            inner = self._opened(inner, list)[-1]
        found: Table = self._opened(inner, dict)
        return found

    def _opened(self, found: Any, kind: type) -> Any:
        return found if isinstance(found, kind) and id(found) in self.open else _unsure()

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._blanks()
            keys.append(self._key())
            self._blanks()
            if self.text[self.position] != ".":
                return keys
            self.position += 1

    # KEY = VALUE

    def _pair(self, table: Table, depth: int) -> None:
        key = self._key()
        self._blanks()
        self._expect("=")
        self._blanks()
        if key in table:
            _unsure()
        table[key] = self._value(depth)

    def _key(self) -> str:
        if self.text[self.position] in "\"'":
            return self._string()
        return self._while(_BARE)

    def _while(self, characters: frozenset[str]) -> str:
        start = self.position
        while self.text[self.position] in characters:
            self.position += 1
        return self.text[start : self.position] or _unsure()

    def _value(self, depth: int) -> object:
        if depth > _DEEPEST:
            _unsure()
        first = self.text[self.position]
        if first in "\"'":
            return self._string()
        if first == "[":
            return self._array(depth)
        if first == "{":
            return self._inline(depth)
        if first in _DIGITS:
            return self._number()
        word = self._while(_BARE)
        return word == "true" if word in ("true", "false") else _unsure()

    def _string(self) -> str:
        quote = self.text[self.position]
        start = self.position + 1
        end = self.text.find(quote, start)
        found = self.text[start:end]
        # A second quote at once may be an empty string, or the first three of a longer one.
        if end < 0 or "\n" in found or "\\" in found or self.text.startswith(quote * 3, start - 1):
            _unsure()
        self.position = end + 1
        return found

    def _number(self) -> int:
        digits = self._while(_BARE)
        plain = _DIGITS.issuperset(digits) and (digits == "0" or digits[0] != "0")
        if not plain or len(digits) > _LONGEST_NUMBER or self.text[self.position] in ".:":
            _unsure()
        return int(digits)

    def _array(self, depth: int) -> list[object]:
        self.position += 1
        found: list[object] = []
        while True:
            self._skip_lines()
            if self.text[self.position] == "]":
                break
            found.append(self._value(depth + 1))
            self._skip_lines()
            if self.text[self.position] != ",":
                break
            self.position += 1
        self._expect("]")
        return found

    def _inline(self, depth: int) -> Table:
        self.position += 1
        found: Table = {}
        self._blanks()
        while self.text[self.position] != "}":
            self._pair(found, depth + 1)
            self._blanks()
            if self.text[self.position] != ",":
                break
            self.position += 1
            self._blanks()
            if self.text[self.position] == "}":
                _unsure()
        self._expect("}")
        return found
