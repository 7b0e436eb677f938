"""`cycle-exec dev`: an emulator on a private socket and the launch, in one command."""

from __future__ import annotations

import json
import posixpath

from cycle_exec.commands import emulator
from cycle_exec.emulator import world
from cycle_exec.emulator.faults import Faults
from cycle_exec.errors import Refused, refuse
from cycle_exec.settings.model import SOCKET
from cycle_exec.settings.options import OPTIONS
from cycle_exec.system import files
from cycle_exec.system.emulator import children, server, temporary_files
from cycle_exec.system.emulator.listener import Listener
from cycle_exec.system.invocation import is_linux, needs_linux
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.emulator.model import World
    from cycle_exec.settings.model import Invocation
    from cycle_exec.settings.options import Overrides

DOTENV = ".env"
_SOCKET = "api.sock"
_METADATA = "environment.json"
_CA = "ca.pem"
# Only this user's processes come through the folder; whatever user the app becomes, the token
# guards the socket itself.
_MODE = 0o666


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
    if not is_linux():
        raise needs_linux("a launch")
    server.require()
    platform = emulator.Platform(_source(invocation, state, env_file), Faults())
    arguments = _arguments(overrides, command)
    with children.Nursery() as nursery:
        folder = temporary_files.folder(invocation.environ.get("TMPDIR", ""), _METADATA)
        try:
            return _beside(nursery, invocation, platform, folder, arguments)
        finally:
            nursery.end_beside()
            temporary_files.remove_folder(folder)


def _source(invocation: Invocation, state: str, env_file: str) -> emulator.Source:
    if state or env_file:
        path = emulator.at(invocation, state or env_file)
        return emulator.Source(path, dotenv=not state)
    path = emulator.at(invocation, DOTENV)
    if files.disk(path).kind != "absent":
        return emulator.Source(path, dotenv=True)
    stderr.log.notice(f"no --state, no --env-file and no {DOTENV} here: the emulator has no data")
    return emulator.Source("", dotenv=False)


def _beside(
    nursery: children.Nursery,
    invocation: Invocation,
    platform: emulator.Platform,
    folder: str,
    arguments: Sequence[str],
) -> int:
    """Return the emulator in one child, the launch in another, until the launch's command ends."""
    socket = posixpath.join(folder, _SOCKET)
    metadata = posixpath.join(folder, _METADATA)
    _publish(metadata, platform.world)
    ca = posixpath.join(folder, _CA)
    temporary_files.publish(ca, platform.authority.root.encode(), 0o644)
    stderr.log.info(f"emulator at {socket}, CA certificate {ca}")
    listener = Listener(socket, _MODE)

    def news() -> tuple[str, ...]:
        found = platform.news()
        if found:
            try:
                _publish(metadata, platform.world)
            except Refused as refused:
                stderr.log.problems(refused.problems)
        return found

    def serving(leash: int) -> None:
        with server.unhurried():
            try:
                server.serve(
                    listener, platform.answer, news=news, failed=emulator.failed, leash=leash
                )
            finally:
                listener.close()
                # If `dev` was killed nobody else is left to do it.
                temporary_files.remove_folder(folder)

    nursery.beside(serving)
    listener.socket.close()
    # What the platform would have given the launch, and where its parts are here.
    environ = {
        **invocation.environ,
        **world.variables(platform.world),
        SOCKET: socket,
        "CYCLE_EXEC_METADATA": metadata,
    }
    app = nursery.app(arguments, environ)
    return nursery.attend(app, lambda: stderr.log.warning("the emulator has exited"))


def _publish(path: str, found: World) -> None:
    """Write the metadata file, replaced when the world changes, as the platform does."""
    temporary_files.publish(path, json.dumps(world.metadata(found)).encode(), 0o644)


def _arguments(overrides: Overrides, command: Sequence[str]) -> list[str]:
    """Return the launch's command line: every option as it was given, but for ours."""
    words = ["run"]
    for option in OPTIONS:
        value = overrides.get(option.name)
        if value is None or option.name in {"socket", "metadata"}:
            continue
        if isinstance(value, bool):
            words.append(option.flag if value else option.opposite)
        else:
            given = value if isinstance(value, tuple) else (value,)
            words.extend(f"{option.flag}={item}" for item in given)
    return [*words, "--", *command]
