"""The tables of docs/certificates.md: python -m tests.docs.certificates prints them."""

from __future__ import annotations

from cycle_exec.planning.certificates.rules import REFUSE, RULES, WARN
from tests.planning.certificates.oracle.differences import DIFFERENCES

_SEVERITIES = {REFUSE: "rejected", WARN: "warning"}
_OURS = {"start": "starts", "warn": "a warning", "refuse": "rejected"}
# What each rule is about, and why it is there.
WORDS = {
    "leaf-unreadable": (
        "the dates or DNS names of the leaf cannot be read",
        "nobody can say whether it is valid",
    ),
    "leaf-not-yet-valid": (
        "the leaf is not valid yet",
        "no client accepts it",
    ),
    "leaf-expired": (
        "the leaf has expired",
        "no client accepts it",
    ),
    "leaf-without-names": (
        "the leaf has no DNS name",
        "browsers, Go and Python ignore the common name",
    ),
    "key-too-large": (
        "an RSA key of the leaf or its issuer of more than 16384 bits",
        "OpenSSL verifies no signature of such a key, and needs seconds or hours to make one",
    ),
    "issuer-key": (
        "what has the name of the leaf's issuer did not sign it: its key identifier or serial "
        "number is not what the leaf says, or OpenSSL rejects the signature; and no other fits",
        "no client accepts it",
    ),
    "issuer-no-authority": (
        "the leaf's issuer may not sign certificates",
        "no client accepts it",
    ),
    "issuer-unreadable": (
        "the dates of the leaf's issuer cannot be read",
        "no client accepts it",
    ),
    "issuer-not-yet-valid": (
        "the leaf's issuer is not valid yet",
        "no client accepts it",
    ),
    "issuer-expired": (
        "the leaf's issuer has expired",
        "no client accepts it",
    ),
    "unknown-extension": (
        "an extension that OpenSSL does not know is critical",
        "all clients reject such extensions that they do not know",
    ),
    "name-constraints": (
        "an issuer does not permit a name of the leaf (nameConstraints)",
        "no client accepts it",
    ),
    "expires-soon": (
        "the leaf or its issuer expires in fewer than `minimum_days` days, or in less"
        " than a third of the leaf's lifetime if that is less",
        "it was not renewed",
    ),
    "no-intermediate": (
        "the leaf's issuer is not in the bundle, although the leaf names where to get"
        " it (caIssuers), or other certificates are in the bundle",
        "only clients that trust the issuer itself accept it",
    ),
    "not-for-servers": (
        "the leaf or an issuer is not for servers (extendedKeyUsage), or the leaf's key not for "
        "TLS (keyUsage)",
        "OpenSSL and most browsers reject it",
    ),
    "false-issuer": (
        "a certificate that may not sign others, or did not sign the one below, has an issuer's "
        "name and stands before the real one",
        "OpenSSL stops at it, others go on",
    ),
    "path-length": (
        "an issuer allows fewer intermediates below it than there are (pathlen)",
        "clients that find another chain accept it",
    ),
    "further-issuers": (
        "an issuer above the leaf's issuer did not sign the one below, may not sign certificates, "
        "or is malformed",
        "clients that find another chain accept it",
    ),
    "further-dates": (
        "an issuer above the leaf's issuer is outside its dates",
        "clients that find another chain accept it",
    ),
    "order": (
        "the chain is complete, but in another order",
        "servers send it as it is, and old clients need the order",
    ),
    "weak-key": (
        "an RSA key of fewer than 2048 bits, or a curve other than P-256, P-384 and P-521",
        "most clients, and servers on Debian, reject it",
    ),
    "weak-signature": (
        "a signature with MD2, MD4, MD5, RIPEMD-160 or SHA-1, except of a root",
        "most clients reject it",
    ),
    "unsure": (
        "an extension that clients evaluate cannot be read, or occurs twice",
        "OpenSSL rejects it, others may not",
    ),
    "openssl-rejects": (
        "OpenSSL as a client rejects the chain for another reason, or would if it had the root of "
        "the bundle",
        "clients with OpenSSL reject it, others may not",
    ),
}
# What is decided where texts are read and certificates are chosen.
_BEFORE = (
    (
        "bundle-text",
        "the bundle is not PEM or base64 of PEM, lost its line ends, or has a block "
        "that is no certificate: DH PARAMETERS, a revocation list, PKCS7",
        "what servers make of it differs; the block is named by its label",
    ),
    (
        "key-in-bundle",
        "a private key is inside the bundle",
        "files that may be public would contain it",
    ),
    (
        "key-text",
        "the private key is missing, encrypted, unreadable, or there are two",
        "nobody could type a password; a server would take the first of two",
    ),
    (
        "key-of-the-leaf",
        "the private key does not match the first certificate; if it matches a later "
        "one, the leaf is not first",
        "no server starts with them",
    ),
    (
        "openssl-refuses",
        "OpenSSL cannot read the bundle, or calls the leaf invalid",
        "no server starts with it",
    ),
    (
        "covered",
        "a domain of `domains` is not covered by a DNS name (a wildcard covers one "
        "label, and needs two behind it)",
        "no client accepts it",
    ),
    (
        "underscore",
        "a wanted domain contains an underscore, or is not a host name for another reason",
        "certificate authorities do not issue for them, clients disagree, and "
        "directories are named after domains",
    ),
)
_PASSED_OVER = (
    (
        "further-names",
        "further names in the platform's record: not covered, not ASCII, with an "
        "underscore, with a dot at the end, addresses. Without `domains`, a host name"
        " that is not covered is warned of and left out",
        "nobody asked for them",
    ),
    (
        "other-names",
        "DNS names of a certificate that are not ASCII",
        "they cover no host name",
    ),
    (
        "surplus",
        "certificates that occur twice, further issuers of the same name, and others "
        "behind a complete chain",
        "clients look for what they need; the files contain them",
    ),
    (
        "spelling",
        "issuer and subject that differ in letter case, blanks or string type",
        "they are the same name (RFC 5280, 7.1)",
    ),
)


def rules() -> str:
    """A row for each rule."""
    lines = ["| rule | what | verdict | why |", "|---|---|---|---|"]
    lines += [_row(name, what, _SEVERITIES[REFUSE], why) for name, what, why in _BEFORE]
    for rule in RULES:
        verdict = _SEVERITIES[rule.severity]
        if rule.expiry:
            verdict += "; a warning with `allow_expired`"
        what, why = WORDS[rule.name]
        lines.append(_row(rule.name, what, verdict, why))
    lines += [_row(name, what, "passed over", why) for name, what, why in _PASSED_OVER]
    return "\n".join(lines) + "\n"


def _row(name: str, what: str, verdict: str, why: str) -> str:
    return f"| `{name}` | {what} | {verdict} | {why} |"


def differences() -> str:
    """A row for each difference from servers and clients."""
    lines = [
        "| bundle | nginx, OpenSSL, curl and HAProxy | `cycle-exec` | why |",
        "|---|---|---|---|",
    ]
    for row in DIFFERENCES:
        theirs = "all accept it" if row.clients == "all" else "no client accepts it"
        lines.append(f"| {row.what} | {theirs} | {_OURS[row.ours]} | {row.reason} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(rules(), differences(), sep="\n", end="")
