"""One login: what OpenVPN hands over, the question to the platform, and the verdict.

Only an answer of 200 with `true` accepts; everything else, and every doubt, rejects.
"""

from __future__ import annotations

from cycle_exec.errors import Unfit
from cycle_exec.record import Record
from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.sources import failures, strict_json
from cycle_exec.sources.model import Failure, Request
from cycle_exec.sources.operations import operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.sources.model import Response

# How passwords begin that answer a challenge; the platform knows no second factor.
_CHALLENGES = (b"SCRV1:", b"CRV1:")
UNKNOWN = "the platform did not accept the username and password"
TEMPORARY = "the login service is not available"
BACKOFF = 30  # seconds after which a client tries again where the platform is not reachable


class Rejected(Unfit):
    """This login is refused without asking."""


class Credentials(Record):
    """What a user typed, byte for byte as OpenVPN gives it."""

    username: bytes
    password: SecretBytes


class Verdict(Record):
    """The end of a login.

    reason: for our log, of a rejection. temporary: the platform could not be asked, so a client
    should try again.
    """

    accepted: bool
    reason: str
    temporary: bool = False

    @property
    def for_client(self) -> str:
        """What OpenVPN may tell the peer, who is nobody yet: nothing of how things work here."""
        if self.temporary:
            return f"TEMP[backoff {BACKOFF}]: {TEMPORARY}, please try again"
        return "the login was rejected"


def of_file(content: bytes) -> Credentials:
    """Return the credentials of a via-file hook: two lines, each with its line feed. Raises
    Rejected.
    """
    lines = content.split(b"\n")
    if len(lines) != 3 or lines[2]:
        raise Rejected("the credentials file does not have exactly two lines")
    return Credentials(username=lines[0], password=SecretBytes(lines[1]))


def of_environment(environ: Mapping[str, str]) -> Credentials:
    """Return the credentials of a via-env hook. Raises Rejected."""
    if "username" not in environ:
        raise Rejected("no credentials: no file was given, and username is not in the environment")
    if "password" not in environ:
        raise Rejected("no password in the environment: via-env needs script-security 3")
    return Credentials(
        username=_bytes(environ["username"]), password=SecretBytes(_bytes(environ["password"]))
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def question(credentials: Credentials, environ: Mapping[str, str]) -> Request:
    """Return what the platform is asked about the login. Raises Rejected where it must not be
    asked.
    """
    username, password = credentials.username, credentials.password.reveal()
    state = environ.get("session_state", "")
    if state not in ("", "Initial"):
        raise Rejected("session tokens cannot be verified: remove external-auth")
    if not username:
        raise Rejected("the username is empty")
    if not password:
        raise Rejected("the password is empty")
    if b":" in username:
        # Basic authorization would log in whoever has the name before the colon.
        raise Rejected("the username has a colon")
    if password.startswith(_CHALLENGES):
        raise Rejected("the password is a response to a challenge, which is not supported")
    from binascii import b2a_base64

    login = b2a_base64(username + b":" + password, newline=False).decode()
    row = operation("validateVPNLogin")
    return Request(
        operation=row.name,
        method=row.method,
        target=row.path,
        subject="VPN login",
        authorization=Secret(f"Basic {login}"),
    )


def verdict(outcome: Response | Failure, socket: str) -> Verdict:
    """Return what the platform's answer means. socket: its path, for messages."""
    if isinstance(outcome, Failure):
        # Whoever waits for a login has a time of his own, and no deadline.
        words = failures.words(outcome.replace(late=False))
        return _later(f"no verdict from the API at {socket}: {words}")
    if outcome.status == 429 or outcome.status >= 500:
        tries = f" after {outcome.attempts} attempts" if outcome.attempts > 1 else ""
        return _later(f"the API at {socket} answered {outcome.status}{tries}")
    found = _data(outcome)
    if outcome.status == 200 and found is True:
        return Verdict(accepted=True, reason="")
    if outcome.status == 403 and found is False:
        return Verdict(accepted=False, reason=UNKNOWN)
    if outcome.status in (401, 403):
        return _later(f"the API rejected the token ({outcome.status}), check the token file")
    return Verdict(accepted=False, reason=f"the API answered {outcome.status}, without a verdict")


def _later(reason: str) -> Verdict:
    return Verdict(accepted=False, reason=reason, temporary=True)


def _data(outcome: Response) -> object:
    """Return the answer's data; None where it is not an answer of this operation, whatever it
    says.
    """
    try:
        document = strict_json.decode(outcome.body.reveal())
    except strict_json.NotJson:
        return None
    if not isinstance(document, dict) or document.get("error"):
        return None
    return document.get("data")
