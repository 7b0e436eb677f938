"""Jinja2's own filters of texts, for compiled templates: see filters."""

from __future__ import annotations

from cycle_exec.planning.programs.objects import Uncertain, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SCALARS = frozenset((str, int, float, bool, type(None)))
# RFC 3986, 2.3.
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~")


def _of(value: Any) -> str:
    return value if isinstance(value, str) else text_of(value)


def do_capitalize(s: Any) -> str:
    return _of(s).capitalize()


def do_center(value: Any, width: int = 80) -> str:
    return _of(value).center(width)


def do_format(value: Any, *args: Any, **kwargs: Any) -> str:
    if args and kwargs:
        raise Uncertain
    return _of(value) % (kwargs or args)


def do_indent(s: Any, width: Any = 4, first: Any = False, blank: Any = False) -> str:
    indentation = width if isinstance(width, str) else " " * width
    s += "\n"
    if blank:
        text = ("\n" + indentation).join(s.splitlines())
    else:
        text, *lines = s.splitlines()
        if lines:
            text += "\n" + "\n".join(indentation + line if line else line for line in lines)
    return indentation + text if first else text


def do_lower(s: Any) -> str:
    return _of(s).lower()


def do_string(value: Any) -> str:
    return _of(value)


def do_title(s: Any) -> str:
    words = [""]
    for character in _of(s):
        # What divides words: the blanks of Unicode, as \\s of a regular expression, and brackets.
        if character in "-({[<" or character.isspace():
            words += (character, "")
        else:
            words[-1] += character
    return "".join(word[:1].upper() + word[1:].lower() for word in words)


def do_trim(value: Any, chars: Any = None) -> str:
    return _of(value).strip(chars)


def do_upper(s: Any) -> str:
    return _of(s).upper()


def do_urlencode(value: Any) -> str:
    if type(value) is dict:
        return "&".join([f"{_quoted(key)}={_quoted(each)}" for key, each in value.items()])
    if type(value) not in _SCALARS:
        raise Uncertain
    return _percent_encoded(text_of(value), "/")


def _quoted(value: Any) -> str:
    return _percent_encoded(text_of(value), " ").replace(" ", "+")


def _percent_encoded(text: str, safe: str) -> str:
    return "".join(
        character
        if character in _UNRESERVED or character in safe
        else "".join([f"%{byte:02X}" for byte in character.encode()])
        for character in text
    )
