"""Dotenv files for Node.js, for Compose and for systemd, which each read them otherwise.

Node.js: from 20.12. Compose: env_file, of version 1 and of version 2. systemd: EnvironmentFile.
"""

from __future__ import annotations

from cycle_exec.planning.files.carrying import NotCarried, expands, plain_name, whole_text

_BLANK = " \t\n\v\f\r"


def node_line(name: str, value: str) -> str:
    """Return the value in quotes that do not stand in it: there are three, and no escapes."""
    plain_name(name, "Node.js")
    whole_text(name, value, "Node.js")
    if "\r" in value:
        raise NotCarried(name, "it has a carriage return, which Node.js takes away")
    for quote in "'`":
        if quote not in value:
            return f"{name}={quote}{value}{quote}\n"
    if '"' not in value and "\\n" not in value:
        return f'{name}="{value}"\n'
    if "\n" in value or "#" in value or value[0] in "'\"`" or value.strip(_BLANK) != value:
        raise NotCarried(name, "it has every kind of quotes that Node.js knows")
    return f"{name}={value}\n"


def compose_line(name: str, value: str) -> str:
    """Return the value in single quotes, or in double quotes if these stand in it."""
    plain_name(name, "Compose")
    whole_text(name, value, "Compose")
    if name.startswith("export"):
        raise NotCarried(name, "Compose takes the beginning of its name for a word of its own")
    if expands(value):
        raise NotCarried(name, "it has ${, which some versions of Compose expand")
    if "'" not in value and "\r" not in value:
        if value.endswith("\\") or "\\\\" in value:
            raise NotCarried(name, "its backslashes are misread by Compose")
        return f"{name}='{value}'\n"
    if any(character in value for character in '"\\$'):
        raise NotCarried(name, "its quotes, with what else is in it, are misread by Compose")
    return f'{name}="' + value.replace("\r", "\\r").replace("\n", "\\n") + '"\n'


def systemd_line(name: str, value: str) -> str:
    """Return the value in double quotes, escaped as for a shell."""
    plain_name(name, "systemd")
    whole_text(name, value, "systemd")
    if any(_is_control(character) for character in value):
        raise NotCarried(name, "it has a control character, which systemd does not allow")
    if any(_is_no_character(ord(character)) for character in value):
        raise NotCarried(name, "it has a code point that is no character, which systemd refuses")
    escaped = "".join("\\" + each if each in '"\\`$' else each for each in value)
    return f'{name}="{escaped}"\n'


def _is_control(character: str) -> bool:
    return character not in "\t\n" and (character < " " or character == "\x7f")


def _is_no_character(point: int) -> bool:
    return 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE
