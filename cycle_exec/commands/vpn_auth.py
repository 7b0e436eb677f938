"""`cycle-exec vpn-auth`: OpenVPN's auth-user-pass-verify hook.

It ends with 0 (accepted), 1 (rejected) or 2 (deferred) and nothing else. OpenVPN 2.6 takes 2 for
"the verdict will come", so no mistake may ever end with it.
"""

from __future__ import annotations

import os

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
from cycle_exec.vpn.line import Line
from cycle_exec.vpn.login import Rejected, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cycle_exec.settings.model import Invocation
    from cycle_exec.sources.model import Outcome
    from cycle_exec.system.api.requests import Retry

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
        _say(invocation.environ, b"", _unexpected(error))
        if stderr.log.debugging:
            stderr.log.trace(error)
    return REJECT


def _unexpected(error: BaseException) -> str:
    """Return what this process lacks; where it lacks nothing, it is a bug."""
    if isinstance(error, MemoryError):
        return "out of memory"
    if isinstance(error, OSError):
        return f"the hook cannot work: {files.words(error)}"
    try:
        # Python takes a module that it cannot open for one that is not there.
        os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except OSError as lack:
        return f"the hook cannot work: {files.words(lack)}"
    return f"a bug in cycle-exec ({type(error).__name__})"


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
    environ = invocation.environ
    credentials = _credentials(wanted, environ)
    try:
        question = login.question(credentials, environ)
        token = _token(wanted, environ)
    except Rejected as rejected:
        _tell_client(environ, Verdict(accepted=False, reason=""))
        _say(environ, credentials.username, rejected.reason)
        return REJECT
    deadline = clock.Deadline.after(wanted.timeout)
    socket = wanted.socket or environ.get(SOCKET) or DEFAULT_SOCKET

    def asked(delay: Retry) -> bool:
        [outcome] = requests.exchange(
            socket, token, [question], deadline=deadline, timeout=wanted.timeout, retry=delay
        )
        verdict = login.verdict(outcome, socket)
        if not verdict.accepted:
            _tell_client(environ, verdict)
        _say(environ, credentials.username, verdict.reason)
        return verdict.accepted

    control = environ.get("auth_control_file", "")
    if wanted.deferred and control:
        from cycle_exec.system.openvpn import deferred

        def tell(found: bool) -> None:
            _overwrite(control, b"1" if found else b"0")

        try:
            accepted = deferred.decided(lambda: asked(retry.delay), tell, wanted.patience)
        except deferred.NoChild as lack:
            stderr.log.warning(f"vpn-auth: the verdict cannot be deferred: {lack.reason}")
        else:
            if accepted is None:
                return DEFER
            return ACCEPT if accepted else REJECT

    # The whole server waits, all its users with it.
    def briefly(outcome: Outcome, attempt: int, left: float, draw: float) -> float | None:
        return retry.briefly(outcome, attempt, left, draw, wanted.timeout)

    return ACCEPT if asked(briefly) else REJECT


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


def _say(environ: Mapping[str, str], username: bytes, reason: str) -> None:
    """One line; OpenVPN's own log has neither the name nor the address beside it. reason: empty
    for a login that is accepted.
    """
    address = environ.get("untrusted_ip") or environ.get("untrusted_ip6") or ""
    said = Line(address=address, username=username, reason=reason)
    stderr.log.notice(said.text, said.fields)
