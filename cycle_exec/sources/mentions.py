"""Which known names a template mentions, found before the fetch and without Jinja2."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

_STRING = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_COMMENT = r"\{#.*?#\}"
_RAW = r"\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}"
# Up to the first closing mark, and up to the first that is outside of a string literal. Only a
# parser could tell which is right, so both are read.
_SHORT = r"\{\{(.*?)(?:\}\}|\Z)|\{%(.*?)(?:%\}|\Z)"
_LONG = rf"\{{\{{((?:{_STRING}|.)*?)(?:\}}\}}|\Z)|\{{%((?:{_STRING}|.)*?)(?:%\}}|\Z)"
_WORD = rf"{_STRING}|(?<![\w.])(?P<name>[A-Za-z_]\w*)(?!\w)(?!\s*=(?!=))"


def names(text: str, known: Collection[str]) -> frozenset[str]:
    """Return the known names that may be used in the template's expression blocks.

    More than are really used when in doubt (raw blocks, names that a loop sets), never fewer:
    plain text, comments, string literals, attributes and keyword arguments do not count.
    """
    import re

    word = re.compile(_WORD, re.DOTALL)
    found = set()
    for blocks in (f"{_COMMENT}|{_SHORT}", f"{_COMMENT}|{_RAW}|{_LONG}"):
        for block in re.finditer(blocks, text, re.DOTALL):
            for each in word.finditer(block.group(1) or block.group(2) or ""):
                if each["name"] in known:
                    found.add(each["name"])
    return frozenset(found)
