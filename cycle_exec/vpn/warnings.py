"""What of an OpenVPN server's setup works, and will be regretted."""

from __future__ import annotations

from cycle_exec.settings.model import TOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.vpn.config import Directive
    from cycle_exec.vpn.model import Setup

_SHARED_KEYS = frozenset(("tls-crypt", "tls-crypt-v2", "tls-auth"))
_HAND_WINDOW = 60  # seconds, as in OpenVPN
_RENEGOTIATION = 3600
_FIRST_DEFERRING = (2, 6)


def warnings(
    directives: Sequence[Directive], found: Setup, version: tuple[int, int] | None
) -> list[str]:
    """Return a line for each. version: of the OpenVPN that will run, None: not known."""
    lines = [*_configured(directives, found), *_deferring(directives, found, version)]
    return [line for applies, line in lines if applies]


def _configured(directives: Sequence[Directive], found: Setup) -> list[tuple[bool, str]]:
    names = {directive.name: directive for directive in directives}
    tokens = names.get("auth-gen-token")
    return [
        (
            found.method == "via-env",
            "via-env: the password is in the environment of the hook's processes",
        ),
        (
            ("daemon" in names or "syslog" in names)
            and not {"log", "log-append"}.intersection(names),
            "daemon without log: the hook's messages are lost",
        ),
        (tokens is None, "no auth-gen-token: each renegotiation asks the platform again"),
        (
            tokens is not None and "external-auth" in tokens.words,
            "auth-gen-token external-auth: the hook rejects its session tokens",
        ),
        (
            "auth-user-pass-optional" in names,
            "auth-user-pass-optional: clients without a login reach the hook, which rejects them",
        ),
        (
            "verify-client-cert" in names
            and names["verify-client-cert"].word(1) == "none"
            and not _SHARED_KEYS.intersection(names),
            "verify-client-cert none without tls-crypt: anyone can try logins",
        ),
        (
            "username-as-common-name" in names and "duplicate-cn" in names,
            "username-as-common-name with duplicate-cn: one user's clients share a name",
        ),
        (
            any(
                not each.file and (each.name, each.word(1)) == ("setenv", TOKEN)
                for each in directives
            ),
            f"setenv {TOKEN} on the command line: every user of the machine can read it there",
        ),
    ]


def _deferring(
    directives: Sequence[Directive], found: Setup, version: tuple[int, int] | None
) -> list[tuple[bool, str]]:
    names = {directive.name: directive for directive in directives}
    window = _number(names, "hand-window", _HAND_WINDOW)
    renegotiation = _number(names, "reneg-sec", _RENEGOTIATION)
    old = version is not None and version < _FIRST_DEFERRING
    shown = f"{version[0]}.{version[1]}" if version else ""
    return [
        (
            found.ours and not found.deferred,
            "without --deferred a slow platform stalls all clients",
        ),
        (
            found.deferred and window <= found.timeout,
            f"hand-window {window} is not longer than the hook's {found.timeout:g} s",
        ),
        (
            found.deferred and 0 < renegotiation < 2 * found.timeout,
            f"reneg-sec {renegotiation} is less than twice the hook's {found.timeout:g} s",
        ),
        (
            found.deferred and old,
            f"OpenVPN {shown} cannot defer verdicts, 2.6 can: a slow platform stalls all clients",
        ),
    ]


def _number(names: dict[str, Directive], name: str, default: int) -> int:
    return names[name].number(default) if name in names else default
