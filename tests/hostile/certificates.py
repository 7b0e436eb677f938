"""Certificates that can be used in spite of their form, and answers that hold none."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from tests.hostile.model import FETCHED, JOB, PAGES, Refuses, Scenario, Starts
from tests.support.hostile import CANARY, CERTIFICATES, VARIABLES, certificate, data, error, reply
from tests.support.issued import key, key_pem

APP = "app.example.test"
JOB_OF_PEMS = '[certificates]\ndirectory = "@/pem"\n'
ONE = certificate()
BUNDLE, KEY = str(ONE["bundle"]), str(ONE["private_key"])
LEAF, MIDDLE = (
    f"{part}-----END CERTIFICATE-----\n" for part in BUNDLE.split("-----END CERTIFICATE-----\n")[:2]
)
SUBJECT = f"certificates (GET {CERTIFICATES})"


def scenario(
    name: str, outcome: Starts | Refuses, found: object, wanted: str = "", **more: Any
) -> Scenario:
    """found: what the platform has, else how it answers."""
    on = {} if isinstance(found, list) else {CERTIFICATES: found}
    return Scenario(
        f"certificate: {name}",
        outcome,
        on=on,  # type: ignore[arg-type]
        world={"certificates": found} if isinstance(found, list) else {},
        manifest=JOB_OF_PEMS + wanted + JOB,
        asked={VARIABLES: 1, CERTIFICATES: 1},
        **more,
    )


def _usable(
    name: str,
    *found: Mapping[str, object],
    folders: Mapping[str, int] | None = None,
    warnings: Sequence[str] = (),
    wanted: str = "",
) -> Scenario:
    start = Starts(FETCHED, PAGES, tuple(warnings), folders or {APP: 2})
    return scenario(name, start, list(found), wanted)


def _broken(name: str, found: object, reason: str) -> Scenario:
    outcome = Refuses(65, (f"{SUBJECT}: {reason} (answer-malformed)",))
    return scenario(name, outcome, found)


def coded(text: str) -> str:
    """Base64 in one line."""
    return b64encode(text.encode()).decode()


WRONG_KEY = "the private key does not match the certificate"
USABLE = (
    _usable("as it should be", ONE),
    _usable("base64 of PEM", certificate(encoded=True)),
    _usable(
        "base64 in lines",
        {**ONE, "bundle": "\n".join(coded(BUNDLE)[n : n + 76] for n in range(0, 4000, 76))},
    ),
    _usable(
        "CRLF",
        {**ONE, "bundle": BUNDLE.replace("\n", "\r\n"), "private_key": KEY.replace("\n", "\r\n")},
    ),
    _usable(
        "notes between the blocks", {**ONE, "bundle": f"# c4n4ry \xe9\n{LEAF}\nsubject=x\n{MIDDLE}"}
    ),
    _usable(
        "no line end at its end", {**ONE, "bundle": BUNDLE.rstrip(), "private_key": KEY.rstrip()}
    ),
    _usable("the leaf twice", {**ONE, "bundle": LEAF + BUNDLE}, folders={APP: 3}),
    _usable(
        "further names that are no host names",
        {**ONE, "domains": [APP, "my_app.example.test", "../../etc", f"{APP}."]},
    ),
    _usable("without a chain", {**ONE, "bundle": LEAF}, folders={APP: 1}),
    _usable("of Ed25519", certificate(kind="Ed25519")),
    _usable("of P-384", certificate(kind="P-384")),
    _usable(
        "a wildcard",
        certificate("*.example.test"),
        folders={"_wildcard.example.test": 2},
    ),
    _usable(
        "a wildcard for a wanted name",
        certificate("*.example.test"),
        wanted=f'domains = ["{APP}"]\n',
    ),
    _usable(
        "two names", certificate(APP, "www.example.test"), folders={APP: 2, "www.example.test": 2}
    ),
    _usable("twice the same", ONE, ONE),
    _usable(
        "one that ends soon",
        certificate(days=2.5),
        warnings=[f"certificate {APP}: it expires in 2 days"],
    ),
    _usable(
        "expired, and allowed",
        certificate(days=-2.5),
        wanted="allow_expired = true\n",
        warnings=[f"certificate {APP}: it expired 2 days ago"],
    ),
    _usable(
        "a broken one that another stands in for",
        {**ONE, "private_key": key_pem(key("P-384"))},
        ONE,
        warnings=[f"certificate {APP}: another certificate is used instead: {WRONG_KEY}"],
    ),
    _usable(
        "a broken one that nobody wants",
        ONE,
        {**ONE, "domains": ["../other"], "bundle": CANARY},
        wanted=f'domains = ["{APP}"]\n',
    ),
)

ANSWERS = (
    _broken("data that are an object", data({}), "data is not a list"),
    _broken("data that are a string", data(CANARY), "data is not a list"),
    _broken("a number in the list", data([ONE, 7]), "a certificate is not an object"),
    _broken(
        "domains that are a string",
        data([{**ONE, "domains": APP}]),
        "the domains of a certificate are not a list of strings",
    ),
    _broken(
        "a domain that is null",
        data([{**ONE, "domains": [None]}]),
        "the domains of a certificate are not a list of strings",
    ),
    _broken(
        "without a bundle", data([{**ONE, "bundle": None}]), "bundle is missing or not a string"
    ),
    _broken(
        "a key in a list",
        data([{**ONE, "private_key": [KEY]}]),
        "private_key is missing or not a string",
    ),
    _broken("without an id", data([{**ONE, "id": 7}]), "id is missing or not a string"),
    _broken(
        "an answer without a body", reply(200, b""), "the response is not valid JSON: it is empty"
    ),
    scenario(
        "null instead of a list",
        Refuses(
            65,
            (
                "certificate: the platform has no certificate for this container "
                "(certificate-refused)",
            ),
        ),
        data(None),
    ),
    scenario(
        "an answer of 404",
        Refuses(65, (f"{SUBJECT}: the API answered 404 (404.hostile) (answer-refused)",)),
        error(404),
    ),
    Scenario(
        "certificate: an answer that takes three tries",
        Starts(FETCHED, PAGES, (), {APP: 2}),
        on={CERTIFICATES: [error(503), error(500), data([ONE])]},
        manifest=JOB_OF_PEMS + JOB,
        asked={VARIABLES: 1, CERTIFICATES: 3},
    ),
)

SCENARIOS = (*USABLE, *ANSWERS)
