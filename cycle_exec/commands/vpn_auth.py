"""`cycle-exec vpn-auth`: OpenVPN's auth-user-pass-verify hook.

It ends with 0 (accepted), 1 (rejected) or 2 (deferred) and nothing else. OpenVPN 2.6 takes 2 for
"the verdict will come", so no mistake may ever end with it.
"""

from __future__ import annotations

from cycle_exec.errors import Refused
from cycle_exec.record import Record
from cycle_exec.secret import Secret
from cycle_exec.settings import duration
from cycle_exec.settings.model import DEFAULT_SOCKET, DEFAULT_TOKEN_FILE, SOCKET, TOKEN
from cycle_exec.sources import retry
from cycle_exec.system import clock, files
from cycle_exec.system.api import requests
from cycle_exec.system.output import stderr
from cycle_exec.vpn import login
from cycle_exec.vpn.login import Rejected, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cycle_exec.settings.model import Invocation

ACCEPT, REJECT, DEFER = 0, 1, 2
_LARGEST = 64 * 1024  # bytes of a credentials or token file
_VALUED = ("--token-file", "--socket", "--timeout", "--patience")


class Options(Record):
    """How the hook is called. timeout: seconds until a verdict; patience: before it defers."""

    token_file: str = ""
    socket: str = ""
    timeout: float = 8.0
    patience: float = 0.3
    deferred: bool = False
    file: str = ""


def run(invocation: Invocation) -> int:
    """Judge one login; never raises, never ends with another code."""
    try:
        return _judge(invocation)
    except Rejected as rejected:
        _say(invocation.environ, b"", rejected.reason)
    except Refused as refused:
        _say(invocation.environ, b"", refused.problems[0].reason)
    except BaseException as error:  # noqa: BLE001 - the last wall
        _say(invocation.environ, b"", f"a bug in cycle-exec ({type(error).__name__})")
        if stderr.log.debugging:
            stderr.log.trace(error)
    return REJECT


def options(words: Sequence[str]) -> Options:
    """Return the words after vpn-auth. Raises Rejected."""
    given: dict[str, Any] = {}
    left = list(words)
    while left:
        flag, equals, value = left.pop(0).partition("=")
        if flag == "--deferred" and not equals:
            given["deferred"] = True
        elif flag in _VALUED:
            if not equals and left:
                value = left.pop(0)
            if not value:
                raise Rejected(f"{flag} needs a value")
            given[flag[2:].replace("-", "_")] = value
        elif flag.startswith("-") and flag != "-":
            raise Rejected(f"{flag[:40]} is not an option of cycle-exec vpn-auth")
        elif "file" in given:
            raise Rejected("more than one credentials file was given")
        else:
            given["file"] = f"{flag}{equals}{value}"
    for name in ("timeout", "patience"):
        if name in given:
            seconds = duration.parse(str(given[name]))
            if seconds is None:
                raise Rejected(f"--{name} expects {duration.EXPECTED}")
            given[name] = seconds
    return Options(**given)


def _judge(invocation: Invocation) -> int:
    wanted = options(invocation.argv[1:])
    deadline = clock.Deadline.after(wanted.timeout)
    environ = invocation.environ
    credentials = _credentials(wanted, environ)
    try:
        question = login.question(credentials, environ)
        token = _token(wanted, environ)
    except Rejected as rejected:
        _tell_client(environ, Verdict(accepted=False, reason=""))
        _say(environ, credentials.username, f"rejected: {rejected.reason}")
        return REJECT

    def asked() -> bool:
        [outcome] = requests.exchange(
            wanted.socket or environ.get(SOCKET) or DEFAULT_SOCKET,
            token,
            [question],
            deadline=deadline,
            timeout=wanted.timeout,
            retry=retry.delay,
        )
        verdict = login.verdict(outcome)
        if not verdict.accepted:
            _tell_client(environ, verdict)
        how = "accepted" if verdict.accepted else f"rejected: {verdict.reason}"
        _say(environ, credentials.username, how)
        return verdict.accepted

    control = environ.get("auth_control_file", "")
    if not wanted.deferred or not control:
        return ACCEPT if asked() else REJECT
    from cycle_exec.system.openvpn import deferred

    accepted = deferred.decided(
        asked, lambda found: _overwrite(control, b"1" if found else b"0"), wanted.patience
    )
    if accepted is None:
        return DEFER
    return ACCEPT if accepted else REJECT


def _credentials(wanted: Options, environ: Mapping[str, str]) -> login.Credentials:
    if not wanted.file:
        return login.of_environment(environ)
    try:
        return login.of_file(files.read(wanted.file, _LARGEST))
    except files.Unreadable as error:
        raise Rejected(f"the credentials file cannot be read: {error.reason}") from None


def _token(wanted: Options, environ: Mapping[str, str]) -> Secret:
    path = wanted.token_file or DEFAULT_TOKEN_FILE
    try:
        text = files.read(path, _LARGEST).decode("ascii", "replace").strip()
    except files.Unreadable as error:
        if wanted.token_file:
            raise Rejected(f"the token file {path} cannot be read: {error.reason}") from None
        text = environ.get(TOKEN, "")
        if not text:
            raise Rejected(
                f"no token: {path} cannot be read, and {TOKEN} is not in the environment"
            ) from None
    if not (text and text.isascii() and text.isprintable()):
        raise Rejected(
            "the token is empty, or has a character that is not allowed in an HTTP header"
        )
    return Secret(text)


def _tell_client(environ: Mapping[str, str], verdict: Verdict) -> None:
    """Write what OpenVPN sends the peer with its refusal; it is read at the verdict."""
    path = environ.get("auth_failed_reason_file", "")
    if path:
        _overwrite(path, verdict.for_client.encode())


def _overwrite(path: str, content: bytes) -> None:
    """Into a file of OpenVPN's that is there; one that is gone stays gone, its client has left."""
    try:
        files.overwrite(path, content)
    except OSError:
        pass


def _say(environ: Mapping[str, str], username: bytes, words: str) -> None:
    """One line; OpenVPN's own log has neither the name nor the address beside it."""
    address = environ.get("untrusted_ip") or environ.get("untrusted_ip6") or ""
    who = f" {login.shown(username)}" if username else ""
    whence = f" from {address}" if address and address.isascii() and address.isprintable() else ""
    stderr.log.notice(f"vpn-auth{who}{whence}: {words}")
