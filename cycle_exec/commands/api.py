"""`cycle-exec api`: one call of the internal API, or its notifications, as JSON."""

from __future__ import annotations

from json import loads

from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.launching import pipeline, preflight
from cycle_exec.launching.local import offline
from cycle_exec.record import Record
from cycle_exec.settings.nearest import did_you_mean, printable
from cycle_exec.sources.operations import OPERATIONS
from cycle_exec.system import files, password, signals
from cycle_exec.system.output import stderr, stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.launching.pipeline import Overrides
    from cycle_exec.secret import Secret
    from cycle_exec.settings.model import Api, Invocation

_NOTIFICATIONS = "notifications"
_LOGIN = ("POST", "/v1/vpn/login")
_DENIED = (401, 403)


class Wish(Record):
    """The words of the command line."""

    _redacted = ("data",)

    method: str = ""
    path: str = ""
    query: tuple[str, ...] = ()
    data: str = ""
    raw: bool = False
    topic: str = ""
    list: bool = False
    user: str = ""
    password_file: str = ""


class Question(Record):
    """What is sent. login: username and password, of what takes one."""

    _redacted = ("query", "content", "login")

    method: str
    path: str
    query: Mapping[str, str]
    content: bytes | None
    login: tuple[str, str] | None

    @property
    def subject(self) -> str:
        """Its name in messages."""
        return f"{self.method} {self.path}"


def run(invocation: Invocation, overrides: Overrides, wish: Wish) -> int:
    """Print what the API answers; raises Refused where that is an error."""
    if wish.list:
        stdout.write(_listed())
        return 0
    if not wish.method:
        raise refuse("usage", "command line", "METHOD PATH is missing", "see cycle-exec api --list")
    if wish.password_file and not wish.user:
        raise refuse("usage", "--password-file", "it needs --user", "give the name with --user")
    signals.arm()
    settings = pipeline.settle(invocation, overrides, ())
    if settings.is_offline:
        raise offline.refused("cycle-exec api")
    problems: list[Problem] = []
    token = preflight.api_token(invocation, problems)
    if problems:
        raise Refused(problems)
    if wish.method == _NOTIFICATIONS and not wish.path:
        return _follow(settings.api, token, wish.topic)
    method, path, query = _judged(wish)
    login = _login(wish, (method, path) == _LOGIN)
    colour = stdout.shows_colours(invocation.environ)
    question = Question(
        method=method, path=path, query=query, content=_body(wish.data), login=login
    )
    return _ask(settings.api, token, question, wish.raw, colour)


def _listed() -> str:
    rows = [
        (
            row.method,
            row.path,
            " ".join(name + "*" * (name in row.required) for name in row.query),
        )
        for row in OPERATIONS.values()
    ]
    width = max(len(path) for _, path, _ in rows)
    lines = [f"{method:<5}{path:<{width}}  {query}".rstrip() for method, path, query in rows]
    return "\n".join([*lines, "", "*: required; notifications: the stream of notifications", ""])


def _judged(wish: Wish) -> tuple[str, str, dict[str, str]]:
    """Return method, path and parameters; a path that the API does not have is refused here."""
    method = wish.method.upper()
    if not wish.path:
        raise refuse("usage", "command line", "PATH is missing", "see cycle-exec api --list")
    path, _, inline = wish.path.partition("?")
    methods = {row.method for row in OPERATIONS.values() if row.path == path}
    fix = "see cycle-exec api --list"
    if not methods:
        known = {row.path for row in OPERATIONS.values()}
        reason = f"the API has no {printable(path)}{did_you_mean(path, known)}"
        raise refuse("usage", "path", reason, fix)
    if method not in methods:
        reason = f"{path} accepts {' and '.join(sorted(methods))}, not {printable(method, 20)}"
        raise refuse("usage", "method", reason, fix)
    query = {}
    for pair in [*filter(None, inline.split("&")), *wish.query]:
        name, equals, value = pair.partition("=")
        if not (name and equals):
            raise refuse("usage", "--query", "expects NAME=VALUE")
        query[name] = value
    return method, path, query


def _body(data: str) -> bytes | None:
    """Return the JSON of --data, checked. Its text is never shown: it may hold secrets."""
    if not data:
        return None
    content = data.encode("utf-8", "surrogateescape")
    if data.startswith("@"):
        try:
            content = files.read(data[1:])
        except files.Unreadable as error:
            raise refuse("file-missing", f"--data {data}", error.reason) from None
    try:
        loads(content)
    except (ValueError, RecursionError):
        raise refuse("usage", "--data", "is not JSON (strings need double quotes)") from None
    return content


def _login(wish: Wish, takes_one: bool) -> tuple[str, str] | None:
    """Return the name and the password of a call that takes them: from a file, or asked for."""
    if not takes_one:
        if wish.user:
            reason = f"only {' '.join(_LOGIN)} takes a login"
            raise refuse("usage", "--user", reason, "leave --user out")
        return None
    if not wish.user:
        fix = "give the name with --user; the password is asked for, or read from --password-file"
        raise refuse("usage", " ".join(_LOGIN), "it needs a login", fix)
    if ":" in wish.user:
        raise refuse("usage", "--user", "a colon would end the name", "give the name alone")
    word = _from_file(wish.password_file) if wish.password_file else _asked()
    if not word:
        raise refuse("usage", "--user", "the password is empty")
    try:
        f"{wish.user}{word}".encode()
    except UnicodeEncodeError:
        raise refuse("usage", "--user", "the name is not UTF-8") from None
    return wish.user, word


def _from_file(path: str) -> str:
    """Return a file's text without the end of its line."""
    subject = f"--password-file {path}"
    try:
        return files.read(path).decode().removesuffix("\n").removesuffix("\r")
    except files.Unreadable as error:
        reason = error.reason
    except UnicodeDecodeError as error:
        reason = files.not_text(error)
    raise refuse("file-missing", subject, reason)


def _asked() -> str:
    try:
        return password.asked("Password: ")
    except password.NoTerminal:
        fix = "give a file with the password: --password-file FILE"
        reason = "there is no terminal to ask for the password"
        raise refuse("usage", "--user", reason, fix) from None


def _ask(api: Api, token: Secret, question: Question, raw: bool, colour: bool) -> int:
    from cycle_exec.client.client import Client
    from cycle_exec.client.errors import ApiError

    with Client(api.socket, token.reveal(), timeout=api.timeout, deadline=api.deadline) as client:
        try:
            status, body = client.raw(
                question.method, question.path, question.query, question.content, question.login
            )
        except ApiError as error:
            raise refuse("unavailable", question.subject, error.title) from None
    found = True
    try:
        document = loads(body)
    except (ValueError, RecursionError):
        document, found = None, False
    if raw:
        stdout.write(body.decode("utf-8", "surrogateescape"))
    elif found:
        _print(document, status, colour)
    good = 200 <= status < 300 and found and not _error(document)
    if not good:
        if question.login and status == 403 and _is_rejected(document):
            raise refuse("answer-refused", question.subject, "the login is rejected")
        raise Refused([_problem(question.subject, status, found)])
    return 0


def _print(document: object, status: int, colour: bool) -> None:
    """Print the data; of an error, and of an answer without data, the whole answer."""
    from cycle_exec.presentation import pretty

    plain = isinstance(document, dict) and "data" in document and not _error(document)
    shown = document["data"] if plain and status < 300 and isinstance(document, dict) else document
    people = colour or stdout.is_terminal()
    text = pretty.pretty(shown, colour=colour) if people else pretty.line(shown)
    stdout.write(text + "\n")


def _is_rejected(document: object) -> bool:
    """Whether this is the verdict on a login, and no error."""
    return isinstance(document, dict) and document.get("data") is False


def _error(document: object) -> dict[str, object]:
    said = document.get("error") if isinstance(document, dict) else None
    return said if isinstance(said, dict) else {}


def _problem(subject: str, status: int, found: bool) -> Problem:
    if 200 <= status < 300:
        reason = "the response is an error" if found else "the response is not JSON"
        return Problem(kind="answer-malformed", subject=subject, reason=reason)
    kind = "denied" if status in _DENIED else "answer-refused"
    if status == 429 or status >= 500:
        kind = "unavailable"
    fix = "" if kind == "denied" else "see the response on standard output"
    return Problem(kind=kind, subject=subject, reason=f"the API answered {status}", fix=fix)


def _follow(api: Api, token: Secret, prefix: str) -> int:
    from cycle_exec.client import notifications
    from cycle_exec.client.errors import NotAuthorized
    from cycle_exec.presentation import pretty

    if not notifications.available():
        raise refuse(
            "file-missing",
            "api notifications",
            "the package websockets is not installed",
            "pip install 'cycle-exec[reload]'",
        )
    try:
        for found in notifications.follow(api.socket, token.reveal(), api.timeout, prefix):
            if found.connected:
                stderr.log.info("listening for notifications")
            else:
                stdout.write(pretty.line(found.message) + "\n")
    except NotAuthorized as error:
        reason = f"the API answered {error.status}"
        raise refuse("denied", "notifications", reason) from None
    return 0
