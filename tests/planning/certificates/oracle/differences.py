"""Where our verdict is not that of the servers and clients, and why; docs/certificates.md has it.

"all" accept, or "none" does; we "start" without a word, "warn", or "refuse".
"""

from __future__ import annotations

from typing import NamedTuple


class Difference(NamedTuple):
    """One row of the table, and the bundles that show it."""

    bundles: tuple[str, ...]
    what: str
    clients: str
    ours: str
    reason: str


DIFFERENCES = (
    Difference(
        (
            "chain: leaf alone",
            "chain: of two, the upper missing",
            "extensions: signed by itself",
        ),
        "a chain that ends below what clients trust, and does not say so",
        "none",
        "start",
        "which roots clients trust is not known here: a private root may be enough",
    ),
    Difference(
        ("extensions: another key, no identifiers",),
        "an issuer of the right name with another key, without key identifiers",
        "none",
        "start",
        "signatures are not verified, identifiers are compared",
    ),
    Difference(
        (
            "chain: leaf of a root, names its issuer",
            "chain: leaf of a root, with a stranger",
        ),
        "no intermediate, but clients trust the issuer itself",
        "all",
        "warn",
        "which roots clients trust is not known here",
    ),
    Difference(
        (
            "chain: of two, exchanged",
            "chain: root before the intermediate",
            "chain: a stranger in between",
        ),
        "a complete chain in another order",
        "all",
        "warn",
        "old clients need the order",
    ),
    Difference(
        ("dates: an old copy of the root",),
        "an expired root behind a complete chain",
        "all",
        "warn",
        "clients whose own copy has expired too reject it",
    ),
    Difference(
        ("names: only a common name",),
        "a certificate without a DNS name",
        "all",
        "refuse",
        "OpenSSL still reads the common name; browsers, Go and Python do not",
    ),
    Difference(
        ("names: with an underscore",),
        "a host name with an underscore",
        "all",
        "refuse",
        "certificate authorities do not issue for them, and clients disagree",
    ),
    Difference(
        ("wrapping: the key before", "wrapping: the key behind"),
        "a private key inside the bundle",
        "all",
        "refuse",
        "files that may be public would contain it",
    ),
    Difference(
        ("two keys",),
        "two private keys",
        "all",
        "refuse",
        "OpenSSL takes the first; which one is meant is a guess",
    ),
    Difference(
        ("wrapping: DH PARAMETERS behind", "wrapping: a request behind"),
        "a block that is no certificate",
        "all",
        "refuse",
        "OpenSSL skips it; others that read the files may not",
    ),
    Difference(
        ("wrapping: CR", "wrapping: blanks before the lines", "wrapping: base64"),
        "PEM in base64, indented, or with CR alone",
        "none",
        "start",
        "it is written as plain PEM, which all accept",
    ),
)
