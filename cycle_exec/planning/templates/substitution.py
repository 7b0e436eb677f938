"""Templates that only put values in their places, rendered without Jinja2.

Importing Jinja2 costs more than a whole launch without it, and most config templates need little
of it: `{{ name.member["key"][0]|filter }}`, `default("...")`, `{# comments #}`, and the signs that
trim white space. This is the part of its language whose meaning is beyond doubt; whatever goes
further, in the template or in the values, is left to Jinja2. The tests hold both equal.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    # A name of the context, and the keys and positions that follow it.
    Path = tuple[str | int, ...]
    # A filter and its arguments.
    Filter = tuple[str, tuple[str | bool, ...]]

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
_BLANK = " \t\n"
# Stands for a comment, so that what is left and right of it does not become one mark.
_COMMENT = "\0"
# What Jinja2 prints as str() does. Integers from JSON have at most 300 digits, which str() takes.
_PRINTED = (str, int, float, bool)
_MOST_DIGITS = 6  # of a position
_DEEPEST = 50  # steps of one expression; Python refuses to compile some more
# Jinja2's own filters that need nothing but a value.
_THEIRS = frozenset(("int", "lower", "string", "trim", "upper"))
_WITH_ARGUMENTS = frozenset(("default", "mandatory", "required"))
_LARGEST = 65_536  # characters of a value that filters take: what they make of it stays small


class Expression(Record):
    """A value of the context, and what is made of it."""

    path: Path
    filters: tuple[Filter, ...] = ()


class Plain(Record):
    """A template of this kind: literal texts, and between each two of them an expression."""

    _redacted = ("texts",)

    texts: tuple[str, ...]
    expressions: tuple[Expression, ...]

    @property
    def names(self) -> frozenset[str]:
        """The top-level names it takes from the context."""
        return frozenset(str(each.path[0]) for each in self.expressions)


def parsed(sources: Mapping[str, str]) -> dict[str, Plain]:
    """Those templates of a kind that needs no Jinja2, by name."""
    found = {name: parse(text) for name, text in sources.items()}
    return {name: each for name, each in found.items() if each is not None}


def parse(text: str) -> Plain | None:
    """Return the template, or None if only Jinja2 can tell what it means."""
    # Of {{# Jinja2 takes the first two characters.
    if "{%" in text or "{{#" in text or _COMMENT in text:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    uncommented = _uncommented(text)
    if uncommented is None:
        return None
    first, *rest = uncommented.split("{{")
    texts, expressions = [first], []
    for each in rest:
        inside, closed, literal = each.partition("}}")
        if inside.startswith("-"):
            inside = inside[1:]
            texts[-1] = texts[-1].rstrip()
        if inside.endswith("-"):
            inside = inside[:-1]
            literal = literal.lstrip()
        expression = _expression(inside) if closed else None
        if expression is None:
            return None
        expressions.append(expression)
        texts.append(literal)
    return Plain(
        texts=tuple(each.replace(_COMMENT, "") for each in texts), expressions=tuple(expressions)
    )


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
    neither text nor number, a filter refuses, or the text is longer than the limit.
    """
    parts = [plain.texts[0]]
    size = size_of(parts[0])
    for expression, literal in zip(plain.expressions, plain.texts[1:], strict=True):
        value = _value(expression, context)
        if type(value) not in _PRINTED:
            return None
        printed = str(value)
        size += size_of(printed) + size_of(literal)
        parts += (printed, literal)
    return "".join(parts) if size <= limit else None


def size_of(text: str) -> int:
    """Return the bytes of a text in a file. Raises UnicodeEncodeError where it can be in none."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def _value(expression: Expression, context: Mapping[str, object]) -> object:
    """Return the value, or None where Jinja2 has to decide."""
    value: Any = context
    filters = expression.filters
    *way, last = expression.path
    for key in way:
        if not _has(value, key):
            return None
        value = value[key]
    if _has(value, last):
        value = value[last]
    elif way and isinstance(value, dict) and isinstance(last, str) and not hasattr(dict, last):
        # What is not there has a default, or Jinja2 tells of it.
        if not filters or filters[0][0] != "default":
            return None
        value, filters = filters[0][1][0], filters[1:]
    else:
        return None
    try:
        for name, arguments in filters:
            value = _filtered(name, value, arguments)
    except Exception:  # noqa: BLE001 - Jinja2 tells what it is
        return None
    return value


def _has(value: object, key: str | int) -> bool:
    if isinstance(value, dict):  # the context is one as well
        return isinstance(key, str) and key in value
    return isinstance(value, list) and isinstance(key, int) and key < len(value)


def _filtered(name: str, value: Any, arguments: tuple[str | bool, ...]) -> object:
    if type(value) not in _PRINTED or len(str(value)) > _LARGEST:
        return None
    if name == "default":
        return arguments[0] if arguments[1:] == (True,) and not value else value
    if name in _THEIRS:
        from cycle_exec.planning.programs import filters

        return filters.FILTERS[name](value)
    from cycle_exec.planning.templates.filters import table

    return table.filter_of(name)(value, *arguments)


def _expression(text: str) -> Expression | None:
    """Return what `name.member["key"][0]|filter` means, or None for any other expression."""
    if _COMMENT in text:  # in an expression, the sign of a comment is one of a text in quotes
        return None
    left = text.strip(_BLANK)
    name, left = _name(left)
    # What begins with _ is the sandbox's business.
    if not name or name[0] == "_" or name in _RESERVED:
        return None
    path: list[str | int] = [name]
    while left and left[0] in ".[":
        key, left = _name(left[1:]) if left[0] == "." else _key(left)
        if key == "":
            return None
        path.append(key)
    filters = []
    left = left.lstrip(_BLANK)
    while left:
        found = _filter(left)
        if found is None:
            return None
        name, arguments, left = found
        filters.append((name, arguments))
        left = left.lstrip(_BLANK)
    if len(path) + len(filters) > _DEEPEST:
        return None
    return Expression(path=tuple(path), filters=tuple(filters))


def _name(text: str) -> tuple[str, str]:
    """Return the name at the beginning, and what follows; an empty name if none stands there."""
    length = next((at for at, each in enumerate(text) if each not in _NAME), len(text))
    name = text[:length]
    if not name or name[0].isdigit():
        return "", text
    return name, text[length:]


def _key(text: str) -> tuple[str | int, str]:
    """Return the same for ["key"] and [0]."""
    quote = text[1:2]
    if quote not in ("'", '"'):
        digits, closed, left = text[1:].partition("]")
        right = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
        if not closed or not right or (digits[0] == "0" and digits != "0"):
            return "", text
        return int(digits), left
    key, closed, left = text[2:].partition(quote)
    if not closed or left[:1] != "]" or "\\" in key or not key:
        return "", text
    return key, left[1:]


def _filter(text: str) -> tuple[str, tuple[str | bool, ...], str] | None:
    """Return the filter that stands at the beginning, its arguments, and what follows."""
    if text[0] != "|":
        return None
    name, left = _name(text[1:].lstrip(_BLANK))
    if name in _WITH_ARGUMENTS and left[:1] == "(":
        inside = left[1:].lstrip(_BLANK)
        quote = inside[:1]
        if quote not in ("'", '"') or not quote:
            return None
        literal, closed, left = inside[1:].partition(quote)
        words, ended, left = left.partition(")")
        words = words.strip(_BLANK)
        if not closed or not ended or "\\" in literal:
            return None
        if not words:
            return name, (literal,), left
        comma, flag = words[:1], words[1:].strip(_BLANK)
        if comma != "," or name != "default" or flag not in ("true", "false", "True", "False"):
            return None
        return name, (literal, flag.lower() == "true"), left
    if not name or name == "default" or not _takes_a_value_alone(name):
        return None
    return name, (), left


def _takes_a_value_alone(name: str) -> bool:
    from cycle_exec.planning.templates.filters import table

    return name in _THEIRS or (name in table.FILTERS and name not in table.TAKE_NAME)
