"""The rules that all command lines and help pages share, as classes of click.

The launch options come from the table in `settings.options`. Their values stay raw text, which
`settings.resolve` judges, as it does for the lean parser.
"""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from cycle_exec.cli import offers
from cycle_exec.cli.layout import ASKING, PROGRAM, Page
from cycle_exec.errors import Refused, refuse
from cycle_exec.record import Record
from cycle_exec.settings.argv import EVERY_NAME
from cycle_exec.settings.nearest import did_you_mean, printable
from cycle_exec.settings.options import OPTIONS, STATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from cycle_exec.cli.offers import Offer
    from cycle_exec.settings.model import Invocation
    from cycle_exec.settings.options import Option, Overrides

# Options whose value can be left out: it only ever stands after an equals sign.
_OPTIONAL = {option.flag for option in OPTIONS if option.kind == "names"}
_COMMAND = {"": [], "optional": ["[-- COMMAND [ARG...]]"], "required": ["-- COMMAND [ARG...]"]}


class Call(Record):
    """What a verb is called with.

    overrides: the launch options that were given, raw text by name. command: the words after --.
    emulated: whether they lead to an emulated platform.
    """

    invocation: Invocation
    overrides: Overrides = {}
    command: tuple[str, ...] = ()
    emulated: bool = False


class Text(click.types.StringParamType):
    """A text; an option that a verb declares itself refuses an empty one.

    name: what help pages call it. files, offer: what a shell completes it with; of both, the words
    that are offered come into play once their beginning is typed.
    """

    def __init__(self, name: str, *, files: bool = False, offer: Offer | None = None) -> None:
        self.name = name
        self._files = files
        self._offer = offer

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if type(param) is click.Option and value == "":
            raise _empty(param, ctx)
        return super().convert(value, param, ctx)

    def shell_complete(
        self, ctx: click.Context, _: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        offered: list[CompletionItem] = []
        if self._offer and (incomplete or not self._files):
            words = self._offer(ctx)
            offered = [
                CompletionItem(word, help=text or None)
                for word, text in words.items()
                if word.startswith(incomplete)
            ]
        if self._files and not offered:
            return [CompletionItem(incomplete, type="file")]
        return offered


class LaunchOption(click.Option):
    """A launch option of the table."""

    def __init__(self, row: Option) -> None:
        self.row = row
        self.section = row.section
        switch = row.kind == "switch"
        sources = {"env": row.variable, "manifest": row.key, "default": row.default}
        told = "; ".join(f"{name}: {text}" for name, text in sources.items() if text)
        offer = offers.OPTIONS.get(row.name) or (lambda _: dict.fromkeys(row.choices, ""))
        files = row.kind in ("path", "list") and row.name not in offers.WITHOUT_FILES
        value = Text(row.metavar, files=files, offer=offer)
        super().__init__(
            [f"{row.flag}/{row.opposite}" if switch else row.flag],
            type=None if switch else value,
            default=None,
            metavar=f"[={row.metavar}]" if row.kind == "names" else row.metavar or None,
            multiple=row.collects,
            help=f"{row.help} [{told}]",
        )

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        if (record := super().get_help_record(ctx)) is None:
            return None
        flag, text = record
        return flag.replace(" [=", "[="), text


state_option = click.option(STATE.flag, type=Text("file", files=True), help=STATE.help)


class _Page(Page):
    """A page with the launch options, if launch, except those that the verb declares itself."""

    def __init__(self, *args: Any, launch: bool = False, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        own = {flag for param in self.params for flag in param.opts}
        if launch:
            self.params += [LaunchOption(row) for row in OPTIONS if row.flag not in own]


class Verb(_Page):
    """A verb.

    command: whether words stand after --: "required", "optional" or "". asks: whether it asks the
    platform and starts nothing, so that --state can take the platform's place.
    """

    def __init__(self, *args: Any, command: str = "", asks: bool = False, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.command = command
        self.asks = asks
        # Where no word is expected, one is a command whose -- is missing, and what follows is its.
        worded = any(isinstance(param, click.Argument) for param in self.params)
        self.allow_interspersed_args = worded or not command
        if asks:
            state_option(self)

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
        call = call.replace(overrides=overrides)
        state = own.pop(STATE.name) if self.asks else ""
        assert self.callback is not None
        if not state:
            return self.callback(call, **own)
        from cycle_exec.launching.emulated import private

        with private.asked(call.invocation, overrides, state) as (invocation, found):
            told = call.replace(invocation=invocation, overrides=found, emulated=True)
            return self.callback(told, **own)


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

    def format_shortly(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_shortly(ctx, formatter)
        with formatter.section("Verbs"):
            formatter.write_text(", ".join(self.commands))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = args and (not args[0].startswith("-") or args[0] in ASKING)
        if self.default and not named and not ctx.resilient_parsing:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def long_page(self, ctx: click.Context, words: Sequence[str]) -> str:
        """Return the long page of the verb with this name; raise Refused where there is none."""
        command: click.Command = self
        for word in words:
            known = command.commands if isinstance(command, Group) else {}
            if word not in known:
                reason = f"{printable(word)} is not a verb of {ctx.command_path}"
                fix = f"see {ctx.command_path} --help; codes and errors: {PROGRAM} explain"
                raise refuse("usage", "command line", reason + did_you_mean(word, known), fix)
            command = known[word]
            ctx = command.context_class(command, info_name=word, parent=ctx)
        return command.get_help(ctx)

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
