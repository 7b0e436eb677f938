"""An emulator of this process's own, in a folder that only this user comes through."""

from __future__ import annotations

import json
import posixpath
from contextlib import contextmanager

from cycle_exec.emulator import world
from cycle_exec.emulator.faults import Faults
from cycle_exec.errors import Refused, refuse
from cycle_exec.launching.emulated.platform import Platform, Source, at, failed
from cycle_exec.settings.options import BY_NAME, PLACES, STATE
from cycle_exec.system.emulator import server, temporary_files
from cycle_exec.system.emulator.companion import Companion
from cycle_exec.system.emulator.listener import Listener
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cycle_exec.settings.model import Invocation
    from cycle_exec.settings.options import Overrides

OFFLINE = "offline"
_SOCKET = "api.sock"
_METADATA = "environment.json"
_CA = "ca.pem"
# Only this user's processes come through the folder; whatever user the app becomes, the token
# guards the socket itself.
_MODE = 0o666


class Private:
    """A platform on a socket of its own. Clients can connect at once; they wait for `serve`."""

    def __init__(self, platform: Platform, place: str) -> None:
        """place: TMPDIR. Raises Refused."""
        self._platform = platform
        self._folder = temporary_files.folder(place, _METADATA)
        self.socket = posixpath.join(self._folder, _SOCKET)
        self.metadata = posixpath.join(self._folder, _METADATA)
        ca = posixpath.join(self._folder, _CA)
        try:
            self._publish()
            temporary_files.publish(ca, platform.authority.root.encode(), 0o644)
            self._listener = Listener(self.socket, _MODE)
        except Refused:
            self.remove()
            raise
        stderr.log.info(f"emulator at {self.socket}, CA certificate {ca}")

    @property
    def variables(self) -> dict[str, str]:
        """What the platform sets in a container, its token too."""
        return world.variables(self._platform.world)

    def serve(self, leash: int, ready: Callable[[], None]) -> None:
        """Serve in a process beside, as a `Companion` calls it."""
        with server.unhurried():
            try:
                server.serve(
                    self._listener,
                    self._platform.answer,
                    news=self._news,
                    ready=ready,
                    failed=failed,
                    leash=leash,
                )
            finally:
                self._listener.close()
                # If the other process was killed nobody else is left to do it.
                self.remove()

    def leave(self) -> None:
        """Leave the socket to the process that serves."""
        self._listener.socket.close()

    def remove(self) -> None:
        """Remove the folder."""
        temporary_files.remove_folder(self._folder)

    def _news(self) -> tuple[str, ...]:
        found = self._platform.news()
        if found:
            try:
                self._publish()
            except Refused as refused:
                stderr.log.problems(refused.problems)
        return found

    def _publish(self) -> None:
        """Write the metadata file, replaced when the world changes, as the platform does."""
        content = json.dumps(world.metadata(self._platform.world)).encode()
        temporary_files.publish(self.metadata, content, 0o644)


def refuse_offline(overrides: Overrides) -> None:
    """Raise Refused where a platform is asked for, and none at the same time."""
    if overrides.get(OFFLINE):
        reason = "an emulated platform is asked for as well"
        raise refuse("usage", BY_NAME[OFFLINE].flag, reason, "leave one of them out")


def without_offline(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the variable, which has no say where a platform is made."""
    return {name: value for name, value in environ.items() if name != BY_NAME[OFFLINE].variable}


@contextmanager
def asked(
    invocation: Invocation, overrides: Overrides, state: str
) -> Iterator[tuple[Invocation, Overrides]]:
    """Yield a verb's invocation and options as they ask an emulated platform of this state.

    Raises Refused.
    """
    for name in PLACES:
        if name in overrides:
            reason = f"it cannot be combined with {STATE.flag}"
            raise refuse("usage", f"flag {BY_NAME[name].flag}", reason, "use one of them")
    refuse_offline(overrides)
    invocation = invocation.replace(environ=without_offline(invocation.environ))
    server.require()
    platform = Platform(Source(at(invocation, state)), Faults())
    found = Private(platform, invocation.environ.get("TMPDIR", ""))
    companion = None
    try:
        companion = Companion(found.serve)
        found.leave()
        if not companion.is_ready():
            raise refuse("internal", "the emulator", "it ended before it was ready")
        yield (
            invocation.replace(environ={**invocation.environ, **found.variables}),
            {**overrides, "socket": found.socket, "metadata": found.metadata},
        )
    finally:
        if companion is not None:
            companion.end()
        found.remove()
