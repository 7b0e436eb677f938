"""The configuration of an OpenVPN server, as far as its credential hook depends on it.

Words are split as OpenVPN's own parser does it (src/openvpn/options.c, parse_line).
"""

from __future__ import annotations

import posixpath

from cycle_exec.errors import Unfit
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

INLINE = "[inline]"  # stands for what a block between <name> and </name> holds
_DEEPEST = 10  # files that include files, as in OpenVPN
_BLANKS = " \t\r\n"
_COMMENTS = "#;"


class Unparsable(Unfit):
    """A file that OpenVPN itself would refuse; `reason` names file and line."""


class Directive(Record):
    """One directive: its words without `--`, and where it stands; no file: the command line."""

    words: tuple[str, ...]
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.file}:{self.line}" if self.file else "the command line"

    @property
    def name(self) -> str:
        """The first word."""
        return self.words[0]

    def word(self, position: int, default: str = "") -> str:
        """Return a parameter, the first is 1."""
        return self.words[position] if position < len(self.words) else default

    def number(self, default: int) -> int:
        """Return the first parameter, if it is a whole number in the digits that OpenVPN reads."""
        text = self.word(1)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else default


def read(path: str, text_of: Callable[[str], str]) -> tuple[Directive, ...]:
    """All directives of a file and of those it includes, in their order.

    text_of: the text of a file by its path; its exceptions go through. Raises Unparsable.
    """
    return tuple(_Reading(text_of).file(path, 1))


def of_command(words: Sequence[str], text_of: Callable[[str], str]) -> tuple[Directive, ...]:
    """Return the directives of an openvpn command, given its words behind the program's name."""
    reading = _Reading(text_of)
    if len(words) == 1 and not words[0].startswith("--"):
        return tuple(reading.file(words[0], 1))
    found: list[list[str]] = []
    for word in words:
        if word.startswith("--"):
            found.append([word.removeprefix("--")])
        elif found:
            found[-1].append(word)
    return tuple(
        each for given in found for each in reading.included(Directive(words=tuple(given)), depth=0)
    )


class _Reading:
    """One reading of all files. `cd` counts from where it stands, for the files after it too."""

    def __init__(self, text_of: Callable[[str], str]) -> None:
        self._text_of = text_of
        self._directory = ""

    def file(self, path: str, depth: int) -> Iterator[Directive]:
        """Yield a file's directives, with those of the files it includes."""
        path = posixpath.join(self._directory, path)
        if depth > _DEEPEST:
            raise Unparsable(f"{path}: more than {_DEEPEST} nested includes")
        for directive in parse(self._text_of(path), path):
            yield from self.included(directive, depth)

    def included(self, directive: Directive, depth: int) -> Iterator[Directive]:
        """Yield the directive, or what it includes."""
        if directive.name == "config" and len(directive.words) > 1:
            yield from self.file(directive.word(1), depth + 1)
            return
        if directive.name == "cd":
            self._directory = posixpath.join(self._directory, directive.word(1))
            directive = directive.replace(words=("cd", self._directory))
        yield directive


def parse(text: str, file: str) -> Iterator[Directive]:
    """Yield the directives of one file. Raises Unparsable."""
    block = ""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if block:
            # What stands in an inline block is no directive, whatever it looks like.
            if line.strip(_BLANKS) == f"</{block}>":
                block = ""
            continue
        where = f"{file}:{number}"
        words = split(line, where)
        if not words:
            continue
        name = words[0].removeprefix("--")
        if len(words) == 1 and name.startswith("<") and name.endswith(">"):
            block = name[1:-1]
            yield Directive(words=(block, INLINE), file=file, line=number)
            continue
        yield Directive(words=(name, *words[1:]), file=file, line=number)
    if block:
        raise Unparsable(f"{file}: the block <{block}> is never closed")


def split(line: str, where: str) -> list[str]:
    """Return the words of a line: quotes hold them together, a backslash takes the next character
    as it is, but for single quotes. Raises Unparsable.
    """
    words: list[str] = []
    word: list[str] = []
    state = ""  # "", "w" in a word, "'" or '"' in quotes
    characters = iter(line + "\n")
    for character in characters:
        if character == "\\" and state != "'":
            character = next(characters, "\n")
            if character == "\n":
                raise Unparsable(f"{where}: a backslash at the end of the line")
            word.append(character)
            state = state or "w"
        elif not state:
            if character in _COMMENTS:
                break
            if character in "'\"":
                state = character
            elif character not in _BLANKS:
                word, state = [character], "w"
        elif state == "w":
            if character in _BLANKS:
                words.append("".join(word))
                word, state = [], ""
            else:
                word.append(character)
        elif character == state:
            words.append("".join(word))
            word, state = [], ""
        else:
            word.append(character)
    if state:
        raise Unparsable(f"{where}: a quote is never closed")
    return words
