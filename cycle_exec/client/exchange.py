"""The half of a client that only decides, shared by both clients.

A call becomes a request; an answer becomes a result, an error, or a retry.
"""

from __future__ import annotations

from binascii import b2a_base64
from json import dumps, loads

from cycle_exec.client import errors
from cycle_exec.record import Record
from cycle_exec.sources import failures, retry
from cycle_exec.sources.model import Failure, Response
from cycle_exec.sources.operations import OPERATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

LOGIN = "validateVPNLogin"
# Whose good answer has no data.
_SILENT = frozenset(("createInstanceJob", "postObjectCache"))


class Call(Record):
    """A request, ready to be sent. headers: beside the token's. operation: empty for a raw one."""

    _redacted = ("headers", "content")

    operation: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes | None


def call(operation: str, query: Mapping[str, str | None], body: Any) -> Call:
    """Return the request of a call. body: of a login, username and password.

    Raise TypeError or ValueError for a body that is not JSON, or a login that Basic authorization
    cannot carry.
    """
    row = OPERATIONS[operation]
    headers: dict[str, str] = {}
    content = None
    if operation == LOGIN:
        headers["Authorization"] = _basic(*body)
    elif body is not None:
        headers["Content-Type"] = "application/json"
        content = dumps(body, allow_nan=False).encode()
    return Call(
        operation=operation,
        method=row.method,
        path=row.path,
        query={name: value for name, value in query.items() if value is not None},
        headers=headers,
        content=content,
    )


def raw(
    method: str,
    path: str,
    query: Mapping[str, str],
    content: bytes | None,
    login: tuple[str, str] | None = None,
) -> Call:
    """Return any request at all; raise ValueError as `call` does."""
    headers = {"Content-Type": "application/json"} if content is not None else {}
    if login is not None:
        headers["Authorization"] = _basic(*login)
    return Call(
        operation="", method=method, path=path, query=query, headers=headers, content=content
    )


def answered(outcome: Response | Failure, socket: str) -> tuple[int, bytes]:
    """Return status and body; raise Unavailable or ProtocolError where there are none.

    socket: its path, for the message; empty where requests take another way.
    """
    if isinstance(outcome, Failure):
        raise _unanswered(outcome, socket)
    return outcome.status, outcome.body.reveal()


def _unanswered(failure: Failure, socket: str) -> errors.ApiError:
    kind = errors.ProtocolError if failure.kind == "malformed" else errors.Unavailable
    subject = f"{socket}: " if socket and failure.kind in failures.OF_SOCKET else ""
    return kind(0, title=subject + failures.words(failure))


def _basic(username: str, password: str) -> str:
    if ":" in username:
        raise ValueError("a username with a colon would be another user's login")
    return "Basic " + b2a_base64(f"{username}:{password}".encode(), newline=False).decode()


def latest(outcome: Response | Failure, last: Response | Failure | None) -> Response | Failure:
    """Return the outcome of a try, or that of the last one, which says more: an answer, where now
    the time was over. last: None at the first try.
    """
    is_late = isinstance(outcome, Failure) and outcome.kind == "timeout"
    return last if is_late and isinstance(last, Response) else outcome


def reached(outcome: Response | Failure) -> bool:
    """Whether there was a connection to the API."""
    return isinstance(outcome, Response) or outcome.kind not in failures.OF_SOCKET


def wait(
    request: Call,
    outcome: Response | Failure,
    attempt: int,
    left: float,
    draw: float,
    known: bool,
) -> float | None:
    """Return the seconds before a retry, or None if the outcome is final.

    Only what reads is retried, and a login, which changes nothing either. known: whether this
    client has reached the API before; a socket that never was there is not waited for.
    """
    if isinstance(outcome, Failure) and outcome.kind == "missing" and not known:
        return None
    if request.method != "GET" and request.operation != LOGIN:
        return None
    return retry.delay(outcome, attempt, left, draw)


def result(request: Call, outcome: Response | Failure, empty: Any, socket: str) -> Any:
    """Return what the method returns; raise ApiError.

    empty: what null stands for. socket: as `answered` takes it.
    """
    if isinstance(outcome, Failure):
        raise _unanswered(outcome, socket)
    document = _document(outcome)
    if request.operation == LOGIN and outcome.status == 403 and document.get("data") is False:
        return False
    said = document.get("error")
    if not 200 <= outcome.status < 300 or said:
        raise _error(outcome, said if isinstance(said, dict) else {})
    if request.operation in _SILENT:
        return None
    if "data" not in document:
        raise errors.ProtocolError(outcome.status, title="the response has no data")
    data = document["data"]
    return empty if data is None else data


def _document(outcome: Response) -> Mapping[str, Any]:
    """Return the answer's JSON object; of an error without one, an empty object."""
    try:
        document = loads(outcome.body.reveal())
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        return document
    if outcome.status >= 300:
        return {}
    raise errors.ProtocolError(outcome.status, title="the response is not a JSON object")


def _error(outcome: Response, said: Mapping[str, Any]) -> errors.ApiError:
    def text(name: str) -> str:
        value = said.get(name)
        return value if isinstance(value, str) else ""

    status = outcome.status
    if 200 <= status < 300:
        # An error envelope beats the status it comes with.
        given = said.get("status")
        status = given if isinstance(given, int) else status
    found = errors.of_status(status)(status, text("code"), text("title"), text("detail"))
    if isinstance(found, errors.RateLimited):
        found.retry_after = retry.retry_after(outcome) or None
    return found
