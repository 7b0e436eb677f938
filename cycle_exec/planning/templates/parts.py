"""Other files that a template is made of: what include, import, from and extends name.

They are named by a text in quotes, so that they are known before anything is rendered, and lie in
the folder of the source. Reading them is the caller's business.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TAG = r"\{%[-+]?\s*(?:include|import|from|extends)\b(.*?)%\}"
_LITERAL = r"'([^'\\]*)'|\"([^\"\\]*)\""


class Library(Record):
    """The files that templates may use.

    texts: by the name messages call it, which is that of its folder and that in the template.
    unreadable: of what cannot be used, why. folders: of every template and every file that may
    use others, what their names begin with.
    """

    _redacted = ("texts",)

    texts: Mapping[str, str] = {}
    unreadable: Mapping[str, str] = {}
    folders: Mapping[str, str] = {}


def named(text: str) -> Iterator[str]:
    """Every name that the template may use, in doubt more than it does."""
    if "{%" not in text or not any(
        word in text for word in ("include", "import", "from", "extends")
    ):
        return
    import re

    for tag in re.finditer(_TAG, text, re.DOTALL):
        for literal in re.finditer(_LITERAL, tag[1]):
            yield literal[1] or literal[2] or ""


def unfit(name: str) -> str:
    """Why a name is that of no file in the folder; empty if it can be."""
    if name.startswith("/"):
        return "it is absolute: name it relative to the directory of the template"
    steps = name.split("/")
    if ".." in steps:
        return "it leads out of the directory of the template"
    if not name or "" in steps or "." in steps or "\0" in name:
        return "it is not the plain name of a file"
    return ""


def is_part(path: str) -> bool:
    """Whether a file of a folder is a part of others, and no template with a target."""
    return path.rpartition("/")[2].startswith("_")
