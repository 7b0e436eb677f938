"""The click tree, built from the tables of options and verbs. The only importer of click.

click parses, completes and lays out help pages. Its own words are never shown: every refusal is
put in ours, and values are judged in `settings.resolve`, as they are for the lean parser.
"""

from __future__ import annotations

from functools import partial

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from cycle_exec import dispatch
from cycle_exec.dispatch import Call
from cycle_exec.errors import Refused, refuse
from cycle_exec.presentation.help import PROGRAM, group_page, root_page, verb_page
from cycle_exec.settings.argv import EVERY_NAME
from cycle_exec.settings.nearest import did_you_mean, printable
from cycle_exec.settings.options import OPTIONS
from cycle_exec.settings.verbs import GROUPS, VERBS
from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, NoReturn

    from cycle_exec.settings.model import Invocation
    from cycle_exec.settings.options import Option
    from cycle_exec.settings.verb import Flag, Verb, Word

_HELP = ("-h", "--help")
COMPLETION_VARIABLE = "_CYCLE_EXEC_COMPLETE"
_LAUNCH = "launch_"


def main(invocation: Invocation) -> int:
    """Do what the words ask for and return the exit code; raises Refused and Stopped."""
    wish = invocation.environ.get(COMPLETION_VARIABLE, "")
    if wish and not invocation.argv:
        return _complete(wish)
    call = parse(invocation.argv)
    if call.verb == "print":
        return _write(call.values["text"])
    if call.verb == "completion":
        return _completion_script(call.values["shell"])
    return dispatch.run(invocation, call)


def parse(argv: Sequence[str]) -> Call:
    """The words as a Call; raises Refused (usage)."""
    words = list(argv)
    parted = "--" in words
    end = words.index("--") if parted else len(words)
    command = tuple(words[end + 1 :])
    call = _parsed(_with_verb(words[:end], parted))
    if call.verb == "print":
        return call
    rule = next(verb.command for verb in VERBS if verb.name == call.verb)
    shown = PROGRAM if call.verb == "run" else f"{PROGRAM} {call.verb}"
    if rule == "none" and parted:
        _usage(f"{shown} takes no command after --")
    if rule == "needed" and not command:
        _usage(f"there is no command to start, write {shown} -- COMMAND")
    return call.replace(command=command)


def _with_verb(words: list[str], parted: bool) -> list[str]:
    """The words with the verb that was left out."""
    asking = {"-h", "--help", "--version"}
    if not words:
        if not parted:
            _usage("there is nothing to do, write cycle-exec -- COMMAND to start one")
        return ["run"]
    if words[0] == "certificates" and (
        len(words) == 1 or (words[1].startswith("-") and words[1] not in asking)
    ):
        return ["certificates", "list", *words[1:]]
    return ["run", *words] if words[0].startswith("-") and words[0] not in asking else words


def _parsed(words: list[str]) -> Call:
    root = tree()
    try:
        with root.make_context(PROGRAM, words) as context:
            call = root.invoke(context)
    except _Shown as shown:
        return Call(verb="print", values={"text": shown.text})
    except click.ClickException as error:
        raise _refusal(error) from None
    assert isinstance(call, Call)
    return call


class _Shown(Exception):
    """A help page was asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__()


def _usage(reason: str, fix: str = "") -> NoReturn:
    raise refuse("usage", "command line", reason, fix)


def _refusal(error: click.ClickException) -> Refused:
    """click's refusal in our words; a value that was given is never in them."""
    context = getattr(error, "ctx", None)
    name = context.command_path if context is not None else PROGRAM
    reason = f"the words after {name} are not understood"
    fix = f"see {name} --help"
    if isinstance(error, click.NoSuchOption):
        known = [flag for param in context.command.params for flag in param.opts] if context else []
        flag = error.option_name
        reason = f"{printable(flag)} is not an option of {name}{did_you_mean(flag, known)}"
    elif isinstance(error, click.BadOptionUsage):
        reason = f"{printable(error.option_name)} takes no value"
    elif isinstance(error, click.BadParameter) and error.param is not None:
        param = error.param
        shown = param.opts[0] if isinstance(param, click.Option) else str(param.metavar)
        reason = f"{shown} is missing"
        if isinstance(param.type, click.Choice) and not isinstance(error, click.MissingParameter):
            reason = f"{shown} expects {_listed(param.type.choices)}"
    return refuse("usage", "command line", reason, fix)


def _listed(names: Iterable[object]) -> str:
    *most, last = (str(name) for name in names)
    return f"{', '.join(most)} or {last}" if most else last


class _Page(click.Command):
    """A verb: its words are checked for what click would guess at, its help is a manual page."""

    def __init__(self, verb: Verb, params: list[click.Parameter]) -> None:
        self.verb = verb
        super().__init__(
            verb.name.rpartition(" ")[2],
            params=params,
            callback=self._call,
            short_help=verb.summary,
            add_help_option=False,
            context_settings={"allow_extra_args": True},
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._certain(ctx, args))

    def _certain(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The words with every optional value spelt out; raises Refused for a missing value."""
        valued = {
            flag
            for param in self.params
            if isinstance(param, click.Option) and not param.is_flag
            for flag in param.opts
        }
        names = {option.flag for option in OPTIONS if option.kind == "names"} & valued
        with_value = [flag for flag in self.verb.flags if flag.metavar]
        own = {name for flag in with_value for name in (flag.flag, flag.short) if name}
        certain: list[str] = []
        words = iter(args)
        for word in words:
            if word.endswith("=") and word[:-1] in own:
                _usage(f"{word[:-1]} needs a value, it is empty")
            certain.append(f"{word}={EVERY_NAME}" if word in names else word)
            if word not in valued - names:
                continue
            value = next(words, None)
            if value == "" and word in own and not ctx.resilient_parsing:
                _usage(f"{word} needs a value, it is empty")
            if value is not None and not value.startswith("--"):
                certain.append(value)
            elif not ctx.resilient_parsing:
                hint = "" if value is None else f"; write {word}=VALUE when it begins with --"
                _usage(f"{word} needs a value{hint}", f"see {ctx.command_path} --help")
        return certain

    def _call(self, **values: Any) -> Call:
        context = click.get_current_context()
        if context.args:
            self._refuse_stray(context.args[0])
        overrides = {}
        for option in OPTIONS:
            value = values.pop(_LAUNCH + option.name.replace("-", "_"), None)
            if value not in (None, ()):
                overrides[option.name] = value
        own = {name: "" if value is None else value for name, value in values.items()}
        return Call(verb=self.verb.name, overrides=overrides, values=own)

    def _refuse_stray(self, word: str) -> NoReturn:
        shown = printable(word)
        if self.verb.name == "run" and word in _first_words():
            _usage(f"{shown} must be the first word: {PROGRAM} {shown} [OPTIONS]")
        if self.verb.command == "none":
            _usage(f"{shown} is one word too many", f"see {PROGRAM} {self.verb.name} --help")
        verb = "" if self.verb.name == "run" else f" {self.verb.name}"
        _usage(f"{shown} is no option, write {PROGRAM}{verb} [OPTIONS] -- {shown} to start it")


class _Group(click.Group):
    """A verb of verbs, or the whole program."""

    def __init__(self, name: str, summary: str, params: list[click.Parameter]) -> None:
        super().__init__(
            name,
            params=params,
            short_help=summary,
            add_help_option=False,
            no_args_is_help=False,
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            _usage(f"{ctx.command_path} expects {_listed(self.commands)}")
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in self.commands or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        shown, hint = printable(args[0]), did_you_mean(args[0], self.commands)
        if ctx.parent is not None:
            hint = hint or f", there are {_listed(self.commands)}"
            _usage(f"{shown} is not a command of {ctx.command_path}{hint}")
        if hint:
            fix = f"write {PROGRAM} -- {shown} to start a program of that name"
            _usage(f"{shown} is not a command of {PROGRAM}{hint}", fix)
        _usage(f"{shown} is not a command of {PROGRAM}, write {PROGRAM} -- {shown} to start it")


def version_line() -> str:
    """What is installed, and of which commit, where the build knew it."""
    try:
        from cycle_exec._build import COMMIT
    except ImportError:
        return f"{PROGRAM} {__version__}\n"
    return f"{PROGRAM} {__version__} ({COMMIT})\n"


def tree() -> click.Group:
    """The whole program as a click group; it only ever makes Calls."""
    version = _shows(["--version"], version_line)
    root = _Group(PROGRAM, "", [*_launch_params(()), _shows(_HELP, root_page), version])
    for name, summary in GROUPS.items():
        root.add_command(_Group(name, summary, [_shows(_HELP, partial(group_page, name))]))
    for verb in VERBS:
        params: list[click.Parameter] = [_word(word) for word in verb.words]
        params.extend(_flag(flag) for flag in verb.flags)
        if verb.launch:
            params.extend(_launch_params(verb.without))
        params.append(_shows(_HELP, partial(verb_page, verb)))
        around = root.commands.get(verb.name.partition(" ")[0], root)
        assert isinstance(around, click.Group)
        around.add_command(_Page(verb, params))
    return root


def _shows(flags: Sequence[str], text: Callable[[], str]) -> click.Option:
    """A flag that prints a text instead of anything else."""

    def show(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted and not ctx.resilient_parsing:
            raise _Shown(text())

    return click.Option([*flags], is_flag=True, is_eager=True, expose_value=False, callback=show)


def _first_words() -> set[str]:
    return {verb.name.partition(" ")[0] for verb in VERBS}


def _launch_params(without: Sequence[str]) -> list[click.Parameter]:
    return [_launch_param(option) for option in OPTIONS if option.name not in without]


def _launch_param(option: Option) -> click.Option:
    name = _LAUNCH + option.name.replace("-", "_")
    if option.kind == "switch":
        return click.Option([name, f"{option.flag}/{option.opposite}"], default=None)
    complete = "file" if option.kind in ("path", "list") else ""
    return click.Option(
        [name, option.flag],
        multiple=option.collects,
        type=click.UNPROCESSED,
        shell_complete=_completer(option.choices, complete),
    )


def _flag(flag: Flag) -> click.Option:
    declared = [flag.name, flag.flag, *([flag.short] if flag.short else [])]
    if not flag.metavar:
        return click.Option(declared, is_flag=True)
    return click.Option(
        declared,
        required=flag.required,
        multiple=flag.many,
        type=click.Choice(flag.choices) if flag.choices else click.UNPROCESSED,
        shell_complete=_completer(flag.choices, flag.complete),
    )


def _word(word: Word) -> click.Argument:
    return click.Argument(
        [word.name],
        metavar=word.metavar,
        nargs=-1 if word.many else 1,
        required=word.required,
        type=click.Choice(word.choices) if word.choices else click.UNPROCESSED,
        shell_complete=_completer(word.choices, word.complete),
    )


def _completer(
    choices: Sequence[str], kind: str
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What a shell offers for a value: the choices, or files."""

    def complete(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
        if kind:
            return [CompletionItem(begun, type=kind)]
        return [CompletionItem(choice) for choice in choices if choice.startswith(begun)]

    return complete


def _complete(wish: str) -> int:
    """Answer a shell's completion script; what it asks is in COMP_WORDS and COMP_CWORD."""
    shell, _, instruction = wish.partition("_")
    known = get_completion_class(shell)
    if known is None or instruction != "complete":
        _usage(f"{COMPLETION_VARIABLE} is set by completion scripts alone")
    completion = known(tree(), {}, PROGRAM, COMPLETION_VARIABLE)
    words, begun = completion.get_completion_args()
    if "--" in words:
        # The command's own words: we know none of them, and a shell knows files.
        offered = [CompletionItem(begun, type="file")]
    else:
        offered = completion.get_completions(words, begun)
    _write("\n".join(map(completion.format_completion, offered)) + "\n")
    return 0


def _completion_script(shell: str) -> int:
    known = get_completion_class(shell)
    assert known is not None
    # Not bash's own source(): it starts a bash to see whether it is new enough.
    _write(ShellComplete.source(known(tree(), {}, PROGRAM, COMPLETION_VARIABLE)))
    return 0


def _write(text: str) -> int:
    from cycle_exec.system.output import stdout

    stdout.write(text)
    return 0
