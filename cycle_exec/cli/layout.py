"""How help pages look: the short one of -h, which fits a screen, and the long one of --help."""

from __future__ import annotations

import re
from textwrap import indent

import click

from cycle_exec.settings.options import SECTIONS
from cycle_exec.system.output import stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

PROGRAM = "cycle-exec"
DOCUMENTATION = "https://github.com/cycle-exec/cycle-exec/blob/main/docs/index.md"
# The launch options that most containers need, for short pages, and how many these show.
_COMMON = ("--manifest", "--state", "--integration", "--template", "--certificates", "--init")
_MOST = 5
_END = re.compile(r" \[|[.:;] ")  # where the first thing that an option's text says is over
_LONGEST = 100
_HYPHEN = "\u2011"  # which does not break


def prints(flags: Sequence[str], help: str, text: Callable[[click.Context], str]) -> click.Option:
    """Return an option that prints a text, instead of anything else."""

    def callback(ctx: click.Context, _: click.Parameter, given: bool) -> None:
        if given and not ctx.resilient_parsing:
            stdout.write(text(ctx) + "\n")
            ctx.exit()

    return click.Option(
        flags, is_flag=True, is_eager=True, expose_value=False, callback=callback, help=help
    )


def _short(ctx: click.Context) -> str:
    command = ctx.command
    return command.short_page(ctx) if isinstance(command, Page) else command.get_help(ctx)


ASKING = ("-h", "--help", "--version")
_SHORT = prints(["-h"], "Print the most used options.", _short)
_LONG = prints(["--help"], "Print this page.", click.Context.get_help)


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


class Page(click.Command):
    """A command with two help pages. The examples end its text; an option may have a `section`."""

    context_class = _Context

    def __init__(self, *args: Any, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.help, _, self.examples = (self.help or "").strip().partition("\n\nExamples:\n")

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        *params, long = super().get_params(ctx)
        return [*params, _SHORT, long]

    def get_help_option(self, _: click.Context) -> click.Option:
        return _LONG

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {name: [] for name in ("Options", *SECTIONS)}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record and isinstance(param, click.Option):
                sections[getattr(param, "section", "Options")].append(record)
        for name, records in sections.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)
        with formatter.section("Examples"):
            formatter.write(indent(self.examples, "  ") + "\n")

    def short_page(self, ctx: click.Context) -> str:
        """Return how to call it, its most used options and an example, and where to read on."""
        formatter = ctx.make_formatter()
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.get_short_help_str(200))
        self.format_shortly(ctx, formatter)
        if options := self._most_used(ctx):
            with formatter.section("Most used options"):
                formatter.write_dl(options)
        words = ctx.command_path.replace(PROGRAM, f"{PROGRAM} help", 1)
        formatter.write(f"\n{words} prints every option, with examples.\n{DOCUMENTATION}\n")
        return formatter.getvalue().rstrip("\n")

    def format_shortly(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands between the purpose and the options of the short page."""
        with formatter.section("Example"):
            parts = self.examples.splitlines()[0].split("  # ")
            formatter.write(f"  {'  # '.join(part.strip() for part in parts)}\n")

    def _most_used(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Return the first options of its own, then the most used ones of a launch."""
        options = {
            param.opts[-1]: param for param in self.params if isinstance(param, click.Option)
        }
        own = [flag for flag, each in options.items() if not hasattr(each, "section")]
        wanted = [flag for flag in own if flag not in ASKING]
        wanted += [flag for flag in _COMMON if flag in options and flag not in wanted]
        found = []
        for flag in wanted[:_MOST]:
            record = options[flag].get_help_record(ctx)
            assert record is not None
            term = record[0].partition(" / ")[0]
            text = _END.split(record[1], maxsplit=1)[0].rstrip(".")
            if len(text) > _LONGEST:
                text = text[: text.rfind(", ", 0, _LONGEST)]
            found.append((term, f"{text}."))
        return found
