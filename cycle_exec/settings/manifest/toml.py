"""A scanner of TOML: the values of a plain document, and the line of each key of any document.

Importing tomllib costs as much as asking the API, and it comes before the first question can be
sent. This reads tables, strings without escapes, whole numbers, booleans, arrays and inline
tables, each in its plainest form. Of everything else in a document it finds only the keys, and
tomllib reads the document: it decides what is valid, and says what is wrong with the rest. Tests
compare the two.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    from cycle_exec.settings.manifest.nodes import Path

    Table = dict[str, object]
    Container = TypeVar("Container", dict[str, object], list[object])

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_LONGEST_NUMBER = 18  # digits: TOML's integers have 64 bits
_DEEPEST = 16


def scan(text: str) -> Scan:
    """Scan a text, which need not be valid TOML."""
    found = Scan(text)
    try:
        found.document()
    except (LookupError, ValueError, RecursionError):
        found.plain = False
    return found


class Scan:
    """What was found in a text, and how far the scan has come.

    plain: whether the document is read completely; otherwise values are missing, or it is not
    valid. Where it is not, scanning ends with a ValueError, or an IndexError behind its end.
    """

    def __init__(self, text: str) -> None:
        # No control characters, no carriage returns, nothing that str itself has doubts about.
        self.plain = text.translate({10: " ", 9: " "}).isprintable()
        self.text = (text if self.plain else text.replace("\r\n", "\n")) + "\n"
        self.position = 0
        self.root: Table = {}
        # Where each key of a table, and each item of an array, begins; by the container's id.
        self.offsets: dict[tuple[int, str | int], int] = {}
        # Tables and arrays that headers made, by their id: only these may other headers enter.
        self.open = {id(self.root)}

    @property
    def values(self) -> Table | None:
        """The document, or None if tomllib has to read it."""
        return self.root if self.plain else None

    def line(self, path: Path) -> int:
        """Return the line, from 1, of the path, or of the nearest thing around it."""
        offset = 0
        inner: Any = self.root
        try:
            for part in path:
                offset = self.offsets[id(inner), part]
                inner = inner[part]
        except LookupError:
            pass
        return self.text.count("\n", 0, offset) + 1

    def document(self) -> None:
        """Scan the whole text."""
        table = self.root
        self._skip_lines()
        while self.position < len(self.text):
            if self.text[self.position] == "[":
                table = self._header()
            else:
                self._pair(table, 0)
            self._blanks()
            if self.text[self.position] not in "#\n":
                raise ValueError
            self._skip_lines()

    def _blanks(self) -> None:
        text, position = self.text, self.position
        while text[position] in " \t":
            position += 1
        self.position = position

    def _skip_lines(self) -> None:
        """Pass blanks, comments and line ends."""
        text, position = self.text, self.position
        while position < len(text):
            if text[position] == "#":
                position = text.index("\n", position)
            elif text[position] not in " \t\n":
                break
            position += 1
        self.position = position

    def _expect(self, mark: str) -> None:
        if not self.text.startswith(mark, self.position):
            raise ValueError
        self.position += len(mark)

    # [table], [[array of tables]]

    def _header(self) -> Table:
        offset = self.position
        double = self.text.startswith("[[", offset)
        self.position += 1 + double
        *around, last = self._keys()
        self._expect("]" * (1 + double))
        parent = self.root
        for key in around:
            parent = self._entered(parent, key, offset)
        if double:
            if last not in parent:
                self._make(parent, last, [], offset)
            tables = self._opened(parent[last], list)
            tables.append(None)
            return self._make(tables, len(tables) - 1, {}, offset)
        if last in parent:
            # A longer header has made the table; the line of its own header is better.
            self.plain = False
            self.offsets[id(parent), last] = offset
            return self._opened(parent[last], dict)
        return self._make(parent, last, {}, offset)

    def _make(self, parent: Any, key: str | int, made: Container, offset: int) -> Container:
        parent[key] = made
        self.offsets[id(parent), key] = offset
        self.open.add(id(made))
        return made

    def _entered(self, parent: Table, key: str, offset: int) -> Table:
        """Return the table below, made if it is not there; of an array of tables the last."""
        if key not in parent:
            return self._make(parent, key, {}, offset)
        inner = parent[key]
        if isinstance(inner, list):
            inner = self._opened(inner, list)[-1]
        return self._opened(inner, dict)

    def _opened(self, found: Any, kind: type[Container]) -> Container:
        if id(found) not in self.open:
            self.plain = False
        if not isinstance(found, kind):
            raise ValueError
        return found

    # KEY = VALUE

    def _pair(self, table: Table, depth: int) -> None:
        offset = self.position
        *around, last = self._keys()
        for key in around:
            self.plain = False
            table = self._entered(table, key, offset)
        self._expect("=")
        self._blanks()
        if last in table:
            self.plain = False
        self.offsets[id(table), last] = offset
        table[last] = self._value(depth)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._blanks()
            quoted = self.text[self.position] in "\"'"
            keys.append(self._string() if quoted else self._bare())
            if not (quoted or keys[-1]):
                raise ValueError
            self._blanks()
            if self.text[self.position] != ".":
                return keys
            self.position += 1

    def _bare(self) -> str:
        text, start, end = self.text, self.position, self.position
        while text[end] in _BARE:
            end += 1
        self.position = end
        return text[start:end]

    def _value(self, depth: int) -> object:
        if depth > _DEEPEST:
            self.plain = False
        first = self.text[self.position]
        if first in "\"'":
            return self._string()
        if first == "[":
            return self._array(depth)
        if first == "{":
            return self._inline(depth)
        word = self._bare()
        if word in ("true", "false"):
            return word == "true"
        whole = word.isdecimal() and (word == "0" or word[0] != "0")
        if whole and len(word) <= _LONGEST_NUMBER and self.text[self.position] not in ".:":
            return int(word)
        self.plain = False
        while self.text[self.position] not in "\n,]}#":
            self.position += 1
        return None

    def _string(self) -> str:
        start = self.position
        quote = self.text[start]
        end = self.text.index(quote, start + 1)
        found = self.text[start + 1 : end]
        # A second quote at once may be an empty string, or the first three of a longer one.
        if not found and self.text[end + 1] == quote:
            return self._escaped_or_long(quote * 3)
        if "\\" in found and quote == '"':
            return self._escaped_or_long(quote)
        if "\n" in found:
            raise ValueError
        self.position = end + 1
        return found

    def _escaped_or_long(self, mark: str) -> str:
        """Have tomllib read a string with escapes, or of many lines. mark: what it ends with."""
        from cycle_exec.settings.manifest.syntax import load

        self.plain = False
        start = self.position
        inner = start + len(mark)
        end = self.text.index(mark, inner)
        while mark[0] == '"' and (escape := self.text.find("\\", inner, end)) >= 0:
            inner = escape + 2
            if inner > end:  # it was the mark that is escaped
                end = self.text.index(mark, inner)
        self.position = end + len(mark)
        # Up to two quotes may stand right before the closing three.
        for quote in mark[1:]:
            self.position += self.text.startswith(quote, self.position)
        found: str = load(f"x = {self.text[start : self.position]}")["x"]
        return found

    def _array(self, depth: int) -> list[object]:
        self.position += 1
        found: list[object] = []
        self._skip_lines()
        while self.text[self.position] != "]":
            self.offsets[id(found), len(found)] = self.position
            found.append(self._value(depth + 1))
            self._skip_lines()
            if self.text[self.position] != ",":
                break
            self.position += 1
            self._skip_lines()
        self._expect("]")
        return found

    def _inline(self, depth: int) -> Table:
        self.position += 1
        found: Table = {}
        self._inside()
        while self.text[self.position] != "}":
            self._pair(found, depth + 1)
            self._inside()
            if self.text[self.position] != ",":
                break
            self.position += 1
            self._inside()
            if self.text[self.position] == "}":
                self.plain = False
        self._expect("}")
        return found

    def _inside(self) -> None:
        """Pass blanks, and the line ends and comments that TOML 1.1 allows in inline tables."""
        self._blanks()
        if self.text[self.position] in "#\n":
            self.plain = False
            self._skip_lines()
