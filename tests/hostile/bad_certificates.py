"""Certificates that are refused: pairs, chains, dates, names that would be paths, broken texts."""

from __future__ import annotations

from tests.hostile.certificates import (
    APP,
    BUNDLE,
    KEY,
    LEAF,
    MIDDLE,
    ONE,
    WRONG_KEY,
    coded,
    scenario,
)
from tests.hostile.model import Refuses, Scenario
from tests.support.hostile import CANARY, certificate
from tests.support.issued import key, key_pem


def _unusable(name: str, found: object, *reasons: str, wanted: str = "", of: str = APP) -> Scenario:
    problems = tuple(
        f"{f'certificate {of}'.rstrip()}: {reason} (certificate-refused)" for reason in reasons
    )
    every = found if isinstance(found, list) else [found]
    return scenario(name, Refuses(65, problems), every, wanted)


def _named(domain: str, shown: str) -> Scenario:
    """A name out of which no folder may be made."""
    reason = "it is not a host name of letters, digits and hyphens (xn-- for other characters)"
    return _unusable(f"for {domain!a}", {**ONE, "domains": [domain]}, reason, of=shown)


def _block(label: str) -> str:
    """PEM of rubbish."""
    return f"-----BEGIN {label}-----\n{coded(CANARY)}\n-----END {label}-----\n"


UNUSABLE = (
    _unusable("another key", {**ONE, "private_key": key_pem(key("P-384"))}, WRONG_KEY),
    _unusable(
        "another key of its kind", {**ONE, "private_key": key_pem(key("P-256", 100))}, WRONG_KEY
    ),
    _unusable(
        "a key in the bundle",
        {**ONE, "bundle": BUNDLE + KEY},
        "a private key is inside the certificate bundle",
    ),
    _unusable(
        "bundle and key exchanged",
        {**ONE, "bundle": KEY, "private_key": BUNDLE},
        "a private key is inside the certificate bundle",
        "there is no private key",
    ),
    _unusable(
        "two keys",
        {**ONE, "private_key": KEY + key_pem(key("P-256", 100))},
        "there is more than one private key",
    ),
    _unusable(
        "an encrypted key",
        {**ONE, "private_key": key_pem(key(), password=CANARY)},
        "the private key is encrypted, which is not supported",
    ),
    _unusable(
        "an encrypted key of the old form",
        {**ONE, "private_key": key_pem(key(), "traditional", CANARY)},
        "the private key is encrypted, which is not supported",
    ),
    _unusable(
        "half a key",
        {**ONE, "private_key": KEY[:100]},
        "the private key has a BEGIN line without an END line",
    ),
    _unusable("an empty key", {**ONE, "private_key": ""}, "the private key is empty"),
    _unusable(
        "a key that is not PEM",
        {**ONE, "private_key": CANARY},
        "the private key is neither PEM nor base64-encoded PEM",
    ),
    _unusable(
        "a key that is base64 twice",
        {**ONE, "private_key": coded(coded(KEY))},
        "the private key is neither PEM nor base64-encoded PEM",
    ),
    _unusable(
        "a key of another kind",
        {**ONE, "private_key": KEY.replace("PRIVATE", "C4N4RY PRIVATE")},
        "the private key is of an unknown kind",
    ),
    _unusable(
        "a key of rubbish",
        {
            **ONE,
            "private_key": _block("PRIVATE KEY"),
        },
        "openssl cannot read the private key",
    ),
    _unusable(
        "half a bundle",
        {**ONE, "bundle": BUNDLE[:-100]},
        "the bundle has a BEGIN line without an END line",
    ),
    _unusable("an empty bundle", {**ONE, "bundle": " \n"}, "the bundle is empty"),
    _unusable(
        "a bundle that is not PEM",
        {**ONE, "bundle": f"{CANARY}!"},
        "the bundle is neither PEM nor base64-encoded PEM",
    ),
    _unusable(
        "a bundle of rubbish",
        {
            **ONE,
            "bundle": _block("CERTIFICATE"),
        },
        "certificate 1 of the bundle is not X.509",
    ),
    _unusable(
        "a bundle of forty", {**ONE, "bundle": LEAF * 40}, "the bundle has more than 32 blocks"
    ),
    _unusable(
        "a bundle of two megabytes",
        {**ONE, "bundle": BUNDLE + "#" * 2_000_000},
        "the bundle is larger than 1 MiB",
    ),
    _unusable(
        "a chain upside down",
        {**ONE, "bundle": MIDDLE + LEAF},
        "the leaf is not first: certificate 2 has this key",
    ),
    _unusable(
        "DH parameters behind the chain",
        {**ONE, "bundle": BUNDLE + _block("DH PARAMETERS")},
        "the bundle contains DH PARAMETERS, which is no certificate",
    ),
    _unusable(
        "a block with a strange label",
        {**ONE, "bundle": BUNDLE + _block(CANARY)},
        "the bundle contains a block of another kind, which is no certificate",
    ),
    _unusable(
        "lost line ends",
        {**ONE, "bundle": BUNDLE.replace("\n", " ")},
        "the bundle has lost its line ends",
    ),
    _unusable(
        "literal line ends",
        {**ONE, "bundle": BUNDLE.replace("\n", "\\n")},
        "the bundle has the two characters \\n where its line ends belong",
    ),
    _unusable("expired", certificate(days=-3.5), "it expired 3 days ago"),
    _unusable("expired a moment ago", certificate(days=-0.5), "it has expired"),
    _unusable(
        "for another name",
        {**ONE, "domains": ["www.example.test"]},
        "it does not cover www.example.test",
        of="www.example.test",
    ),
    _unusable(
        "a wildcard for two labels",
        {**certificate("*.example.test"), "domains": ["a.b.example.test"]},
        "it does not cover a.b.example.test",
        of="a.b.example.test",
    ),
    _unusable(
        "a wanted name that is not there",
        ONE,
        f"there is no certificate for it, did you mean {APP}",
        wanted='domains = ["ap.example.test"]\n',
        of="ap.example.test",
    ),
    scenario(
        "none at all",
        Refuses(
            65,
            (
                "certificate: the platform has no certificate for this container "
                "(certificate-refused)",
            ),
        ),
        [],
    ),
    _unusable(
        "without a domain",
        {**ONE, "domains": []},
        "the platform lists no domain for it",
        of=str(ONE["id"]),
    ),
    _named("../../etc/cron.d/x", "../../etc/cron.d/x"),
    _named("/etc/passwd", "/etc/passwd"),
    _named("..", ".."),
    _named("", ""),
    _named("a/../b", "a/../b"),
    _named("app.example.test\0.evil", "app.example.test?.evil"),
    _named("app.example.test\n", "app.example.test?"),
    _named("\x1b[31mred.test", "?[31mred.test"),
    _named("-rf.example.test", "-rf.example.test"),
    _named("*", "*"),
    _named("*.*.example.test", "*.*.example.test"),
    _named("a" * 64 + ".test", "a" * 64 + ".test"),
    _named("p\u00e4ypal.test", "p?ypal.test"),
    _named("\u212aelvin.test", "?elvin.test"),
)

SCENARIOS = UNUSABLE
