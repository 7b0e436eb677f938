"""`cycle-exec dev`: an emulator on a private socket and the launch, in one command."""

from __future__ import annotations

from cycle_exec.emulator.faults import Faults
from cycle_exec.errors import refuse
from cycle_exec.launching.emulated import private
from cycle_exec.launching.emulated.platform import Platform, Source, at
from cycle_exec.launching.emulated.private import Private
from cycle_exec.settings.model import SOCKET
from cycle_exec.settings.options import BY_NAME, OPTIONS, PLACES
from cycle_exec.system import files
from cycle_exec.system.emulator import children, server
from cycle_exec.system.invocation import is_linux, needs_linux
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.settings.model import Invocation
    from cycle_exec.settings.options import Overrides

DOTENV = ".env"
_OWN = "dev makes its own"
_FIX = "leave it out; what another emulator serves is launched with cycle-exec {} PATH -- COMMAND"


def run(
    invocation: Invocation,
    overrides: Overrides,
    command: Sequence[str],
    state: str = "",
    env_file: str = "",
) -> int:
    """Launch the command as on the platform; its exit code, or 128 plus its signal's number.

    overrides: launch options, passed on. state, env_file: what the emulator serves; with neither,
    `.env` here if there is one, else nothing. Raises Refused before the start.
    """
    if not command:
        raise refuse("usage", "the command", "no command to start after --")
    if state and env_file:
        raise refuse("usage", "--state", "it cannot be combined with --env-file", "use one of them")
    for name in PLACES:
        if name in overrides:
            flag = BY_NAME[name].flag
            raise refuse("usage", f"flag {flag}", _OWN, _FIX.format(flag))
    private.refuse_offline(overrides)
    if not is_linux():
        raise needs_linux("a launch")
    server.require()
    platform = Platform(_source(invocation, state, env_file), Faults())
    arguments = _arguments(overrides, command)
    with children.Nursery() as nursery:
        found = Private(platform, invocation.environ.get("TMPDIR", ""))
        try:
            nursery.beside(found.serve)
            found.leave()
            # What the platform would have given the launch, and where its parts are here.
            environ = {
                **private.without_offline(invocation.environ),
                **found.variables,
                SOCKET: found.socket,
                BY_NAME["metadata"].variable: found.metadata,
            }
            app = nursery.app(arguments, environ)
            return nursery.attend(app, lambda: stderr.log.warning("the emulator has exited"))
        finally:
            nursery.end_beside()
            found.remove()


def _source(invocation: Invocation, state: str, env_file: str) -> Source:
    if state or env_file:
        return Source(at(invocation, state or env_file), dotenv=bool(env_file))
    path = at(invocation, DOTENV)
    if files.disk(path).kind != "absent":
        return Source(path)
    stderr.log.notice(f"no --state, no --env-file and no {DOTENV} here: the emulator has no data")
    return Source("")


def _arguments(overrides: Overrides, command: Sequence[str]) -> list[str]:
    """Return the launch's command line: every option as it was given, but for ours."""
    words = ["run"]
    for option in OPTIONS:
        value = overrides.get(option.name)
        if value is None:
            continue
        if isinstance(value, bool):
            words.append(option.flag if value else option.opposite)
        else:
            given = value if isinstance(value, tuple) else (value,)
            words.extend(f"{option.flag}={item}" for item in given)
    return [*words, "--", *command]
