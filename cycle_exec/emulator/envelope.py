"""A call of the emulated API, and the platform's envelope for its answers."""

from __future__ import annotations

from cycle_exec.emulator.model import Query, Reply, World
from cycle_exec.record import Record

# The document's codes, one per status. It has none for 405, so that one is made like the others,
# and none for 501 and 502, for which the nearest stands in.
CODES = {
    400: "400.invalid-syntax",
    401: "401.auth-invalid",
    403: "403.permissions",
    404: "404.uri",
    405: "405.method-not-allowed",
    409: "409.duplicate-found",
    415: "415.invalid-content-type",
    422: "422.invalid-argument",
    429: "429.rate-limiting",
    500: "500.unknown",
    501: "503.not-enabled",
    502: "500.unknown",
    503: "503.not-ready",
    504: "504.not-available",
}


class Call(Record):
    """What an answer is made from. now: seconds since the epoch."""

    world: World
    query: Query
    now: float


def error(status: int, title: str, detail: str = "", *, code: str = "", source: str = "") -> Reply:
    """Return an error in the platform's envelope; the code follows from the status unless given."""
    members = {
        "status": status,
        "code": code or CODES.get(status, f"{status}.unknown"),
        "title": title,
        "detail": detail,
        "source": source,
    }
    return Reply(status=status, data={"error": members, "data": None})


def missing(source: str, detail: str) -> Reply:
    """422 for something that must be there. source: where, a JSON pointer into the request."""
    return error(422, "Missing argument", detail, code="422.missing-argument", source=source)


def good(data: object) -> Reply:
    """200 with this data."""
    return Reply(status=200, data={"data": data})
