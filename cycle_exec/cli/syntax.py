"""The rules that all command lines and help pages share, as classes of click.

The launch options come from the table in `settings.options`. Their values stay raw text, which
`settings.resolve` judges, as it does for the lean parser.
"""

from __future__ import annotations

from textwrap import indent

import click
from click.shell_completion import CompletionItem

from cycle_exec.errors import Refused, refuse
from cycle_exec.record import Record
from cycle_exec.settings.argv import EVERY_NAME
from cycle_exec.settings.nearest import did_you_mean, printable
from cycle_exec.settings.options import OPTIONS, SECTIONS
from cycle_exec.system.output import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from cycle_exec.settings.model import Invocation
    from cycle_exec.settings.options import Option, Overrides

# Options whose value can be left out: it only ever stands after an equals sign.
_OPTIONAL = {option.flag for option in OPTIONS if option.kind == "names"}
_HYPHEN = "\u2011"  # which does not break
_COMMAND = {"": [], "optional": ["[-- COMMAND [ARG...]]"], "required": ["-- COMMAND [ARG...]"]}


class Call(Record):
    """What a verb is called with.

    overrides: the launch options that were given, raw text by name. command: the words after --.
    """

    invocation: Invocation
    overrides: Overrides = {}
    command: tuple[str, ...] = ()


class Text(click.types.StringParamType):
    """A text; an option that a verb declares itself refuses an empty one.

    name: what help pages call it. files, choices: what a shell completes it with.
    """

    def __init__(self, name: str, *, files: bool = False, choices: Sequence[str] = ()) -> None:
        self.name = name
        self._files = files
        self._choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if type(param) is click.Option and value == "":
            raise _empty(param, ctx)
        return super().convert(value, param, ctx)

    def shell_complete(
        self, _: click.Context, __: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        if self._files:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(each) for each in self._choices if each.startswith(incomplete)]


class LaunchOption(click.Option):
    """A launch option of the table."""

    def __init__(self, row: Option) -> None:
        self.row = row
        switch = row.kind == "switch"
        sources = {"env": row.variable, "manifest": row.key, "default": row.default}
        told = "; ".join(f"{name}: {text}" for name, text in sources.items() if text)
        value = Text(row.metavar, files=row.kind in ("path", "list"), choices=row.choices)
        super().__init__(
            [f"{row.flag}/{row.opposite}" if switch else row.flag],
            type=None if switch else value,
            default=None,
            metavar=f"[={row.metavar}]" if row.kind == "names" else row.metavar or None,
            multiple=row.collects,
            help=f"{row.help} [{told}]",
        )

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        flag, text = super().get_help_record(ctx) or ("", "")
        return flag.replace(" [=", "[="), text


def prints(flags: Sequence[str], help: str, text: Callable[[click.Context], str]) -> click.Option:
    """Return an option that prints a text, instead of anything else."""

    def callback(ctx: click.Context, _: click.Parameter, given: bool) -> None:
        if given and not ctx.resilient_parsing:
            stdout.write(text(ctx) + "\n")
            ctx.exit()

    return click.Option(
        flags, is_flag=True, is_eager=True, expose_value=False, callback=callback, help=help
    )


_ASKING = ("-h", "--help", "--version")
_HELP = prints(["-h", "--help"], "Print this page.", click.Context.get_help)


class _Formatter(click.HelpFormatter):
    """A formatter that never breaks a line at a hyphen: --env-file stays in one piece."""

    def write(self, string: str) -> None:
        super().write(string.replace(_HYPHEN, "-"))

    def write_text(self, text: str) -> None:
        super().write_text(text.replace("-", _HYPHEN))

    def write_dl(self, rows: Iterable[tuple[str, str]], *_: Any, **__: Any) -> None:
        super().write_dl([(term, text.replace("-", _HYPHEN)) for term, text in rows])


class _Context(click.Context):
    formatter_class = _Formatter


class _Page(click.Command):
    """A help page: options by section, and the examples, which end the text.

    launch: whether there are the launch options, except those that the verb declares itself.
    """

    context_class = _Context

    def __init__(self, *args: Any, launch: bool = False, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.help, _, self.examples = (self.help or "").strip().partition("\n\nExamples:\n")
        own = {flag for param in self.params for flag in param.opts}
        if launch:
            self.params += [LaunchOption(row) for row in OPTIONS if row.flag not in own]

    def get_help_option(self, _: click.Context) -> click.Option:
        return _HELP

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {name: [] for name in ("Options", *SECTIONS)}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record and isinstance(param, click.Option):
                section = param.row.section if isinstance(param, LaunchOption) else "Options"
                sections[section].append(record)
        for name, records in sections.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)
        with formatter.section("Examples"):
            formatter.write(indent(self.examples, "  ") + "\n")


class Verb(_Page):
    """A verb. command: whether words stand after --: "required", "optional" or ""."""

    def __init__(self, *args: Any, command: str = "", **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.command = command

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return super().collect_usage_pieces(ctx) + _COMMAND[self.command]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # click would take the next word for an optional value, and an option for a missing one.
        args = [f"{arg}={EVERY_NAME}" if arg in _OPTIONAL else arg for arg in args]
        options = [param for param in self.params if isinstance(param, click.Option)]
        valued = {flag: param for param in options if not param.is_flag for flag in param.opts}
        words = iter(() if ctx.resilient_parsing else args)
        for word in words:
            if word in valued and next(words, "").startswith("--"):
                hint = f"write {valued[word].opts[-1]}=VALUE if it begins with --"
                raise click.BadOptionUsage(word, f"option '{word}' requires a value ({hint})", ctx)
            # click would take the equals sign for the value.
            if word[:2] != "--" and word[-1:] == "=" and word[:-1] in valued:
                raise _empty(valued[word[:-1]], ctx)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> Any:
        call: Call = ctx.obj
        if not self.command and "--" in call.invocation.argv:
            raise _usage(ctx, f"{ctx.command_path} takes no command after --")
        if self.command == "required" and not call.command:
            path = ctx.command_path.removesuffix(" run")
            raise _usage(ctx, f"no command to start, write {path} -- COMMAND")
        overrides, own = {}, {}
        for param in self.params:
            value = ctx.params[param.name]
            if not isinstance(param, LaunchOption):
                own[param.name] = "" if value is None else value
            elif value not in (None, ()):
                overrides[param.row.name] = value
        assert self.callback is not None
        return self.callback(call.replace(overrides=overrides), **own)


class Group(_Page, click.Group):
    """Verbs below a common word. default: the verb that is meant where none is named."""

    command_class = Verb
    group_class = type

    def __init__(self, *args: Any, default: str = "", **attrs: Any) -> None:
        super().__init__(*args, options_metavar="", no_args_is_help=False, **attrs)
        self.default = default

    def verbs(self, prefix: str = "") -> Iterator[tuple[str, Verb]]:
        """Yield every verb with its full name, "manifest check" for example."""
        for name, command in self.commands.items():
            if isinstance(command, Group):
                yield from command.verbs(f"{prefix}{name} ")
            elif isinstance(command, Verb):
                yield f"{prefix}{name}", command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(
                [(name, verb.get_short_help_str(200)) for name, verb in self.verbs()]
            )
        super().format_options(ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = args and (not args[0].startswith("-") or args[0] in _ASKING)
        if self.default and not named and not ctx.resilient_parsing:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in self.commands or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        path, shown = ctx.command_path, printable(args[0])
        fix = "" if ctx.parent else f"to start a program of that name, write {path} -- {shown}"
        near = did_you_mean(args[0], self.commands)
        raise _usage(ctx, f"{shown} is not a verb of {path}{near}", fix)


def _empty(option: click.Option, ctx: click.Context | None) -> click.UsageError:
    hint = option.get_error_hint(ctx)
    return click.BadOptionUsage(hint, f"option {hint} requires a value, it is empty", ctx)


def _usage(ctx: click.Context, reason: str, fix: str = "") -> Refused:
    return refuse("usage", "command line", reason, fix or f"see {ctx.command_path} --help")
