"""JSON for people: indented, and coloured on a terminal that shows colours."""

from __future__ import annotations

import re
from json import dumps

_KEY, _TEXT, _OTHER, _PLAIN = "\x1b[34m", "\x1b[32m", "\x1b[33m", "\x1b[0m"
_WORD = re.compile(r'("(?:[^"\\]|\\.)*")(:?)|\{\}|\[\]|[^\s{}\[\],]+')
# What a terminal could take for a command, and json does not escape: DEL and C1.
_COMMANDS = re.compile("[\x7f-\x9f]")


def pretty(value: object, *, colour: bool) -> str:
    """Return the value on several lines, without one at its end. Control characters stay
    escaped.
    """
    text = dumps(value, ensure_ascii=False, indent=2)
    text = _COMMANDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return _WORD.sub(_painted, text) if colour else text


def line(value: object) -> str:
    """Return the value on one line."""
    return dumps(value, ensure_ascii=False, separators=(",", ":"))


def _painted(word: re.Match[str]) -> str:
    text, colon = word.groups(default="")
    paint = _KEY if colon else _TEXT if text else _OTHER
    return f"{paint}{text or word[0]}{_PLAIN}{colon}"
