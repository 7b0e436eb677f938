"""What is wrong with the text of a template, in words for the person who wrote it.

Jinja2 says what it expected; which block is open, and since when, is found in the text itself.
"""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCKS = ("for", "if", "macro", "call", "filter", "set", "block", "with", "autoescape")
_TAGS = (
    *_BLOCKS,
    *(f"end{name}" for name in _BLOCKS),
    *("elif", "else", "raw", "endraw", "include", "import", "from", "extends"),
)
# Tags of other languages.
_OTHERS = {
    **dict.fromkeys(("elseif", "elsif"), "Jinja2 writes elif"),
    "end": "Jinja2 names what it ends: endif, endfor",
    "fi": "Jinja2 writes endif",
    "done": "Jinja2 writes endfor",
    "unless": "Jinja2 writes {% if not ... %}",
    "foreach": "Jinja2 writes {% for ... in ... %}",
    "range": "Jinja2 writes {% for ... in ... %}",
    "assign": "Jinja2 writes {% set name = ... %}",
    "let": "Jinja2 writes {% set name = ... %}",
    "do": "it is not available: nothing can be changed, make a new value with {% set %}",
    "break": "it is not available: filter the list, {% for ... in ... if ... %}",
    "continue": "it is not available: filter the list, {% for ... in ... if ... %}",
    "trans": "it is not available",
}
_BEGIN = r"\{%[-+]?\s*(\w+)\b(.*?)%\}"
_SKIPPED = r"\{#.*?#\}|\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}"
_GO = (
    r"\{\{-?\s*(?:\.|\$|/\*"
    r"|(?:if|range|with|end|else|define|template|printf|include|index|eq|ne)\b"
    # A function, and its argument behind a blank: getv "/a", default .Env.A, (ds "a").
    r"|(?:\(|[\w.]+\s+\()*(?!not\b)[\w.]+\s+(?:[\"`$]|\.\w))"
)
GO = (
    "this is a Go template",
    "write {{ env.NAME }}, {% if ... %}, {% for ... in ... %}, {% endif %}, {% endfor %}",
)


class Open(Record):
    """A block that is not closed."""

    name: str
    line: int


def go(line: str) -> bool:
    """Whether the line is one of a Go template: of consul-template, gomplate, Helm."""
    import re

    return re.search(_GO, line) is not None


def reason(message: str, text: str, at: int) -> tuple[str, str]:
    """Return why a template is not valid, and the way out. message: Jinja2's. at: the line."""
    import re

    lines = text.split("\n")
    line = lines[at - 1] if 0 < at <= len(lines) else ""
    if go(line):
        return GO
    unknown = re.match(r"Encountered unknown tag '(\w{1,40})'", message)
    if unknown:
        return _unknown(unknown[1], text, at), ""
    if re.match(r"Unexpected end of template", message):
        return _unclosed(text), ""
    if message.startswith("Missing end of raw"):
        return "a raw block is not closed: endraw is missing", ""
    if message.startswith("Missing end of comment"):
        return "a comment is not closed: #} is missing", ""
    if "nexpected end of template" in message or "was never closed" in message:
        return "a block or an expression is not closed", ""
    if re.search(r"\{%[-+]?\s*else\s+if\b", line):
        return "else if is no tag: Jinja2 writes elif", ""
    if "nexpected char" in message:
        return _character(message), ""
    if message.startswith(("Expected an expression", "unexpected 'end of ")):
        return "an expression is missing, or what it ends with", ""
    if message.startswith("unexpected '"):
        return _bracket(line), ""
    if "expected token" in message:
        return _token(line), ""
    return "this is not valid Jinja2", ""


def _unknown(tag: str, text: str, at: int) -> str:
    if tag in _OTHERS:
        return f"unknown tag {tag}: {_OTHERS[tag]}"
    opened = _opened(text, at, tag)
    if tag.startswith("end") and tag.removeprefix("end") in _BLOCKS:
        if opened is None:
            return f"{tag} closes nothing: no {tag.removeprefix('end')} is open"
        return (
            f"{tag} closes no {tag.removeprefix('end')}: "
            f"the block that is open is {opened.name}, from line {opened.line}"
        )
    if tag in ("else", "elif"):
        words = "if and for" if tag == "else" else "if"
        inside = f": the open block is {opened.name}, from line {opened.line}" if opened else ""
        return f"{tag} stands outside of {words}{inside}"
    if tag == "endraw":
        return "endraw closes nothing: no raw is open"
    return f"unknown tag {tag}" + nearest.did_you_mean(tag, _TAGS)


def _unclosed(text: str) -> str:
    opened = _opened(text, text.count("\n") + 1, "")
    if opened is None:
        return "a block or an expression is not closed"
    return f"{opened.name}, from line {opened.line}, is not closed: end{opened.name} is missing"


def _opened(text: str, at: int, tag: str) -> Open | None:
    """Return the innermost block that is open at the tag of a line, which fits none."""
    stack: list[Open] = []
    for name, rest, line in _tags(text):
        closes = bool(stack) and name == f"end{stack[-1].name}"
        if line > at or (line == at and name == tag and not closes):
            break
        if name in _BLOCKS and not (name == "set" and _assigns(rest)):
            stack.append(Open(name=name, line=line))
        elif closes:
            stack.pop()
    return stack[-1] if stack else None


def _assigns(rest: str) -> bool:
    """Whether a set has its value after an equals sign, and so no end."""
    return "=" in rest.partition("|")[0]


def _tags(text: str) -> Iterator[tuple[str, str, int]]:
    import re

    def blanked(found: re.Match[str]) -> str:
        return "\n" * found[0].count("\n")

    plain = re.sub(_SKIPPED, blanked, text, flags=re.DOTALL)
    for found in re.finditer(_BEGIN, plain, re.DOTALL):
        yield found[1], found[2], plain.count("\n", 0, found.start()) + 1


def _character(message: str) -> str:
    import re

    found = re.search(r"unexpected char (.*) at \d+", message)
    character = found[1].strip("'\"") if found else ""
    if character == "" or character in ("\\'", "'", '"'):
        return "a text in quotes is not closed"
    known = {
        "&": "and is written in letters: and",
        "!": "not is written in letters: not",
        "?": "a choice is written {{ a if condition else b }}",
        "$": "a name has no $ before it",
        "@": "a name has no @ before it",
        "`": 'a text stands in "quotes"',
        "#": "a comment is written {# ... #}, a tag {% ... %}",
    }
    if character in known:
        return f"{nearest.printable(character)} is not allowed in an expression: {known[character]}"
    return "a character that is not allowed in an expression"


def _bracket(line: str) -> str:
    if "{{" in line and "%}" in line and "{%" not in line:
        return "an expression begins with {{ and ends with %}"
    if "{%" in line and "}}" in line and "{{" not in line:
        return "a tag begins with {% and ends with }}"
    if "{{" in line and "}}" not in line:
        return "an expression is not closed: }} is missing"
    return "the expression is invalid: a bracket is missing or superfluous"


def _token(line: str) -> str:
    import re

    if re.search(r"\{\{[^}]*\{\{", line) or re.search(r"\{%[^%]*\{\{", line):
        return "braces stand inside braces: a name needs none there"
    if re.search(r"\{%[-+]?\s*(?:if|elif)\b[^%]*[^=!<>]=[^=]", line):
        return "= assigns: write == to compare"
    return "the expression is invalid: something is missing or superfluous"
