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
            "odd chains: a loop",
            "odd chains: a loop, and a way out",
            "odd chains: rollover: the old key signs the new",
            "odd chains: signed by itself in between",
            "odd chains: signed by itself, then the good one",
            "odd chains: crossed, one by nobody",
            "odd chains: crossed, by nobody alone",
            "odd chains: crossed above, by nobody",
            "odd chains: pathlen 0 above one that is its own",
            "odd chains: the leaf's name is that of its issuer",
        ),
        "a chain that ends below what clients trust, and does not say so",
        "none",
        "start",
        "which roots clients trust is not known here: a private root may be enough",
    ),
    Difference(
        (
            "odd members: issuer, inner algorithm another",
            "odd members: issuer, algorithm with null",
            "odd members: issuer, signature empty",
            "odd members: issuer, signature of zeros",
        ),
        "the signature of the last certificate does not fit",
        "none",
        "start",
        "its issuer is not in the bundle, so nothing can verify it",
    ),
    Difference(
        (
            "odd members: leaf, signature broken, identifiers fit",
            "odd chains: identifiers lie: another key of the same one",
        ),
        "a signature that does not fit, although the key identifiers do",
        "none",
        "start",
        "identifiers decide; signatures are verified where they do not, which takes a millisecond",
    ),
    Difference(
        (
            "odd chains: the root is broken",
            "odd chains: the root's lists are broken",
            "odd chains: the root has an unknown extension",
            "odd chains: the root limits names",
            "odd chains: pathlen 0 of the root",
        ),
        "a root in the bundle that is malformed or does not permit the chain",
        "all",
        "warn",
        "clients whose own copy of the root says the same reject it",
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
            "odd chains: another leaf in between",
            "odd chains: three, in the wrong order",
            "odd chains: five floors, upside down",
        ),
        "a complete chain in another order",
        "all",
        "warn",
        "old clients need the order",
    ),
    Difference(
        (
            "dates: an old copy of the root",
            "odd chains: crossed root, expired",
            "odd chains: crossed root by nobody, expired, with it",
        ),
        "an expired root, or what leads to one, behind a complete chain",
        "all",
        "warn",
        "clients whose own copy has expired too reject it",
    ),
    Difference(
        (
            "names: only a common name",
            "odd names: the common name beside mail",
            "odd members: leaf, no extensions",
        ),
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
        ("two keys", "odd keys: in both forms"),
        "two private keys, or one in two forms",
        "all",
        "refuse",
        "OpenSSL takes the first; which one is meant is a guess",
    ),
    Difference(
        (
            "wrapping: DH PARAMETERS behind",
            "wrapping: a request behind",
            "odd texts: a label of nothing behind",
            "odd texts: a public key behind",
            "odd texts: EC PARAMETERS before",
            "odd keys: public key behind",
            "odd keys: request behind",
            "odd keys: DH PARAMETERS behind",
        ),
        "a block that is no certificate, or next to the key no key",
        "all",
        "refuse",
        "OpenSSL skips it; others that read the files may not",
    ),
    Difference(
        (
            "wrapping: CR",
            "wrapping: blanks before the lines",
            "wrapping: base64",
            "odd texts: base64 of CRLF",
            "odd texts: base64 with a byte order mark inside",
            "odd texts: base64 with a byte order mark before",
            "odd texts: base64 in lines",
            "odd texts: base64 in lines with CRLF",
            "odd texts: base64 for URLs",
            "odd texts: YAML's indentation",
            "odd texts: tabs before the lines",
            "odd texts: a blank line inside",
            "odd texts: a blank line before END",
            "odd texts: vertical tabs for line ends",
            "odd texts: form feeds between",
            "odd texts: NEL for line ends",
            "odd texts: line separators for line ends",
            "odd texts: a blank before BEGIN",
            "odd texts: TRUSTED behind",
            "odd texts: TRUSTED without trust",
            "odd texts: NUL between",
            "odd members: leaf, bytes behind",
            "odd members: leaf, rubbish behind",
            "odd keys: CR",
            "odd keys: base64",
            "odd keys: indented",
        ),
        "PEM in base64, indented, with other line ends, blank lines or bytes behind, or TRUSTED",
        "none",
        "start",
        "it is written as plain PEM, which all accept",
    ),
    Difference(
        ("odd texts: END without its begin", "odd texts: END twice", "odd keys: END twice"),
        "an END line without a BEGIN line",
        "all",
        "refuse",
        "OpenSSL skips it; part of the text may be lost",
    ),
    Difference(
        ("odd texts: more than a megabyte of notes", "odd chains: forty blocks"),
        "more than 1 MiB, or more than 32 blocks",
        "all",
        "refuse",
        "what is read is bounded",
    ),
    Difference(
        (
            "odd leaves: RSA rsa_keygen_bits:2047",
            "odd signatures: by EC ec_paramgen_curve:brainpoolP256r1",
            "odd signatures: by EC ec_paramgen_curve:secp256k1",
        ),
        "an RSA key of a little fewer than 2048 bits, or an issuer with another curve",
        "all",
        "warn",
        "OpenSSL accepts them, browsers do not",
    ),
)
