"""Dotenv files: read with python-dotenv, written for one named reader.

A dotenv file has no single meaning, so one is written for a reader, and a value that this reader
would give back changed is refused: python-dotenv (as load_dotenv() reads it), docker (--env-file),
a shell, and those of `env_files`. Where versions of a reader differ, only what all of them give
back is written.
"""

from __future__ import annotations

from cycle_exec.planning.files.carrying import NotCarried, expands, plain_name, whole_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NotCarried", "Unparsable", "quote", "read", "shell_quoted", "write"]

# What python-dotenv puts a dollar in for: the default of a variable that no environment can have.
_DOLLAR = "${=:-$}"
# bufio.MaxScanTokenSize, the line's end included.
_DOCKER_LINE = 64 * 1024
# bash or dash refuses, ignores or changes a value of these. (`_` and SHLVL too, but these two are
# in every inherited environment, and nobody needs their values.)
_SHELLS_OWN = frozenset(
    """
    BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_CMDS BASH_COMMAND BASH_LINENO
    BASH_MONOSECONDS BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO DIRSTACK EPOCHREALTIME EPOCHSECONDS
    EUID FUNCNAME GROUPS HISTCMD LINENO OPTIND PPID RANDOM SECONDS SHELLOPTS SRANDOM UID
    """.split()
)


class Unparsable(Exception):
    """A line that python-dotenv cannot read. `line` counts from 1."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


def read(text: str) -> dict[str, str]:
    """Names and values, later lines winning; a name without any value is not set.

    The same as python-dotenv's own reading of the file, which takes any line end, also inside
    quotes, for a newline. Nothing is expanded, but what `write` puts there. Raises Unparsable.
    """
    from io import StringIO

    from dotenv.parser import parse_stream

    found: dict[str, str] = {}
    stream = StringIO(text.removeprefix("\ufeff"), newline=None)
    for binding in parse_stream(stream):
        if binding.error:
            whole = binding.original.string
            blank = whole[: len(whole) - len(whole.lstrip())]
            raise Unparsable(binding.original.line + blank.count("\n"))
        if binding.key and binding.value is not None:
            found[binding.key] = binding.value.replace(_DOLLAR + "{", "${")
        elif binding.key:
            found.pop(binding.key, None)
    return found


def write(values: Mapping[str, str], reader: str) -> str:
    """Return the file's text. Raises NotCarried."""
    line = {"python-dotenv": _python_line, "docker": _docker_line, "shell": _shell_line}.get(reader)
    if line is None:
        from cycle_exec.planning.files import env_files

        line = {
            "compose": env_files.compose_line,
            "node": env_files.node_line,
            "systemd": env_files.systemd_line,
        }[reader]
    return "".join(line(name, value) for name, value in values.items())


def quote(value: str) -> str:
    """Return a value as python-dotenv reads it back. Raises NotCarried."""
    return _python_quoted("the value", value)


def _python_line(name: str, value: str) -> str:
    plain_name(name, "python-dotenv")
    return f"{name}={_python_quoted(name, value)}\n"


def _python_quoted(name: str, value: str) -> str:
    whole_text(name, value, "python-dotenv")
    if expands(value):
        value = value.replace("${", _DOLLAR + "{")
    if not value.endswith("\\"):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        # The file is read with universal newlines, which would turn CR into LF.
        return '"' + quoted.replace("\r", "\\r").replace("\n", "\\n") + '"'
    # Up to 1.2.1 a backslash before the closing quote is always taken for an escape. Without
    # quotes everything is literal but white space around it, line ends, and a note after blanks.
    blank = [position for position, one in enumerate(value) if one.isspace()]
    if (
        value[0] in "'\""
        or value[0].isspace()
        or "\n" in value
        or "\r" in value
        or any(value[position + 1] == "#" for position in blank)
    ):
        raise NotCarried(name, "it ends in a backslash, which python-dotenv misreads")
    return value


def _docker_line(name: str, value: str) -> str:
    """Return the value stands verbatim after the equals sign; docker knows neither quotes nor
    escapes.
    """
    whole_text(name, value, "docker")
    if not name or name[0] in "#\ufeff" or "=" in name or any(one.isspace() for one in name):
        raise NotCarried(name, "docker cannot read its name")
    if "\n" in value or value.endswith("\r"):
        raise NotCarried(name, "it has a line break")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        raise NotCarried(name, "it is in quotes, which some versions of docker remove")
    line = f"{name}={value}\n"
    if len(line.encode()) > _DOCKER_LINE:
        raise NotCarried(name, "it is longer than docker's limit for a line (64 KiB)")
    return line


def _shell_line(name: str, value: str) -> str:
    if not (name.isascii() and name.isidentifier()):
        raise NotCarried(name, "no shell accepts its name")
    if name in _SHELLS_OWN:
        raise NotCarried(name, "its name is reserved by shells")
    if "\0" in value:
        raise NotCarried(name, "it contains a NUL")
    return f"export {name}={shell_quoted(value)}\n"


def shell_quoted(value: str) -> str:
    """Return the value in single quotes, as every shell reads it back."""
    return "'" + value.replace("'", "'\\''") + "'"
