"""Whether a server's credential hook can work at all, known before the server starts.

OpenVPN checks little of it itself, and a hook that cannot run fails without a word: every login is
refused, and the log does not say why. A Setup is what the configuration says, Facts are what the
machine says, as the server's user will see it.
"""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.settings import duration
from cycle_exec.vpn.config import Unparsable, split
from cycle_exec.vpn.model import Setup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from cycle_exec.vpn.config import Directive
    from cycle_exec.vpn.model import Facts

_HOOK = "auth-user-pass-verify"
_LEVELS = {"via-file": 2, "via-env": 3}
_LONGEST_SETENV = 232  # bytes of a value that fits OpenVPN's line
_TOKEN = "CYCLE_API_TOKEN"  # noqa: S105 - a name


def setup(directives: Sequence[Directive], path: str) -> tuple[Setup | None, list[Problem]]:
    """The setup, or every problem of the configuration. path: the configuration's file."""
    last = {directive.name: directive for directive in directives}
    hooks = [directive for directive in directives if directive.name == _HOOK]
    if not hooks:
        return None, [
            _problem(path, f"there is no {_HOOK}, so nobody's password is checked by the platform")
        ]
    hook = hooks[-1]
    place = f"{hook.file}:{hook.line}"
    problems = []
    if len(hooks) > 1:
        problems.append(_problem(place, f"{_HOOK} is there {len(hooks)} times, and counts once"))
    try:
        words = tuple(split(hook.word(1), place))
    except Unparsable as error:
        return None, [*problems, _problem(place, error.reason.removeprefix(f"{place}: "))]
    method = hook.word(2)
    if not words or not words[0].startswith("/"):
        problems.append(_problem(place, f"{_HOOK} needs the absolute path of a program"))
    if method not in _LEVELS:
        problems.append(_problem(place, f"{_HOOK} needs a method: via-file or via-env"))
    if problems:
        return None, problems
    security = last["script-security"].word(1) if "script-security" in last else ""
    level = int(security) if security.isdecimal() else 1
    found = Setup(
        hook=words,
        place=place,
        method=method,
        level=level,
        user=_word(last, "user"),
        group=_word(last, "group"),
        chroot=_word(last, "chroot"),
        directory=_word(last, "cd"),
        temporary=_word(last, "tmp-dir"),
        token=_setenv(directives, _TOKEN),
        **_of_hook(words[1:]),
    )
    return found, _of_setup(found)


def _of_setup(found: Setup) -> list[Problem]:
    problems = []
    needed = _LEVELS[found.method]
    if found.level < needed:
        hidden = " (2 hides the password from it)" if found.level == 2 else ""
        problems.append(
            _problem(
                found.place,
                f"{found.method} needs script-security {needed}{hidden}, it is {found.level}",
                f"write script-security {needed}",
            )
        )
    if found.token is not None and len(found.token.encode("utf-8", "replace")) > _LONGEST_SETENV:
        problems.append(
            _problem(
                found.place,
                f"setenv {_TOKEN} has more than {_LONGEST_SETENV} bytes, and OpenVPN prints a line "
                "that is too long",
                "write the token to a file, and name it with --token-file",
            )
        )
    return problems


def problems(found: Setup, facts: Facts) -> list[Problem]:
    """What the machine has against it."""
    who = f"user {found.user}" if found.user else "the server's user"
    told = [(f"helper {found.hook[0]}", facts.helper), ("tmp-dir", facts.temporary)]
    if found.ours:
        told.append((f"socket {found.socket}", facts.socket))
        if found.token is None:
            told.append((f"token file {found.token_file}", facts.token_file))
    return [_problem(subject, f"for {who}: {words}") for subject, words in told if words]


def warnings(directives: Sequence[Directive], found: Setup) -> list[str]:
    """What works, and will be regretted."""
    names = {directive.name: directive for directive in directives}
    tokens = names.get("auth-gen-token")
    verify = names["verify-client-cert"].word(1) if "verify-client-cert" in names else ""
    window = _number(names, "hand-window", 60)
    lines = [
        (
            found.method == "via-env",
            "via-env: the password stands in the environment of the hook's processes",
        ),
        (
            ("daemon" in names or "syslog" in names)
            and not {"log", "log-append"}.intersection(names),
            "daemon without log: what the hook says is lost",
        ),
        (tokens is None, "no auth-gen-token: each renegotiation asks the platform again"),
        (
            tokens is not None and "external-auth" in tokens.words,
            "auth-gen-token external-auth: the hook refuses its session tokens",
        ),
        (
            "auth-user-pass-optional" in names,
            "auth-user-pass-optional: clients without a login reach the hook, which refuses them",
        ),
        (verify == "none", "verify-client-cert none: anybody can try logins"),
        (found.ours and not found.deferred, "without --deferred a slow platform stalls everybody"),
        (
            found.deferred and window <= found.timeout,
            f"hand-window {window} is not longer than the hook's {found.timeout:g} s",
        ),
        (
            "username-as-common-name" in names and "duplicate-cn" in names,
            "username-as-common-name with duplicate-cn: one user's clients share a name",
        ),
    ]
    return [line for applies, line in lines if applies]


def _of_hook(words: Sequence[str]) -> dict[str, Any]:
    """What our own hook is told; nothing of anybody else's."""
    if "vpn-auth" not in words:
        return {}
    found: dict[str, Any] = {"ours": True}
    given = list(words)
    while given:
        flag, equals, value = given.pop(0).partition("=")
        if flag == "--deferred":
            found["deferred"] = True
        elif flag in ("--token-file", "--socket", "--timeout"):
            value = value if equals else (given.pop(0) if given else "")
            if flag == "--timeout":
                found["timeout"] = duration.parse(value) or 8.0
            else:
                found[flag[2:].replace("-", "_")] = value
    return found


def _word(last: dict[str, Directive], name: str) -> str:
    return last[name].word(1) if name in last else ""


def _number(last: dict[str, Directive], name: str, default: int) -> int:
    text = _word(last, name)
    return int(text) if text.isdecimal() else default


def _setenv(directives: Sequence[Directive], name: str) -> str | None:
    for directive in reversed(directives):
        if directive.name == "setenv" and directive.word(1) == name:
            return directive.word(2)
    return None


def _problem(subject: str, reason: str, fix: str = "") -> Problem:
    return Problem(kind="vpn-helper", subject=subject, reason=reason, fix=fix)
