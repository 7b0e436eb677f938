"""The words that a shell offers for a value, each with what it means."""

from __future__ import annotations

import click

from cycle_exec.errors import KINDS, STOPPED
from cycle_exec.settings.model import BUILTIN
from cycle_exec.settings.rules import LIMITS
from cycle_exec.sources.operations import OPERATIONS
from cycle_exec.system import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Offer = Callable[[click.Context], dict[str, str]]


def refusals(_: click.Context) -> dict[str, str]:
    """Return the exit codes and kinds of refusals."""
    codes: dict[str, str] = {str(code): sentence for code, sentence in STOPPED.items()}
    for kind in KINDS.values():
        code = str(kind.code)
        codes[code] = f"{codes[code]}; {kind.sentence}" if code in codes else kind.sentence
    return {
        **dict(sorted(codes.items(), key=lambda item: int(item[0]))),
        **{name: kind.sentence for name, kind in KINDS.items()},
    }


def methods(_: click.Context) -> dict[str, str]:
    """Return the methods of the internal API, and what follows its changes."""
    used = dict.fromkeys(sorted({row.method for row in OPERATIONS.values()}), "")
    return {**used, "notifications": "changes, as they happen"}


def paths(ctx: click.Context) -> dict[str, str]:
    """Return the paths of the internal API; those of the method, where one was given."""
    method = str(ctx.params.get("method") or "").upper()
    known = (row.path for row in OPERATIONS.values() if method in ("", row.method))
    return dict.fromkeys(sorted(set(known)), "")


def parameters(ctx: click.Context) -> dict[str, str]:
    """Return the parameters of the path that was given, which is among the words."""
    return {
        f"{name}=": "required" if name in row.required else ""
        for row in OPERATIONS.values()
        if row.path in ctx.obj
        for name in row.query
    }


def topics(_: click.Context) -> dict[str, str]:
    """Return how the notifications begin that a launch knows."""
    from cycle_exec.resident.topics import BEGINNINGS

    return dict.fromkeys(BEGINNINGS, "")


def builtins(_: click.Context) -> dict[str, str]:
    """Return the templates that come with cycle-exec."""
    return dict.fromkeys((BUILTIN + name for name in files.tree(files.builtin(""))), "")


def verbs(ctx: click.Context) -> dict[str, str]:
    """Return the verbs below those that were given."""
    command = ctx.find_root().command
    for word in ctx.params.get("verb") or ():
        command = getattr(command, "commands", {}).get(word, ctx.command)
    below = getattr(command, "commands", {})
    return {name: each.get_short_help_str(200) for name, each in below.items()}


def limits(_: click.Context) -> dict[str, str]:
    """Return how a limit begins."""
    return {f"{name}=": "" for name in LIMITS}


def addresses(_: click.Context) -> dict[str, str]:
    """Return how what can be waited for begins."""
    return {
        "tcp://": "a connection is accepted",
        "http://": "a GET is answered with a status from 200 to 299",
        "unix:/": "something listens on the socket",
        "file:/": "the file or directory exists",
        "dns://": "the name has an address",
        "container://": "an instance of the container runs and is ready",
    }


# Of launch options, beside the choices of the table; and those for which no file is offered.
OPTIONS: dict[str, Offer] = {"template": builtins, "limit": limits, "wait": addresses}
WITHOUT_FILES = frozenset(("limit", "wait"))
