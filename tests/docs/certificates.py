"""The tables of docs/certificates.md: python -m tests.docs.certificates prints them."""

from __future__ import annotations

from cycle_exec.planning.certificates.rules import PASS, REFUSE, RULES, WARN
from tests.planning.certificates.oracle.differences import DIFFERENCES

_SEVERITIES = {REFUSE: "rejected", WARN: "warning", PASS: "passed over"}
_OURS = {"start": "starts", "warn": "a warning", "refuse": "rejected"}


def rules() -> str:
    """A row for each rule."""
    lines = ["| rule | what | verdict | why |", "|---|---|---|---|"]
    for rule in RULES:
        verdict = _SEVERITIES[rule.severity]
        if rule.expiry:
            verdict += "; a warning with `allow_expired`"
        lines.append(f"| `{rule.name}` | {rule.what} | {verdict} | {rule.why} |")
    return "\n".join(lines) + "\n"


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
