"""Statuses: what is final, what passes, when to ask again, and words that are not repeated."""

from __future__ import annotations

from tests.hostile.model import (
    FETCHED,
    GOOD,
    Refuses,
    Scenario,
    away,
    malformed,
    of_variables,
    read,
)
from tests.support.hostile import ENVIRONMENT, VARIABLES, error, reply

BODY = {"data": FETCHED}
UNHEALTHY = "the API is not healthy, it answered"


def _final(status: int, code: int, kind: str) -> Scenario:
    """One request, one line."""
    problem = of_variables(f"the API answered {status} ({status}.hostile) ({kind})")
    return Scenario(f"{status} is final", Refuses(code, (problem,)), on={VARIABLES: error(status)})


def _quoted(name: str, code: object, shown: str = "") -> Scenario:
    """An error with this code; what is told of it."""
    said = f" ({shown})" if shown else ""
    problem = of_variables(f"the API answered 422{said} (answer-refused)")
    envelope = {"data": None, "error": {"code": code, "title": "c4n4ry", "detail": "c4n4ry"}}
    return Scenario(
        f"a code: {name}", Refuses(65, (problem,)), on={VARIABLES: reply(422, envelope)}
    )


def _other_good(status: int) -> Scenario:
    body = b"" if status in (204, 304) else BODY
    message = reply(status, body, {"Location": ENVIRONMENT})
    return malformed(f"{status} brings no data", message, f"the API answered {status}")


def _at_once(name: str, status: int, headers: dict[str, object]) -> Scenario:
    """The platform wants us to come back later than we may."""
    problem = of_variables(f"{UNHEALTHY} {status} (unavailable)")
    return Scenario(
        name,
        Refuses(69, (problem,)),
        on={VARIABLES: error(status, headers=headers)},
        options=("--deadline", "20s"),
    )


def _no_matter(value: object) -> Scenario:
    behaviour = [error(503, headers={"Retry-After": value}), GOOD]
    return read(f"retry-after says nothing: {value!a}", behaviour, 2)


SCENARIOS = (
    *(_other_good(status) for status in (201, 202, 203, 204, 205, 206, 226)),
    *(_other_good(status) for status in (300, 301, 302, 303, 304, 307, 308)),
    *(_final(status, 77, "denied") for status in (401, 403)),
    *(
        _final(status, 65, "answer-refused")
        for status in (400, 402, 404, 405, 406, 408, 409, 410, 413, 418, 422, 451, 499)
    ),
    *(
        away(f"{status} until the end", error(status), f"{UNHEALTHY} {status}")
        for status in (429, 500, 501, 502, 503, 504, 507, 599)
    ),
    *(
        read(f"{status} twice, then well", [error(status), error(status), GOOD], 3)
        for status in (429, 500, 503)
    ),
    read(
        "each try another fault",
        [error(429), b"", error(502), reply(503, b"<html>"), GOOD[:-1], GOOD],
        6,
    ),
    Scenario(
        "503, then the token is refused",
        Refuses(77, (of_variables("the API answered 401 (401.hostile) (denied)"),)),
        on={VARIABLES: [error(503), error(401)]},
        asked={VARIABLES: 2},
    ),
    Scenario(
        "data do not mend a 404",
        Refuses(65, (of_variables("the API answered 404 (answer-refused)"),)),
        on={VARIABLES: reply(404, BODY)},
    ),
    Scenario(
        "data do not mend a 403",
        Refuses(77, (of_variables("the API answered 403 (denied)"),)),
        on={VARIABLES: reply(403, BODY)},
    ),
    away("data do not mend a 500", reply(500, BODY), f"{UNHEALTHY} 500"),
    Scenario(
        "an error page of somebody else",
        Refuses(65, (of_variables("the API answered 404 (answer-refused)"),)),
        on={VARIABLES: reply(404, b"<html>c4n4ry</html>", content_type="text/html")},
    ),
    Scenario(
        "an error page of many brackets",
        Refuses(65, (of_variables("the API answered 400 (answer-refused)"),)),
        on={VARIABLES: reply(400, b"[" * 300_000)},
    ),
    # Retry-After
    read("retry-after 0", [error(503, headers={"Retry-After": 0}), GOOD], 2),
    read("retry-after 1", [error(429, headers={"Retry-After": 1}), GOOD], 2),
    _at_once("retry-after an hour", 503, {"Retry-After": 3600}),
    _at_once("retry-after of thirty digits", 429, {"Retry-After": "9" * 30}),
    _at_once(
        "retry-after as a date",
        503,
        {
            "Date": "Sun, 06 Nov 1994 08:49:37 GMT",
            "Retry-After": "Sun, 06 Nov 1994 09:49:37 GMT",
        },
    ),
    read(
        "retry-after as a date that is over",
        [
            error(
                503,
                headers={
                    "Date": "Sun, 06 Nov 1994 09:49:37 GMT",
                    "Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT",
                },
            ),
            GOOD,
        ],
        2,
    ),
    *(_no_matter(value) for value in ("soon", "-1", "1.5", "0x1", "", "1, 2", "\xb2", "inf")),
    away(
        "retry-after 0 without end",
        error(503, headers={"Retry-After": 0}),
        f"{UNHEALTHY} 503",
        range(3, 40),
    ),
    # Codes
    _quoted("one of the platform", "422.invalid-input", "422.invalid-input"),
    _quoted("of three words", "422.a.b-c.d1", "422.a.b-c.d1"),
    _quoted("capitals", "422.C4n4ry"),
    _quoted("no number", "c4n4ry"),
    _quoted("a number alone", "422"),
    _quoted("an empty word", "422..c4n4ry"),
    _quoted("a line break", "422.c4n4ry\n"),
    _quoted("an escape sequence", "422.\x1b[31mc4n4ry"),
    _quoted("a hundred words", "422" + ".c4n4ry" * 100),
    _quoted("digits of another script", "٤٢٢.c4n4ry"),
    _quoted("a list", ["422.c4n4ry"]),
    _quoted("a number", 422),
    _quoted("an object", {"code": "422.c4n4ry"}),
)
