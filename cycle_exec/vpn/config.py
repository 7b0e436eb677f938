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
# How many parameters OpenVPN 2.6 takes: with fewer or more it does not know the directive
# (options.c, add_option). Those that matter here.
_PARAMETERS = {
    "auth-user-pass-optional": (0, 0),
    "auth-user-pass-verify": (0, 2),
    "cd": (1, 1),
    "chroot": (1, 1),
    "config": (1, 1),
    "daemon": (0, 1),
    "duplicate-cn": (0, 0),
    "group": (1, 1),
    "hand-window": (1, 1),
    "log": (1, 1),
    "log-append": (1, 1),
    "reneg-sec": (1, 2),
    "script-security": (1, 1),
    "setenv": (1, 2),
    "setenv-safe": (1, 2),
    "syslog": (0, 1),
    "tmp-dir": (1, 1),
    "user": (1, 1),
    "username-as-common-name": (0, 0),
    "verify-client-cert": (0, 1),
}
_COMMENTS = "#;"
_LONGEST = (1 << 63) - 1  # C's long


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

    def number(self) -> int:
        """Return the first parameter as OpenVPN reads numbers: what is behind the digits does not
        count, and what has none is 0 (atoi, of C's int).
        """
        text = self.word(1).lstrip(" \t\n\v\f\r")
        sign = text[:1] if text[:1] in ("+", "-") else ""
        digits = text[len(sign) :]
        count = 0
        while count < len(digits) and digits[count] in "0123456789":
            count += 1
        # Twenty digits are more than any long has; an int is what is left of it.
        value = int(digits[:count].lstrip("0")[:20] or "0")
        value = max(-_LONGEST - 1, min(_LONGEST, -value if sign == "-" else value))
        return (value + (1 << 31)) % (1 << 32) - (1 << 31)


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
        self._forgiving = False

    def file(self, path: str, depth: int) -> Iterator[Directive]:
        """Yield a file's directives, with those of the files it includes."""
        path = posixpath.join(self._directory, path)
        if depth > _DEEPEST:
            raise Unparsable(f"{path}: more than {_DEEPEST} nested includes")
        for directive in parse(self._text_of(path), path):
            yield from self.included(directive, depth)

    def included(self, directive: Directive, depth: int) -> Iterator[Directive]:
        """Yield the directive, what it includes, or nothing where OpenVPN passes over it."""
        found = self._accepted(directive)
        if found is None:
            return
        directive = found
        if directive.name == "config" and len(directive.words) > 1:
            yield from self.file(directive.word(1), depth + 1)
            return
        if directive.name == "cd":
            self._directory = posixpath.join(self._directory, directive.word(1))
            directive = directive.replace(words=("cd", self._directory))
        yield directive

    def _accepted(self, directive: Directive) -> Directive | None:
        """Return the directive, without the `setenv opt` before it; None: OpenVPN warns and passes
        over it. Raises Unparsable where it would not start.
        """
        optional = directive.words[:2] == ("setenv", "opt")
        if optional:
            if len(directive.words) == 2:
                return None
            directive = directive.replace(words=directive.words[2:])
        name, count = directive.name, len(directive.words) - 1
        if directive.words[1:] == (INLINE,):
            return directive
        least, most = _PARAMETERS.get(name, (0, count))
        if name == "auth-user-pass-verify" and count > most:
            words = 'takes at most 2 parameters: put the command in quotes ("")'
            raise Unparsable(f"{directive.place}: {name} {words}")
        if optional and (name.startswith("--") or directive.words[:2] == ("setenv", "opt")):
            return None
        if not least <= count <= most:
            if optional or self._forgiving:
                return None
            known = f"{least} or {most}" if least < most else str(most)
            words = f"has {count} parameters, but OpenVPN knows it with {known}"
            raise Unparsable(f"{directive.place}: {name} {words}")
        if directive.words == ("setenv", "FORWARD_COMPATIBLE", "1"):
            self._forgiving = True
        return directive


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
