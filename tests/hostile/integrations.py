"""Integrations: the one that was asked for, its fields, and those that may be absent."""

from __future__ import annotations

from typing import Any

from tests.hostile.model import (
    FETCHED,
    JOB,
    PAGES,
    Count,
    Refuses,
    Scenario,
    Starts,
)
from tests.support.hostile import (
    CANARY,
    INTEGRATIONS,
    VARIABLES,
    Behaviour,
    data,
    integration,
)

NAME = "s3-backups"
TARGET = f"{INTEGRATIONS}?identifier={NAME}"
ALL = {
    "S3_KEY_ID": f"{CANARY}-key-id",
    "S3_SECRET": f"{CANARY}-secret",
    "S3_BUCKET": f"{CANARY}-bucket",
}
WANTED = f'[[integrations]]\nidentifier = "{NAME}"\n'
PREFIXED = WANTED + 'prefix = "S3"\n'
OPTIONAL = PREFIXED + "optional = true\n"
FIELDS = "auth.key_id, auth.secret, extra.bucket"


def problem(reason: str, kind: str = "answer-malformed") -> str:
    """A problem of the answer."""
    return f"integration {NAME} (GET {INTEGRATIONS}): {reason} ({kind})"


def scenario(
    name: str,
    outcome: Starts | Refuses,
    answer: Behaviour | None = None,
    wanted: str = PREFIXED,
    asked: Count = 1,
    **more: Any,
) -> Scenario:
    """One integration is asked for, and the platform answers so."""
    return Scenario(
        f"integration: {name}",
        outcome,
        on={} if answer is None else {INTEGRATIONS: answer},
        manifest=wanted + JOB,
        asked={VARIABLES: 1, more.pop("target", TARGET): asked},
        **more,
    )


def _bad(name: str, answer: object, reason: str, **more: Any) -> Scenario:
    return scenario(name, Refuses(65, (problem(reason),)), data(answer), **more)


def _fields(name: str, found: dict[str, object], environ: dict[str, str]) -> Scenario:
    return scenario(name, Starts({**FETCHED, **environ}), data(found))


def _without(member: str) -> dict[str, object]:
    return {name: value for name, value in integration().items() if name != member}


OTHER = "the API returned another integration than the requested one"

ANSWERS = (
    scenario("as it should be", Starts({**FETCHED, **ALL})),
    _bad("another one", integration("s3-backup"), OTHER),
    _bad("another in capitals", integration("S3-BACKUPS"), OTHER),
    _bad("another with a line break", integration(f"{NAME}\n"), OTHER),
    _bad("without an identifier", _without("identifier"), "identifier is missing or not a string"),
    _bad("without a vendor", _without("vendor"), "vendor is missing or not a string"),
    _bad("without a name", _without("name"), "name is missing or not a string"),
    _bad("whose name is a number", {**integration(), "name": 7}, "name is missing or not a string"),
    _bad(
        "of another vendor",
        integration(vendor="gcp"),
        "the API returned an integration of another vendor",
        wanted=PREFIXED + 'vendor = "aws"\n',
        target=f"{TARGET}&vendor=aws",
    ),
    _bad("that is null", None, "data is not an object"),
    _bad("in a list", [integration()], "data is not an object"),
    _bad("that is a string", CANARY, "data is not an object"),
    _bad("whose auth is a list", {**integration(), "auth": [CANARY]}, "auth is not an object"),
    _bad("whose auth is a string", {**integration(), "auth": CANARY}, "auth is not an object"),
    _bad("whose extra is true", {**integration(), "extra": True}, "extra is not an object"),
    _bad(
        "a field that is a number", integration(auth={"secret": 7}), "auth.secret is not a string"
    ),
    _bad(
        "a field that is false", integration(auth={"secret": False}), "auth.secret is not a string"
    ),
    _bad("a field that is a list", integration(extra={"a": []}), "extra.a is not a string"),
    _fields(
        "a field that is null", integration(auth={"secret": None}, extra={"a": "b"}), {"S3_A": "b"}
    ),
    _fields("no fields at all", {**integration(), "auth": None, "extra": None}, {}),
    _fields("without auth and extra", {"identifier": NAME, "vendor": "aws", "name": "x"}, {}),
    _fields(
        "fields with strange names",
        integration(auth={"a.b": CANARY, "c d": "2", "": "3"}, extra={}),
        {"S3_A_B": CANARY, "S3_C_D": "2", "S3_": "3"},
    ),
    _fields(
        "a field of template syntax",
        integration(auth={"secret": "{{ variables.PLAIN }}"}, extra={}),
        {"S3_SECRET": "{{ variables.PLAIN }}"},
    ),
    scenario(
        "one name in auth and extra",
        Refuses(
            65,
            (
                f"variable S3_KEY: both integration {NAME}: auth.key and integration {NAME}: "
                "extra.key produce this name (name-collision)",
            ),
        ),
        data(integration(auth={"key": CANARY}, extra={"key": CANARY})),
    ),
    scenario(
        "a field with a NUL",
        Refuses(
            65,
            (
                f"variable S3_SECRET: integration {NAME}: auth.secret contains a NUL, which is "
                "not allowed in the environment (value-refused)",
            ),
            ("write it to a file with [variables.files], or correct it in the portal",),
        ),
        data(integration(auth={"secret": f"{CANARY}\0"}, extra={})),
    ),
    scenario(
        "a field that would preload a library",
        Refuses(
            65,
            (
                f"variable LD_PRELOAD: integration {NAME}: auth.preload may not set it: it changes "
                "how programs run (name-refused)",
            ),
        ),
        data(integration(auth={"preload": CANARY}, extra={})),
        wanted=WANTED + 'prefix = "LD"\n',
    ),
    scenario(
        "a field that is not there",
        Refuses(
            65,
            (
                f"integration {NAME}: auth.token is not set, its fields are: {FIELDS} "
                "(variable-missing)",
            ),
            ("use one of these fields, or set the field in the portal",),
        ),
        wanted=WANTED + 'env = { TOKEN = "auth.token" }\n',
    ),
    scenario(
        "a file of what is not base64",
        Refuses(
            65,
            (
                f"integration {NAME}: auth.secret: is not base64, although the manifest says so "
                "(value-refused)",
            ),
        ),
        wanted=WANTED + 'files = { "@/key" = { field = "auth.secret", decode = "base64" } }\n',
    ),
    scenario(
        "a file of a field",
        Starts(FETCHED, {**PAGES, "new/key": f"{CANARY}-secret".encode()}),
        wanted=WANTED + 'files = { "@/new/key" = { field = "auth.secret" } }\n',
    ),
)

SCENARIOS = ANSWERS
