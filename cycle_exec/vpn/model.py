"""What is known of an OpenVPN server's credential hook: as configured, and as it is found."""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings.model import DEFAULT_SOCKET, DEFAULT_TOKEN_FILE, TOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Setup(Record):
    """What the configuration says of the hook and of who runs it.

    hook: the words of the command. place: file and line of the directive. environment: what
    setenv gives to the hook. timeout: seconds until a verdict. ours: whether it is `vpn-auth`.
    start: who starts the server, empty: this process's user. token_written: whether the token
    file is yet to be written.
    """

    _redacted = ("environment",)

    hook: tuple[str, ...]
    place: str
    method: str
    level: int
    user: str = ""
    group: str = ""
    chroot: str = ""
    directory: str = ""
    temporary: str = ""
    environment: Mapping[str, str] = {}
    ours: bool = False
    token_file: str = DEFAULT_TOKEN_FILE
    socket: str = DEFAULT_SOCKET
    deferred: bool = False
    timeout: float = 8.0
    start: str = ""
    token_written: bool = False

    @property
    def needs_token_file(self) -> bool:
        """Whether the hook has no other way to the token."""
        return self.ours and TOKEN not in self.environment


class Facts(Record):
    """What the server's user finds, inside its chroot. Each is empty where all is well, else words
    for people.

    hints: what works, and will be regretted.
    """

    helper: str = ""
    token_file: str = ""
    socket: str = ""
    temporary: str = ""
    hints: tuple[str, ...] = ()


class Tried(Record):
    """How the hook fared with a login that nobody has.

    code: its exit code, minus the signal that ended it, or None if it was not over in time.
    verdict: what it wrote to auth_control_file. reason: to auth_failed_reason_file. said: on
    stderr. obstacle: why it was not run at all.
    """

    _redacted = ("said",)

    code: int | None = None
    verdict: str = ""
    reason: str = ""
    said: str = ""
    obstacle: str = ""
