"""Odd texts: encodings, wrappings and damage that a bundle or a key meets on its way."""

from __future__ import annotations

from base64 import b64decode, b64encode, encodebytes, urlsafe_b64encode
from collections.abc import Iterator

from tests.planning.certificates.oracle.bundles import (
    CHAIN,
    KEY,
    LEAF,
    LEAF_KEY,
    MIDDLE_PEM,
    Bundle,
    leaf,
    openssl,
    request,
)
from tests.support import issued

BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def _wrapped(text: str, width: int) -> str:
    """The same PEM with lines of another width."""
    found = []
    for block in text.split(END)[:-1]:
        body = "".join(block.split(BEGIN)[1].split())
        lines = [body[at : at + width] for at in range(0, len(body), width)]
        found += [BEGIN, *lines, END]
    return "\n".join(found) + "\n"


def _der(text: str) -> bytes:
    return b64decode("".join(text.splitlines()[1:-1]))


def texts() -> Iterator[Bundle]:
    """Each with a good key."""
    first, *inner, last = LEAF.splitlines()
    attributes = "Bag Attributes\n    localKeyID: 01 02\n    friendlyName: www\nsubject=CN = x\n\n"
    for name, text in (
        ("byte order mark and CRLF", "\ufeff" + CHAIN.replace("\n", "\r\n")),
        ("byte order mark between", LEAF + "\ufeff" + MIDDLE_PEM),
        ("UTF-16 with its mark", "\xff\xfe" + "".join(f"{one}\0" for one in CHAIN)),
        ("UTF-16 without", "".join(f"{one}\0" for one in CHAIN)),
        ("base64 of UTF-16", _base64(CHAIN.encode("utf-16"))),
        ("base64 of CRLF", _base64(CHAIN.replace("\n", "\r\n").encode())),
        ("base64 with a byte order mark inside", _base64(("\ufeff" + CHAIN).encode())),
        ("base64 with a byte order mark before", "\ufeff" + _base64(CHAIN.encode())),
        ("base64 in lines", encodebytes(CHAIN.encode()).decode()),
        ("base64 in lines with CRLF", encodebytes(CHAIN.encode()).decode().replace("\n", "\r\n")),
        ("base64 for URLs", urlsafe_b64encode(CHAIN.encode()).decode()),
        (
            "base64 without padding",
            _base64((CHAIN + "\n" * (4 - len(CHAIN) % 3)).encode()).rstrip("="),
        ),
        ("base64 in quotes", f'"{_base64(CHAIN.encode())}"'),
        ("base64 of DER", _base64(_der(LEAF))),
        ("base64 of two DER", _base64(_der(LEAF) + _der(MIDDLE_PEM))),
        ("DER", _der(LEAF).decode("latin-1")),
        ("a data URI", "data:application/x-pem-file;base64," + _base64(CHAIN.encode())),
        ("in quotes", f'"{CHAIN}"'),
        ("as JSON", '"' + CHAIN.replace("\n", "\\n") + '"'),
        ("literal CRLF", CHAIN.replace("\n", "\\r\\n")),
        ("URL-encoded", CHAIN.replace("\n", "%0A").replace("+", "%2B").replace(" ", "%20")),
        ("YAML's indentation", "|\n" + "".join(f"    {line}\n" for line in CHAIN.splitlines())),
        ("tabs before the lines", CHAIN.replace("\n", "\n\t")),
        ("tabs behind the lines", CHAIN.replace("\n", "\t\n")),
        ("quoted as mail", "".join(f"> {line}\n" for line in CHAIN.splitlines())),
        ("bag attributes", attributes + LEAF + attributes + MIDDLE_PEM),
        ("notes beyond ASCII", f"# Zertifikat für M\xfcller\n{CHAIN}"),
        ("notes that look like a block", f"-----\n{LEAF}-----\n{MIDDLE_PEM}"),
        ("a header inside", f"{first}\nX-Note: a\n\n" + "\n".join([*inner, last, ""]) + MIDDLE_PEM),
        (
            "a blank line inside",
            "\n".join([first, inner[0], "", *inner[1:], last, ""]) + MIDDLE_PEM,
        ),
        ("a blank line behind BEGIN", "\n".join([first, "", *inner, last, ""]) + MIDDLE_PEM),
        ("a blank line before END", "\n".join([first, *inner, "", last, ""]) + MIDDLE_PEM),
        (
            "a note inside",
            "\n".join([first, inner[0], "# note", *inner[1:], last, ""]) + MIDDLE_PEM,
        ),
        ("blanks inside a line", CHAIN.replace(inner[0], inner[0][:9] + " " + inner[0][9:])),
        ("lines of 76", _wrapped(CHAIN, 76)),
        ("lines of 48", _wrapped(CHAIN, 48)),
        ("lines of 63", _wrapped(CHAIN, 63)),
        ("lines of 1", _wrapped(CHAIN, 1)),
        ("lines of 254", _wrapped(CHAIN, 254)),
        ("lines of 300", _wrapped(CHAIN, 300)),
        ("lines of all", _wrapped(CHAIN, 10000)),
        ("vertical tabs for line ends", CHAIN.replace("\n", "\v")),
        ("form feeds between", LEAF + "\f" + MIDDLE_PEM),
        ("NEL for line ends", CHAIN.replace("\n", "\x85")),
        ("line separators for line ends", CHAIN.replace("\n", "\u2028")),
        ("no-break space behind a line", CHAIN.replace(inner[0], inner[0] + "\xa0")),
        ("NUL inside", CHAIN.replace(inner[0], inner[0] + "\0")),
        ("NUL behind", CHAIN + "\0"),
        ("NUL between", LEAF + "\0" + MIDDLE_PEM),
        ("Ctrl-Z behind", CHAIN + "\x1a"),
        ("rubbish behind", CHAIN + "rubbish\n"),
        ("rubbish before", "rubbish\n" + CHAIN),
        ("rubbish behind END", CHAIN.replace(END, END + "x")),
        ("rubbish behind BEGIN", CHAIN.replace(BEGIN, BEGIN + "x")),
        ("rubbish before BEGIN", CHAIN.replace(BEGIN, "x" + BEGIN)),
        ("a blank before BEGIN", CHAIN.replace(BEGIN, " " + BEGIN)),
        ("a blank behind BEGIN", CHAIN.replace(BEGIN, BEGIN + " ")),
        ("END without its begin", LEAF + END + "\n" + MIDDLE_PEM),
        ("END twice", CHAIN.replace(END, f"{END}\n{END}")),
        ("BEGIN twice", CHAIN.replace(BEGIN, f"{BEGIN}\n{BEGIN}")),
        ("END missing behind the leaf", LEAF.replace(END + "\n", "") + MIDDLE_PEM),
        ("END missing at the end", CHAIN.removesuffix(END + "\n")),
        ("END of another label", CHAIN.replace(END, "-----END X509 CERTIFICATE-----")),
        ("four dashes", CHAIN.replace("-----", "----")),
        ("six dashes", CHAIN.replace("-----", "------")),
        ("en dashes", CHAIN.replace("-----", "\u2013----")),
        ("lower case", CHAIN.replace("CERTIFICATE", "certificate")),
        ("two blanks in the label", CHAIN.replace("BEGIN CERT", "BEGIN  CERT")),
        ("TRUSTED behind", LEAF + openssl("x509", "-trustout", given=MIDDLE_PEM)),
        ("TRUSTED without trust", CHAIN.replace("CERTIFICATE", "TRUSTED CERTIFICATE")),
        (
            "TRUSTED for clients",
            openssl("x509", "-addtrust", "clientAuth", given=LEAF) + MIDDLE_PEM,
        ),
        (
            "TRUSTED for nothing",
            openssl("x509", "-addreject", "serverAuth", given=LEAF) + MIDDLE_PEM,
        ),
        ("a character lost", LEAF.replace(inner[2], inner[2][1:]) + MIDDLE_PEM),
        ("a character too many", LEAF.replace(inner[2], inner[2] + "A") + MIDDLE_PEM),
        ("an odd character", LEAF.replace(inner[2], "*" + inner[2][1:]) + MIDDLE_PEM),
        ("a line lost", LEAF.replace(inner[2] + "\n", "") + MIDDLE_PEM),
        ("a line twice", LEAF.replace(inner[2] + "\n", (inner[2] + "\n") * 2) + MIDDLE_PEM),
        ("the issuer damaged", LEAF + MIDDLE_PEM.replace(MIDDLE_PEM.splitlines()[2] + "\n", "")),
        (
            "a stranger damaged behind",
            CHAIN + MIDDLE_PEM.replace(MIDDLE_PEM.splitlines()[2] + "\n", ""),
        ),
        ("a label of nothing behind", CHAIN + "-----BEGIN -----\nAAAA\n-----END -----\n"),
        ("a public key behind", CHAIN + openssl("x509", "-pubkey", "-noout", given=LEAF)),
        ("EC PARAMETERS before", openssl("ecparam", "-name", "prime256v1") + CHAIN),
        ("an attribute certificate", CHAIN.replace("CERTIFICATE", "ATTRIBUTE CERTIFICATE")),
        ("hash of openssl before", openssl("x509", "-hash", given=LEAF) + MIDDLE_PEM),
        (
            "serial of openssl before",
            openssl("x509", "-serial", "-subject", given=LEAF) + MIDDLE_PEM,
        ),
        ("a megabyte of notes", "# note\n" * 10000 + CHAIN),
        ("more than a megabyte of notes", "# note\n" * 160000 + CHAIN),
    ):
        yield Bundle(f"odd texts: {name}", text, KEY)


def keys() -> Iterator[Bundle]:
    """The same of the key, beside a good chain."""
    own = issued.key("RSA 2048", 206)
    rsa = issued.key_pem(own)
    traditional = issued.key_pem(own, "traditional")
    ec = issued.key_pem(LEAF_KEY, "traditional")
    first, *inner, last = KEY.splitlines()
    parameters = openssl("ecparam", "-name", "prime256v1")
    for name, key in (
        ("CRLF", KEY.replace("\n", "\r\n")),
        ("CR", KEY.replace("\n", "\r")),
        ("a byte order mark", "\ufeff" + KEY),
        ("UTF-16", "\xff\xfe" + "".join(f"{one}\0" for one in KEY)),
        ("base64", _base64(KEY.encode())),
        ("base64 of DER", _base64(_der(KEY))),
        ("lost line ends", KEY.replace("\n", "")),
        ("literal line ends", KEY.replace("\n", "\\n")),
        (
            "bag attributes",
            "Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n" + KEY,
        ),
        ("in quotes", f'"{KEY}"'),
        ("indented", KEY.replace("\n", "\n  ")),
        ("no line end at its end", KEY.rstrip()),
        ("rubbish behind", KEY + "rubbish\n"),
        ("NUL behind", KEY + "\0"),
        ("END missing", KEY.removesuffix(last + "\n")),
        ("END twice", KEY + last + "\n"),
        ("blank line behind BEGIN", "\n".join([first, "", *inner, last, ""])),
        ("lines of all", "\n".join([first, "".join(inner), last, ""])),
        ("twice the same", KEY * 2),
        ("in both forms", KEY + ec),
        ("label of PKCS1, content of PKCS8", KEY.replace("PRIVATE KEY", "EC PRIVATE KEY")),
        ("label of PKCS8, content of SEC1", ec.replace("EC PRIVATE KEY", "PRIVATE KEY")),
        ("label ANY", KEY.replace("PRIVATE KEY", "ANY PRIVATE KEY")),
        ("label RSA", KEY.replace("PRIVATE KEY", "RSA PRIVATE KEY")),
        ("label OPENSSH", KEY.replace("PRIVATE KEY", "OPENSSH PRIVATE KEY")),
        ("parameters behind", ec + parameters),
        ("parameters twice", parameters * 2 + ec),
        ("public key behind", KEY + openssl("x509", "-pubkey", "-noout", given=LEAF)),
        ("public key alone", openssl("x509", "-pubkey", "-noout", given=LEAF)),
        ("request behind", KEY + request()),
        ("DH PARAMETERS behind", KEY + openssl("dhparam", "-dsaparam", "512")),
        ("certificate alone", LEAF),
        ("certificate before", LEAF + KEY),
        ("bytes behind", issued.pem_of(_der(KEY) + b"\0").replace("CERTIFICATE", "PRIVATE KEY")),
        ("damaged", KEY.replace(inner[0], inner[0][::-1])),
        ("encrypted, traditional", issued.key_pem(LEAF_KEY, "traditional", "pw")),
        ("without its public half", openssl("ec", "-no_public", given=KEY)),
        ("with its parameters", openssl("ec", "-param_enc", "explicit", given=KEY)),
        ("with a compressed point", openssl("ec", "-conv_form", "compressed", given=KEY)),
    ):
        yield Bundle(f"odd keys: {name}", CHAIN, key)
    rsa_leaf = leaf(own=own) + MIDDLE_PEM
    for name, key in (
        ("label of PKCS1, content of PKCS8", rsa.replace("PRIVATE KEY", "RSA PRIVATE KEY")),
        ("label of PKCS8, content of PKCS1", traditional.replace("RSA PRIVATE KEY", "PRIVATE KEY")),
        ("PKCS1 encrypted", issued.key_pem(own, "traditional", "pw")),
    ):
        yield Bundle(f"odd keys: RSA, {name}", rsa_leaf, key)
