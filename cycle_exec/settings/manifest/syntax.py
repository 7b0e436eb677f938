"""TOML as tomllib reads it, and what it finds wrong, in our words: its own may quote the file."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# How tomllib begins what it has to say, and our words for it.
_WORDS = {
    "Invalid value": "this value is not valid TOML (strings stand in quotes)",
    "Invalid statement": "this is neither KEY = VALUE nor a [table]",
    "Invalid initial character for a key part": "this is not a key (quote unusual ones)",
    "Expected '=' after a key": "there is no = after the key",
    "Expected newline or end of document": "there is more after the value than belongs to it",
    "Cannot overwrite a value": "this key is there twice",
    "Cannot declare": "this table is there twice",
    "Cannot mutate immutable namespace": "this table was already written as { ... }",
    "Duplicate inline table key": "this key is there twice",
    "Unterminated string": "the string has no closing quote",
    "Expected \"'": "a string that begins here or earlier has no closing quote",
    "Found invalid character": "the string has no closing quote, or a character not allowed",
    "Illegal character '\\n'": "the string has no closing quote",
    "Illegal character": "a character here must be escaped or is not allowed",
    "Invalid hex value": "the escape needs more hexadecimal digits",
    "Escaped character is not": "the escape is not a character",
    "Invalid date": "this date does not exist",
    "Cannot redefine namespace": "this table is there twice",
    "Unescaped '\\' in a string": "a backslash here must be doubled, or write '...'",
    "Unclosed array": "the array has no closing ]",
    "Unclosed inline table": "the table has no closing }, or goes over the end of the line",
    "Expected ']'": "the table's header has no closing ]",
}


class Invalid(ValueError):
    """A text that is not valid TOML. line: where, from 1."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(line, reason)


def load(text: str) -> dict[str, Any]:
    """Return the document; raise Invalid."""
    from tomllib import loads

    if text.startswith("\ufeff"):
        raise Invalid(1, "it begins with a byte order mark, save it without")
    try:
        return loads(text)
    except RecursionError:
        raise Invalid(1, "its values are nested too deeply") from None
    except ValueError as error:
        line = _line(text, error)
        raise Invalid(line, _reason(str(error), text.split("\n")[line - 1])) from None


def _line(text: str, error: ValueError) -> int:
    """Return the line tomllib speaks of: Python 3.14 has an attribute, before there are words."""
    line = getattr(error, "lineno", None)
    if isinstance(line, int):
        return line
    # The last words only: a key that is quoted before them may look the same.
    words = str(error).rpartition(" (at ")[2]
    if words.startswith("line "):
        return int(words.removeprefix("line ").partition(",")[0])
    return text.rstrip().count("\n") + 1


def _reason(message: str, line: str) -> str:
    _, _, value = line.partition("=")
    if message.startswith("Expected newline") and value.strip()[:1] == "0":
        return 'a number does not begin with 0: put it in quotes, as in mode = "0640"'
    for beginning, words in _WORDS.items():
        if message.startswith(beginning):
            return words
    return "this is not valid TOML"
