"""docs/cycle-exec.1, the manual page, written from the options, verbs and exit codes:

python -m tests.docs.manual > docs/cycle-exec.1
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from cycle_exec.cli.layout import PROGRAM
from cycle_exec.cli.syntax import LaunchOption, Verb
from cycle_exec.cli.verbs import root
from cycle_exec.errors import KINDS
from cycle_exec.settings.model import DEFAULT_MANIFEST, Api
from cycle_exec.settings.options import OPTIONS, SECTIONS, Option

SYSEXITS = {
    64: "USAGE",
    65: "DATAERR",
    69: "UNAVAILABLE",
    70: "SOFTWARE",
    73: "CANTCREAT",
    77: "NOPERM",
    78: "CONFIG",
}


def page() -> str:
    """The whole page."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    yield '.\\" Made by tests/docs/manual.py from the tables of the program.'
    yield '.TH CYCLE\\-EXEC 1 "" "cycle\\-exec" "User Commands"'
    yield ".SH NAME"
    yield "cycle\\-exec \\- container entrypoint for the Cycle platform"
    yield ".SH SYNOPSIS"
    yield f".B cycle\\-exec\n{_text('[OPTIONS] -- COMMAND [ARG...]')}"
    yield f".PP\n.B cycle\\-exec\n{_text('VERB [OPTIONS] ...')}"
    yield ".SH DESCRIPTION"
    yield from _paragraphs(root)
    yield ".SH OPTIONS"
    yield "Each exists as a flag, as an environment variable and as a key of the manifest;"
    yield "the flag wins over the variable, the variable over the manifest."
    for section in SECTIONS:
        yield f".SS {_text(section)}"
        for option in OPTIONS:
            if option.section == section:
                yield from _option(option)
    yield ".SH VERBS"
    for name, verb in root.verbs():
        yield from _verb(name, verb)
    yield ".SH EXIT STATUS"
    yield "After a launch it is the command's own, 128 and the number if a signal ended it."
    yield "Before it:"
    yield from _exit_codes()
    yield ".SH FILES"
    yield from _tagged(DEFAULT_MANIFEST, "The manifest, unless another one is named.")
    yield from _tagged(Api().socket, "The socket of the platform's internal API.")
    yield ".SH EXAMPLES"
    yield from _examples(root.examples)
    yield ".SH SEE ALSO"
    yield ".BR execve (2),\n.BR environ (7),\n.BR openvpn (8)"


def _option(option: Option) -> Iterator[str]:
    flag, _ = _record(LaunchOption(option), click.Context(root))
    yield from _tagged(flag, option.help)
    key = f", manifest key {option.key}" if option.key else ""
    default = f", default {option.default}" if option.default else ""
    yield f".br\n{_text(f'Variable {option.variable}{key}{default}.')}"


def _verb(name: str, verb: Verb) -> Iterator[str]:
    context = click.Context(verb, click.Context(root, info_name=PROGRAM), info_name=name)
    yield f".SS {_text(' '.join([name, *verb.collect_usage_pieces(context)]))}"
    yield from _paragraphs(verb)
    for param in verb.params:
        if isinstance(param, click.Option) and not isinstance(param, LaunchOption):
            yield from _tagged(*_record(param, context))
    yield from _examples(verb.examples)


def _record(param: click.Option, context: click.Context) -> tuple[str, str]:
    record = param.get_help_record(context)
    assert record is not None
    return record


def _paragraphs(command: click.Command) -> Iterator[str]:
    yield "\n.PP\n".join(_text(each) for each in (command.help or "").split("\n\n"))


def _examples(lines: str) -> Iterator[str]:
    yield f".PP\n.EX\n{_text(lines)}\n.EE"


def _exit_codes() -> Iterator[str]:
    for code in sorted({kind.code for kind in KINDS.values()}):
        name = f" ({SYSEXITS[code]})" if code in SYSEXITS else ""
        sentences = [kind.sentence for kind in KINDS.values() if kind.code == code]
        yield from _tagged(f"{code}{name}", ";\n".join(sentences) + ".")
    yield from _tagged("130, 143", "SIGINT or SIGTERM came before the launch.")


def _tagged(tag: str, text: str) -> Iterator[str]:
    yield f".TP\n.B {_text(tag)}\n{_text(text)}"


def _text(text: str) -> str:
    r"""For roff: a hyphen that can be copied, no line that begins with a control character."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join(
        f"\\&{line}" if line[:1] in (".", "\\(aq") else line for line in escaped.split("\n")
    )


if __name__ == "__main__":
    print(page(), end="")
