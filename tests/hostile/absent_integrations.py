"""Integrations: absent, optional, many, and named in a way that a query might misread."""

from __future__ import annotations

from tests.hostile.integrations import ALL, OPTIONAL, OTHER, problem, scenario
from tests.hostile.model import FETCHED, JOB, SHORT, Refuses, Scenario, Starts
from tests.support.hostile import (
    CANARY,
    INTEGRATIONS,
    VARIABLES,
    data,
    drop,
    error,
    integration,
    reply,
)

STATUSES = (
    scenario(
        "that does not exist",
        Refuses(65, (problem("the API answered 404 (404.hostile)", "answer-refused"),)),
        error(404),
    ),
    scenario("optional and absent", Starts(), error(404), wanted=OPTIONAL),
    scenario("optional and null", Starts(), data(None), wanted=OPTIONAL),
    scenario(
        "optional and forbidden",
        Refuses(77, (problem("the API answered 403 (403.hostile)", "denied"),)),
        error(403),
        wanted=OPTIONAL,
    ),
    scenario(
        "optional and malformed",
        Refuses(65, (problem("the response is not valid JSON: it is empty"),)),
        reply(200, b""),
        wanted=OPTIONAL,
    ),
    scenario(
        "optional and another one",
        Refuses(65, (problem(OTHER),)),
        data(integration("other")),
        wanted=OPTIONAL,
    ),
    scenario(
        "dropped without end",
        Refuses(
            69,
            (
                problem(
                    "<cut><tries>, the deadline has passed",
                    "unavailable",
                ),
            ),
        ),
        drop,
        asked=range(1, 40),
        options=("--deadline", SHORT),
    ),
    scenario(
        "ill, then well", Starts({**FETCHED, **ALL}), [error(503), data(integration())], asked=2
    ),
    Scenario(
        "integration: a name with signs of a query",
        Refuses(
            65,
            (
                f"integration a&b=c#d/.. (GET {INTEGRATIONS}): the API answered 404 (404.hostile) "
                "(answer-refused)",
            ),
        ),
        manifest='[[integrations]]\nidentifier = "a&b=c#d/.."\nprefix = "S3"\n' + JOB,
        asked={VARIABLES: 1, f"{INTEGRATIONS}?identifier=a%26b%3Dc%23d%2F..": 1},
    ),
    Scenario(
        "integration: a hundred of them",
        Starts({**FETCHED, **{f"I{n}_SECRET": CANARY for n in range(100)}}),
        world={
            "integrations": [
                integration(f"i{n}", auth={"secret": CANARY}, extra={}) for n in range(100)
            ]
        },
        manifest="".join(
            f'[[integrations]]\nidentifier = "i{n}"\nprefix = "I{n}"\n' for n in range(100)
        )
        + JOB,
        asked={VARIABLES: 1, **{f"{INTEGRATIONS}?identifier=i{n}": 1 for n in range(100)}},
    ),
    Scenario(
        "integration: two that end in one name",
        Refuses(
            65,
            (
                "variable S3_SECRET: both integration one: auth.secret and integration two: "
                "auth.secret produce this name (name-collision)",
            ),
        ),
        world={
            "integrations": [
                integration(n, auth={"secret": CANARY}, extra={}) for n in ("one", "two")
            ]
        },
        manifest="".join(
            f'[[integrations]]\nidentifier = "{n}"\nprefix = "S3"\n' for n in ("one", "two")
        )
        + JOB,
        asked={
            VARIABLES: 1,
            f"{INTEGRATIONS}?identifier=one": 1,
            f"{INTEGRATIONS}?identifier=two": 1,
        },
    ),
)

SCENARIOS = STATUSES
