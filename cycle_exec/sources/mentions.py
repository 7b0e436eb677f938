"""Which known names a template mentions, found before the fetch and without Jinja2."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection


def names(text: str, known: Collection[str]) -> frozenset[str]:
    """The known names that may be used in the template's expression blocks.

    More than are really used when in doubt (raw blocks, names the template sets itself), never
    fewer: comments, string literals, attributes and keyword arguments do not count.
    """
    import re

    blocks = re.compile(r"\{#.*?#\}|\{\{(.*?)(?:\}\}|\Z)|\{%(.*?)(?:%\}|\Z)", re.DOTALL)
    # A string literal is consumed whole, so nothing inside it is taken for a name.
    words = re.compile(
        r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?<![\w.])(?P<name>[A-Za-z_]\w*)(?!\w)""", re.DOTALL
    )
    found = set()
    for block in blocks.finditer(text):
        for word in words.finditer(block.group(1) or block.group(2) or ""):
            if word["name"] in known:
                found.add(word["name"])
    return frozenset(found)
