"""JSON for people: indented, and coloured on a terminal that shows colours."""

from __future__ import annotations

from json import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY, _TEXT, _OTHER, _PLAIN = "\x1b[34m", "\x1b[32m", "\x1b[33m", "\x1b[0m"
_STEP = "  "


def pretty(value: object, *, colour: bool) -> str:
    """Return the value on several lines, without one at its end. Control characters stay
    escaped.
    """
    return "".join(_pieces(value, "\n", colour))


def line(value: object) -> str:
    """Return the value on one line."""
    return dumps(value, ensure_ascii=False, separators=(",", ":"))


def _pieces(value: object, indent: str, colour: bool) -> Iterator[str]:
    if isinstance(value, dict) and value:
        comma = "{"
        for key, below in value.items():
            yield f"{comma}{indent}{_STEP}{_painted(_word(key), _KEY, colour)}: "
            yield from _pieces(below, indent + _STEP, colour)
            comma = ","
        yield f"{indent}}}"
    elif isinstance(value, list) and value:
        comma = "["
        for below in value:
            yield f"{comma}{indent}{_STEP}"
            yield from _pieces(below, indent + _STEP, colour)
            comma = ","
        yield f"{indent}]"
    else:
        yield _painted(_word(value), _TEXT if isinstance(value, str) else _OTHER, colour)


def _word(value: object) -> str:
    # What a terminal could take for a command is escaped; DEL and C1 are not, by json.
    text = dumps(value, ensure_ascii=False)
    return "".join(f"\\u{ord(c):04x}" if "\x7f" <= c <= "\x9f" else c for c in text)


def _painted(text: str, paint: str, colour: bool) -> str:
    return f"{paint}{text}{_PLAIN}" if colour else text
