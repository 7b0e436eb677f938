"""What a command line comes to: which function of `commands` it calls, and with what.

call("plan", "--json") == Call("plan.run", {"overrides": {}, "command": (), "as_json": True})
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

from cycle_exec import cli
from cycle_exec.launching.emulated import private
from cycle_exec.settings.model import Invocation
from cycle_exec.system.output import stdout

if TYPE_CHECKING:
    from cycle_exec.settings.options import Overrides

_FUNCTIONS = (
    *("api.run", "certificates.list_", "certificates.write", "compile.run", "dev.run"),
    *("doctor.run", "template.list_", "template.show"),
    *("emulator.run", "env.run", "explain.run", "health.run", "launch.run"),
    *(
        "manifest.check",
        "manifest.new",
        "manifest.schema",
        "plan.run",
        "render.run",
        "vpn_auth.run",
    ),
    *("state.new", "state.schema", "vpn_check.run"),
)


class Call(NamedTuple):
    """A function of `commands` and its arguments, but for the invocation.

    A text that is printed instead is stdout.write's.
    """

    function: str
    values: dict[str, Any]


def call(*words: str) -> Call:
    """The one thing that these words do, without doing it. Raises Refused."""
    seen: list[Call] = []

    def recorder(name: str, original: Callable[..., Any]) -> Callable[..., int]:
        signature = inspect.signature(original)

        def record(*args: Any, **kwargs: Any) -> int:
            values = signature.bind(*args, **kwargs).arguments
            values.pop("invocation", None)
            seen.append(Call(name, values))
            return 0

        return record

    targets = [
        (import_module(f"cycle_exec.commands.{name.partition('.')[0]}"), name)
        for name in _FUNCTIONS
    ]
    with ExitStack() as patches:
        for module, name in [*targets, (stdout, "stdout.write")]:
            function = name.partition(".")[2]
            original = getattr(module, function)
            patches.enter_context(patch.object(module, function, recorder(name, original)))
        patches.enter_context(patch.object(private, "asked", _emulated))
        assert cli.main(Invocation(argv=words, environ={}, cwd="/")) == 0
    (done,) = seen
    return done


@contextmanager
def _emulated(
    invocation: Invocation, overrides: Overrides, state: str
) -> Iterator[tuple[Invocation, Overrides]]:
    """No emulator is started; its socket is named by the state."""
    yield invocation, {**overrides, "socket": f"of {state}"}


def page(*words: str) -> str:
    """The text that these words print."""
    done = call(*words)
    assert done.function == "stdout.write"
    text = done.values["text"]
    assert isinstance(text, str)
    return text
