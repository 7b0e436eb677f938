"""On which line each key of a TOML document stands. Only used once something is wrong.

tomllib keeps no positions. The document has passed tomllib before it comes here, so this scanner
does not judge it; where it should be lost, it answers with what it has found so far.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.manifest.check import Path

_BLANKS = " \t"
_SPACE = " \t\n"
_BARE_END = frozenset(" \t\n,]}#=.")
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}
_CODES = {"x": 2, "u": 4, "U": 8}


def lines(text: str) -> dict[Path, int]:
    """The line, from 1, of each key, table and array item; `("integrations", 0, "env", "A")`."""
    from contextlib import suppress

    scanner = _Scanner(text.replace("\r\n", "\n"))
    # Where it is lost, the line of the nearest known table serves.
    with suppress(IndexError, ValueError):
        scanner.document()
    return scanner.found


def line_of(found: dict[Path, int], path: Path) -> int:
    """The line of the path, or of the nearest thing around it."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.found: dict[Path, int] = {}
        self._arrays: dict[Path, int] = {}
        self._counted = (0, 1)

    def document(self) -> None:
        """Walk through the whole text."""
        table: Path = ()
        self._skip()
        while self.position < len(self.text):
            if self.text.startswith("[[", self.position):
                table = self._array_header()
            elif self.text[self.position] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip()

    def _line(self) -> int:
        counted, line = self._counted
        line += self.text.count("\n", counted, self.position)
        self._counted = (self.position, line)
        return line

    def _note(self, path: Path, line: int) -> None:
        self.found.setdefault(path, line)

    def _skip(self) -> None:
        """Past blanks, line ends and comments."""
        while self.position < len(self.text):
            if self.text[self.position] == "#":
                end = self.text.find("\n", self.position)
                self.position = end if end >= 0 else len(self.text)
            elif self.text[self.position] in _SPACE:
                self.position += 1
            else:
                return

    def _blanks(self) -> None:
        while self.text[self.position : self.position + 1] in ("\t", " "):
            self.position += 1

    def _header(self) -> Path:
        line = self._line()
        self.position += 1
        path = self._below(self._keys(), line)
        self.position += 1
        # Of a table that was begun by a dotted header the line of its own header is better.
        self.found[path] = line
        return path

    def _array_header(self) -> Path:
        line = self._line()
        self.position += 2
        *around, last = self._keys()
        path = (*self._below(around, line), last)
        self.position += 2
        index = self._arrays.get(path, 0)
        self._arrays[path] = index + 1
        self._note(path, line)
        self._note((*path, index), line)
        return (*path, index)

    def _below(self, keys: list[str], line: int) -> Path:
        """The path of a header's keys; an array of tables on the way means its last table."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            self._note(path, line)
            if path in self._arrays:
                path = (*path, self._arrays[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path, line)
        self.position += 1  # the equals sign
        self._blanks()
        self._value(path)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._blanks()
            keys.append(self._key())
            self._blanks()
            if self.text[self.position] != ".":
                return keys
            self.position += 1

    def _key(self) -> str:
        quote = self.text[self.position]
        start = self.position
        if quote in "\"'":
            self._string()
            inner = self.text[start + 1 : self.position - 1]
            return _unescaped(inner) if quote == '"' else inner
        while self.text[self.position] not in _BARE_END:
            self.position += 1
        if self.position == start:
            raise ValueError
        return self.text[start : self.position]

    def _value(self, path: Path) -> None:
        first = self.text[self.position]
        if first in "\"'":
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline(path)
        else:
            while self.text[self.position : self.position + 1] not in (
                "",
                "\n",
                ",",
                "]",
                "}",
                "#",
            ):
                self.position += 1

    def _array(self, path: Path) -> None:
        self.position += 1
        index = 0
        self._skip()
        while self.text[self.position] != "]":
            self._note((*path, index), self._line())
            self._value((*path, index))
            index += 1
            self._comma("]")
        self.position += 1

    def _inline(self, path: Path) -> None:
        self.position += 1
        self._skip()
        while self.text[self.position] != "}":
            self._pair(path)
            self._comma("}")
        self.position += 1

    def _comma(self, end: str) -> None:
        """Past the comma; raises ValueError where there is neither one nor the end."""
        self._skip()
        if self.text[self.position] == ",":
            self.position += 1
            self._skip()
        elif self.text[self.position] != end:
            raise ValueError

    def _string(self) -> None:
        """Past a string of any of the four kinds."""
        quote = self.text[self.position]
        long = self.text.startswith(quote * 3, self.position)
        end = quote * 3 if long else quote
        self.position += len(end)
        while not self.text.startswith(end, self.position):
            if self.position >= len(self.text):
                raise ValueError
            self.position += 2 if quote == '"' and self.text[self.position] == "\\" else 1
        self.position += len(end)
        # Up to two quotes may stand right before the closing three.
        extra = 0
        while long and extra < 2 and self.text.startswith(quote, self.position):
            self.position += 1
            extra += 1


def _unescaped(text: str) -> str:
    parts = text.split("\\")
    result = [parts[0]]
    position = 1
    while position < len(parts):
        part = parts[position]
        position += 1
        if not part:  # an escaped backslash: what follows it is plain
            result.append("\\")
            if position < len(parts):
                result.append(parts[position])
            position += 1
        elif part[0] in _CODES:
            digits = _CODES[part[0]]
            result.append(chr(int(part[1 : 1 + digits], 16)) + part[1 + digits :])
        else:
            result.append(_ESCAPES.get(part[0], part[0]) + part[1:])
    return "".join(result)
