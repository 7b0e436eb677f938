"""`cycle-exec emulator`: the internal API on a Unix socket, from a state file or a dotenv file."""

from __future__ import annotations

from cycle_exec.emulator import faults
from cycle_exec.errors import refuse
from cycle_exec.launching.emulated.platform import Platform, Source, at, failed
from cycle_exec.system.emulator import server, temporary_files
from cycle_exec.system.emulator.listener import Listener
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Invocation

# Apps run as any user, and the platform's own socket lets each of them connect; the token guards.
SOCKET_MODE = 0o666
CA_MODE = 0o644
CA_SUFFIX = ".ca.pem"
_OPEN = (
    "other users can connect to this socket, and any token is accepted: set token in a state "
    "file, or put the socket into a folder that is closed to others"
)


def run(
    invocation: Invocation,
    socket: str = "",
    state: str = "",
    env_file: str = "",
    latency: str = "",
    fail: str = "",
    fail_path: str = "",
    drop: str = "",
    slow_body: str = "",
) -> int:
    """Serve until a signal ends it. Raises Refused; after the start nothing ends it but signals."""
    if not socket:
        raise refuse("usage", "--socket", "not given", "give the path of the socket: --socket PATH")
    if bool(state) == bool(env_file):
        reason = "it cannot be combined with --env-file" if state else "neither this nor --env-file"
        fix = "give one of them: --state FILE or --env-file FILE"
        raise refuse("usage", "--state", reason, fix)
    bad_days = faults.parse(
        latency=latency, fail=fail, fail_path=fail_path, drop=drop, slow_body=slow_body
    )
    server.require()
    source = Source(path=at(invocation, state or env_file), dotenv=bool(env_file))
    platform = Platform(source, bad_days)
    with server.unhurried():
        _serve(platform, at(invocation, socket))
    return 0


def _serve(platform: Platform, path: str) -> None:
    """Socket and CA file are there for as long as this serves."""
    listener = Listener(path, SOCKET_MODE)
    ca_path = path + CA_SUFFIX
    try:
        temporary_files.publish(ca_path, platform.authority.root.encode(), CA_MODE)

        def ready() -> None:
            token = platform.world.token
            words = f"token {token}" if token else "any token"
            stderr.log.notice(f"emulator ready at {path}, {words}, CA certificate {ca_path}")
            if not token and listener.is_open_to_others():
                stderr.log.warning(_OPEN)

        server.serve(listener, platform.answer, news=platform.news, ready=ready, failed=failed)
    finally:
        listener.close()
        temporary_files.remove(ca_path)
