"""The command line beyond a plain launch: verbs, help, mistakes and completion, by click.

`verbs` declares the verbs, `syntax` holds the rules that they share, `layout` their help pages,
`offers` and `completion` what a shell completes.
"""

from __future__ import annotations

import click

from cycle_exec.cli import completion
from cycle_exec.cli.layout import PROGRAM
from cycle_exec.cli.syntax import Call, Group
from cycle_exec.cli.verbs import root
from cycle_exec.errors import Refused, refuse
from cycle_exec.settings.nearest import printable
from cycle_exec.settings.options import STATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Invocation


def main(invocation: Invocation) -> int:
    """Do what the command line asks for and return the exit code; raise Refused or Stopped."""
    words = list(invocation.argv)
    instruction = invocation.environ.get(completion.VARIABLE, "")
    if instruction and not words:
        return completion.answer(instruction, root, invocation.environ)
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
        if error.option_name == STATE.flag and path == f"{PROGRAM} run":
            fix = f"{PROGRAM} dev {STATE.flag} {STATE.metavar} -- COMMAND launches with a state"
        elif error.possibilities:
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
        hint = "a verb is the first word, a command comes after --"
        if getattr(command, "command", "") and path != f"{PROGRAM} run":
            hint = f"a command comes after --: {path} -- COMMAND"
        fix = f"{hint}; {fix}"
    return refuse("usage", "command line", reason, fix)
