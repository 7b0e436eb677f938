"""What is known of an OpenVPN server's credential hook: as configured, and as it is found."""

from __future__ import annotations

from cycle_exec.record import Record

DEFAULT_TOKEN_FILE = "/run/cycle-exec/vpn-token"  # noqa: S105 - a path
DEFAULT_SOCKET = "/var/run/cycle/api/api.sock"


class Setup(Record):
    """What the configuration says of the hook and of who runs it.

    hook: the words of the command. place: file and line of the directive. token: the value that
    setenv gives, or None. timeout: seconds until a verdict. ours: whether it is `vpn-auth`.
    """

    _sealed = ("token",)

    hook: tuple[str, ...]
    place: str
    method: str
    level: int
    user: str = ""
    group: str = ""
    chroot: str = ""
    directory: str = ""
    temporary: str = ""
    token: str | None = None
    ours: bool = False
    token_file: str = DEFAULT_TOKEN_FILE
    socket: str = DEFAULT_SOCKET
    deferred: bool = False
    timeout: float = 8.0


class Facts(Record):
    """What the server's user finds, inside its chroot. Each is empty where all is well, else words
    for people.
    """

    helper: str = ""
    token_file: str = ""
    socket: str = ""
    temporary: str = ""
