"""Variables as text for another program: dotenv, json, shell, yaml."""

from __future__ import annotations

from cycle_exec.planning import dotenv
from cycle_exec.planning.dotenv import NotCarried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NotCarried", "write", "yaml_scalar"]


def write(values: Mapping[str, str], format: str, reader: str = "python-dotenv") -> str:
    """The variables in that format; reader: whose dotenv it is. Raises NotCarried."""
    if format == "dotenv":
        return dotenv.write(values, reader)
    if format == "shell":
        return dotenv.write(values, "shell")
    for name, value in values.items():
        try:
            (name + value).encode()
        except UnicodeEncodeError:
            raise NotCarried(name, "it is not UTF-8") from None
    if format == "json":
        import json

        return json.dumps(dict(values), indent=2, ensure_ascii=False) + "\n"
    return (
        "".join(f"{yaml_scalar(name)}: {yaml_scalar(value)}\n" for name, value in values.items())
        or "{}\n"
    )


def yaml_scalar(text: str) -> str:
    """A double-quoted scalar that YAML 1.1 and 1.2 read alike: all but plain ASCII escaped."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~":
        return character
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
