"""Templates that only put values in their places, rendered without Jinja2.

Importing Jinja2 costs more than a whole launch without it, and most config templates need nothing
of it but `{{ name.member["key"] }}` and `{# comments #}`. This is the part of its language whose
meaning is beyond doubt; whatever goes further, in the template or in the values, is left to
Jinja2. The tests hold both equal.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    # A name of the context and the keys that follow it.
    Path = tuple[str, ...]

OUTPUT_LIMIT = 16 * 1024 * 1024  # bytes, for Jinja2 too

# Words of Jinja2's grammar, and names that it gives a meaning of its own.
_RESERVED = frozenset(
    """
    and as block call caller continue break debug do elif else endfor extends false filter for
    from if import in include is loop macro none not or raw recursive self set super true varargs
    kwargs with without False None True range dict lipsum cycler joiner namespace
    """.split()
)
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_KEY = _NAME | frozenset("-. :/@")
_BLANK = " \t\n"
# Stands for a comment, so that what is left and right of it does not become one mark.
_COMMENT = "\0"
# What Jinja2 prints as str() does. Integers from JSON have at most 300 digits, which str() takes.
_PRINTED = (str, int, float, bool)


class Plain(Record):
    """A template of this kind: literal texts, and between each two of them a path."""

    _redacted = ("texts",)

    texts: tuple[str, ...]
    paths: tuple[Path, ...]

    @property
    def names(self) -> frozenset[str]:
        """The top-level names it takes from the context."""
        return frozenset(path[0] for path in self.paths)


def parsed(sources: Mapping[str, str]) -> dict[str, Plain]:
    """Those templates of a kind that needs no Jinja2, by name."""
    found = {name: parse(text) for name, text in sources.items()}
    return {name: each for name, each in found.items() if each is not None}


def parse(text: str) -> Plain | None:
    """Return the template, or None if only Jinja2 can tell what it means."""
    # Jinja2 makes one kind of line end of all; of {{# it takes the first two characters.
    if "{%" in text or "{{#" in text or "\r" in text or _COMMENT in text:
        return None
    uncommented = _uncommented(text)
    if uncommented is None:
        return None
    first, *rest = uncommented.split("{{")
    texts, paths = [first], []
    for each in rest:
        expression, closed, literal = each.partition("}}")
        path = _path(expression) if closed else None
        if path is None:
            return None
        paths.append(path)
        texts.append(literal)
    return Plain(texts=tuple(each.replace(_COMMENT, "") for each in texts), paths=tuple(paths))


def _uncommented(text: str) -> str | None:
    """Return the text with _COMMENT for each comment, or None where Jinja2 has to trim by a sign.

    A comment takes the line end after it along, and before it the blanks of a line that has
    nothing else (trim_blocks, lstrip_blocks).
    """
    outside, *rest = text.split("{#")
    kept = []
    line_begins = True
    for each in rest:
        before, line_end, blanks = outside.rpartition("\n")
        if blanks.isspace() and (line_end or line_begins):
            outside = before + line_end
        kept.append(outside)
        comment, closed, outside = each.partition("#}")
        if not closed or comment[:1] in ("-", "+") or comment[-1:] in ("-", "+"):
            return None
        line_begins = outside.startswith("\n")
        outside = outside.removeprefix("\n")
    return _COMMENT.join((*kept, outside))


def render(plain: Plain, context: Mapping[str, object], limit: int = OUTPUT_LIMIT) -> str | None:
    """Return the text, or None where Jinja2 has to decide: a name or a key is not there, a value is
    neither text nor number, or the text is longer than the limit.
    """
    parts = [plain.texts[0]]
    size = size_of(parts[0])
    for path, literal in zip(plain.paths, plain.texts[1:], strict=True):
        value: object = context
        for key in path:
            # The context is a dict as well.
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        if type(value) not in _PRINTED:
            return None
        printed = str(value)
        size += size_of(printed) + size_of(literal)
        parts += (printed, literal)
    return "".join(parts) if size <= limit else None


def size_of(text: str) -> int:
    """Return the bytes of a text in a file. Raises UnicodeEncodeError where it can be in none."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def _path(expression: str) -> Path | None:
    """Return the path of `name.member["key"]`, or None for any other expression."""
    left = expression.strip(_BLANK)
    name, left = _name(left)
    if not name:
        return None
    path = [name]
    while left:
        if left[0] == ".":
            key, left = _name(left[1:])
        else:
            key, left = _key(left)
        if not key:
            return None
        path.append(key)
    return tuple(path)


def _name(text: str) -> tuple[str, str]:
    """Return the name at the beginning, and what follows; an empty name if none of ours stands
    there.
    """
    length = next((at for at, each in enumerate(text) if each not in _NAME), len(text))
    name = text[:length]
    # What begins with _ is the sandbox's business.
    if not name or name[0].isdigit() or name[0] == "_" or name in _RESERVED:
        return "", text
    return name, text[length:]


def _key(text: str) -> tuple[str, str]:
    """Return the same for ["key"]: one word in plain characters."""
    quote = text[1:2]
    if text[0] != "[" or quote not in ("'", '"'):
        return "", text
    key, closed, left = text[2:].partition(quote)
    if not closed or left[:1] != "]" or key[:1] == "_" or not _KEY.issuperset(key):
        return "", text
    return key, left[1:]
