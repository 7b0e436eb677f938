"""What of an OpenVPN server's setup works, and will be regretted."""

from __future__ import annotations

from cycle_exec.settings.model import TOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cycle_exec.vpn.config import Directive
    from cycle_exec.vpn.model import Setup

_HAND_WINDOW = 60  # seconds, as in OpenVPN
_RENEGOTIATION = 3600
_FIRST_DEFERRING = (2, 6)


def warnings(
    directives: Sequence[Directive], found: Setup, version: tuple[int, int] | None
) -> list[str]:
    """Return a line for each. version: of the OpenVPN that will run, None: not known."""
    last = {directive.name: directive for directive in directives}
    return [*_configured(directives, last, found), *_deferring(last, found, version)]


def _configured(
    directives: Sequence[Directive], last: Mapping[str, Directive], found: Setup
) -> Iterator[str]:
    tokens, certificate = last.get("auth-gen-token"), last.get("verify-client-cert")
    if found.method == "via-env":
        yield "via-env: the password is in the environment of the hook's processes"
    if {"daemon", "syslog"}.intersection(last) and not {"log", "log-append"}.intersection(last):
        yield "daemon without log: the hook's messages are lost"
    if tokens is None:
        yield "no auth-gen-token: each renegotiation asks the platform again"
    elif "external-auth" in tokens.words:
        yield "auth-gen-token external-auth: the hook rejects its session tokens"
    if "auth-user-pass-optional" in last:
        yield "auth-user-pass-optional: clients without a login reach the hook, which rejects them"
    if (
        certificate is not None
        and certificate.word(1) == "none"
        and not {"tls-crypt", "tls-crypt-v2", "tls-auth"}.intersection(last)
    ):
        yield "verify-client-cert none without tls-crypt: anyone can try logins"
    if "username-as-common-name" in last and "duplicate-cn" in last:
        yield "username-as-common-name with duplicate-cn: one user's clients share a name"
    if any(not each.file and each.words[:2] == ("setenv", TOKEN) for each in directives):
        yield f"setenv {TOKEN} on the command line: every user of the machine can read it there"


def _deferring(
    last: Mapping[str, Directive], found: Setup, version: tuple[int, int] | None
) -> Iterator[str]:
    if not found.deferred:
        if found.ours:
            yield "without --deferred a slow platform stalls all clients"
        return
    window = _number(last, "hand-window", _HAND_WINDOW)
    if window <= found.timeout:
        yield f"hand-window {window} is not longer than the hook's {found.timeout:g} s"
    renegotiation = _number(last, "reneg-sec", _RENEGOTIATION)
    if 0 < renegotiation < 2 * found.timeout:
        yield f"reneg-sec {renegotiation} is less than twice the hook's {found.timeout:g} s"
    if version is not None and version < _FIRST_DEFERRING:
        shown = f"OpenVPN {version[0]}.{version[1]}"
        yield f"{shown} cannot defer verdicts, 2.6 can: a slow platform stalls all clients"


def _number(last: Mapping[str, Directive], name: str, default: int) -> int:
    return last[name].number() if name in last else default
