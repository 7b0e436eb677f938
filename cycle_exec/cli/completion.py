"""What a shell asks when Tab is pressed, and the script that asks it."""

from __future__ import annotations

import shlex

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
)

from cycle_exec.cli.layout import PROGRAM
from cycle_exec.errors import refuse
from cycle_exec.system.output import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click

VARIABLE = "_CYCLE_EXEC_COMPLETE"


class _Bash(BashComplete):
    """bash parts words at : and = as well. The program gets the whole line, and what bash is about
    to replace; click's own script passes the parts, of which the words cannot be made again.
    """

    source_template = """\
%(complete_func)s() {
    local IFS=$'\\n' response completion type value
    response=$(env COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORD="$2" \\
        %(complete_var)s=bash_complete "$1")
    COMPREPLY=()
    for completion in $response; do
        IFS=',' read -r type value <<< "$completion"
        if [[ $type == file ]]; then
            compopt -o default
        else
            COMPREPLY+=("$value")
            [[ $value == *[=/] ]] && compopt -o nospace
        fi
    done
    return 0
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class _Zsh(ZshComplete):
    """click's script completes no file behind --flag=."""

    source_template = ZshComplete.source_template.replace(
        "_path_files -f", "compset -P '--*='\n            _path_files -f"
    )


class _Fish(FishComplete):
    """The same of fish, where the whole word is replaced."""

    source_template = FishComplete.source_template.replace(
        "__fish_complete_path $metadata[2];",
        "set -l flag (string match -r -- '^--[^=]*=' (commandline -t));"
        ' for path in (__fish_complete_path $metadata[2]); echo "$flag$path"; end;',
    )


_SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def script(shell: str, root: click.Command) -> str:
    """Return the completion script for a shell."""
    # Not bash's own source(): it starts a bash to check its version.
    return ShellComplete.source(_shell(shell, root))


def answer(instruction: str, root: click.Command, environ: Mapping[str, str]) -> int:
    """Print what the completion script of a shell asks for."""
    name, _, task = instruction.partition("_")
    if name not in _SHELLS or task != "complete":
        reason = f"{VARIABLE} is reserved for completion scripts"
        raise refuse("usage", "command line", reason)
    words, begun = _words(environ.get("COMP_LINE", "")) if name == "bash" else ([], "")
    shell = _shell(name, root, words)
    if name != "bash":
        found, begun = shell.get_completion_args()
        words += found
    if "--" in words:
        # A word of the command to start: click knows nothing about it, the shell knows files.
        items = [CompletionItem(begun, type="file")]
    else:
        items = shell.get_completions(list(words), begun)
    # click completes what is behind --flag=, shells replace the whole word, and bash a part of it.
    flag, equals, _ = begun.partition("=")
    before = flag + equals if begun[:1] == "-" and equals else ""
    part = _words(environ.get("COMP_WORD", ""))[1] if name == "bash" else begun
    typed = len(begun) - len(part) if begun.endswith(part) else 0
    for item in items:
        if item.type == "plain":
            item.value = f"{before}{item.value}"[typed:]
        stdout.write(f"{shell.format_completion(item)}\n")
    return 0


def _shell(name: str, root: click.Command, words: Sequence[str] = ()) -> ShellComplete:
    """words: those before the one that is begun, for `offers`: click knows no words that stand
    before an option whose value is being completed.
    """
    return _SHELLS[name](root, {"obj": words}, PROGRAM, VARIABLE)


def _words(line: str) -> tuple[list[str], str]:
    """Return the whole words behind the first one, and the one that is begun."""
    # One character more, so that a new word is one as well.
    reader = shlex.shlex(line + "x", posix=True)
    reader.whitespace_split = True
    reader.commenters = ""
    words: list[str] = []
    try:
        words.extend(reader)
    except ValueError:
        words.append(reader.token)  # a quote is not closed yet
    *whole, begun = words
    return whole[1:], begun[:-1]
