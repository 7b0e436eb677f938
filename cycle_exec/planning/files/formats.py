"""Variables as text for another program: dotenv, json, shell, yaml."""

from __future__ import annotations

from cycle_exec.planning.files import dotenv
from cycle_exec.planning.files.carrying import NotCarried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NotCarried", "write", "yaml_flow_pair", "yaml_scalar"]

# YAML looks only so far ahead for the colon of a plain `key: value`.
_LONGEST_KEY = 1000


def write(
    values: Mapping[str, str],
    format: str,
    reader: str = "python-dotenv",
) -> str:
    """Return the variables in that format. Raises NotCarried.

    format: "dotenv", "json", "shell" or "yaml". reader: whose dotenv it is. Bytes that are not
    UTF-8 stay `surrogateescape`d for the shell; the other formats cannot carry them.
    """
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
    return "".join(_yaml_pair(name, value) for name, value in values.items()) or "{}\n"


def _yaml_pair(name: str, value: str) -> str:
    key = yaml_scalar(name)
    if len(key) > _LONGEST_KEY:
        return f"? {key}\n: {yaml_scalar(value)}\n"
    return f"{key}: {yaml_scalar(value)}\n"


def yaml_flow_pair(name: str, value: str) -> str:
    """Return a pair of a flow mapping. value: YAML already."""
    key = yaml_scalar(name)
    return f"? {key} : {value}" if len(key) > _LONGEST_KEY else f"{key}: {value}"


def yaml_scalar(text: str) -> str:
    """Return a double-quoted scalar that YAML 1.1 and 1.2 read alike: all but plain ASCII
    escaped.
    """
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if " " <= character <= "~":
        return character
    point = ord(character)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
