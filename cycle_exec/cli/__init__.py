"""The command line beyond a plain launch: verbs, help, mistakes and completion, by click.

`verbs` declares the verbs, `syntax` holds the rules that they share.
"""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from cycle_exec.cli.syntax import Call, Group
from cycle_exec.cli.verbs import COMPLETION_VARIABLE, PROGRAM, root
from cycle_exec.errors import Refused, refuse
from cycle_exec.settings.nearest import printable
from cycle_exec.system.output import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Invocation


def main(invocation: Invocation) -> int:
    """Do what the command line asks for and return the exit code; raise Refused or Stopped."""
    words = list(invocation.argv)
    instruction = invocation.environ.get(COMPLETION_VARIABLE, "")
    if instruction and not words:
        return _complete(instruction)
    end = words.index("--") if "--" in words else len(words)
    call = Call(invocation=invocation, command=tuple(words[end + 1 :]))
    try:
        with root.make_context(PROGRAM, words[:end], obj=call) as context:
            return int(root.invoke(context))
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as error:
        raise _refusal(error) from None


def _refusal(error: click.UsageError) -> Refused:
    """Return click's refusal as ours.

    click's own messages are used where they name nothing but what `verbs` declares. The others
    quote the words that were given, and those may hold a secret.
    """
    command = error.ctx.command if error.ctx else root
    path = error.ctx.command_path if error.ctx else PROGRAM
    fix = f"see {path} --help"
    if isinstance(error, click.NoSuchOption):
        reason = f"no such option: {printable(error.option_name)}"
        if error.possibilities:
            reason += f", did you mean {error.possibilities[0]}"
    elif isinstance(error, click.MissingParameter | click.BadOptionUsage):
        reason = " ".join(error.format_message().split()).rstrip(".")
        reason = reason[0].lower() + reason[1:]
    elif isinstance(error, click.BadParameter) and error.param is not None:
        reason = f"invalid value for {error.param.get_error_hint(error.ctx)}"
        if isinstance(error.param.type, click.Choice):
            reason += f", choose from {', '.join(error.param.type.choices)}"
    elif isinstance(command, Group):
        reason = f"missing verb, choose from {', '.join(command.commands)}"
    else:
        reason = f"too many arguments for {path}"
        fix = f"a verb is the first word, a command comes after --; {fix}"
    return refuse("usage", "command line", reason, fix)


def _complete(instruction: str) -> int:
    """Answer the completion script of a shell; the words so far are in COMP_WORDS."""
    shell, _, task = instruction.partition("_")
    known = get_completion_class(shell)
    if known is None or task != "complete":
        reason = f"{COMPLETION_VARIABLE} is reserved for completion scripts"
        raise refuse("usage", "command line", reason)
    completion = known(root, {}, PROGRAM, COMPLETION_VARIABLE)
    words, begun = completion.get_completion_args()
    if "--" in words:
        # A word of the command to start: click knows nothing about it, the shell knows files.
        items = [CompletionItem(begun, type="file")]
    else:
        items = completion.get_completions(words, begun)
    stdout.write("".join(f"{completion.format_completion(item)}\n" for item in items))
    return 0
