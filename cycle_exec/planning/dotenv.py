"""Dotenv files: read with python-dotenv, written for one named reader.

A dotenv file has no single meaning, so one is written for a reader, and a value that this reader
would give back changed is refused: python-dotenv (with interpolate=False), docker (--env-file),
or a shell.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

READERS = ("python-dotenv", "docker", "shell")


class Unparsable(Exception):
    """A line that python-dotenv cannot read."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


class NotCarried(Exception):
    """A value that the reader would not give back as it is."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(name)


def read(text: str) -> dict[str, str]:
    """Names and values, later lines winning; a name without a value is passed over.

    Nothing is expanded. Raises Unparsable.
    """
    from io import StringIO

    from dotenv.parser import parse_stream

    found: dict[str, str] = {}
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            raise Unparsable(binding.original.line)
        if binding.key and binding.value is not None:
            found[binding.key] = binding.value
    return found


def write(values: Mapping[str, str], reader: str) -> str:
    """The file's text. Raises NotCarried."""
    line = {"python-dotenv": _python_line, "docker": _docker_line, "shell": _shell_line}[reader]
    return "".join(line(name, value) for name, value in values.items())


def quote(value: str) -> str:
    """A value as python-dotenv reads it back. Raises NotCarried."""
    return _python_quoted("the value", value)


def _python_line(name: str, value: str) -> str:
    if not (name.isascii() and name.isidentifier()):
        raise NotCarried(name, "python-dotenv cannot read its name")
    return f"{name}={_python_quoted(name, value)}\n"


def _python_quoted(name: str, value: str) -> str:
    _no_half_characters(name, value, "python-dotenv")
    if not value.endswith("\\"):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        # The file is read with universal newlines, which would turn CR into LF.
        return '"' + quoted.replace("\r", "\\r").replace("\n", "\\n") + '"'
    # Its quoting pattern takes a backslash before the closing quote for an escape.
    if value[0] in "'\"" or any(c.isspace() or c == "#" for c in value) or not value.isprintable():
        raise NotCarried(name, "it ends in a backslash, which python-dotenv misreads")
    return value


def _docker_line(name: str, value: str) -> str:
    _no_half_characters(name, value, "docker")
    if not name or any(c.isspace() for c in name) or name.startswith("#"):
        raise NotCarried(name, "docker cannot read its name")
    if "\n" in value or value.endswith("\r"):
        raise NotCarried(name, "it has a line break")
    return f"{name}={value}\n"


def _shell_line(name: str, value: str) -> str:
    if not (name.isascii() and name.isidentifier()):
        raise NotCarried(name, "no shell accepts its name")
    if "\0" in value:
        raise NotCarried(name, "it holds a NUL")
    return f"export {name}={shell_quoted(value)}\n"


def shell_quoted(value: str) -> str:
    """The value in single quotes, as every shell reads it back."""
    return "'" + value.replace("'", "'\\''") + "'"


def _no_half_characters(name: str, value: str, reader: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotCarried(name, f"it is not UTF-8, which {reader} needs") from None
    if "\0" in value:
        raise NotCarried(name, "it holds a NUL")
