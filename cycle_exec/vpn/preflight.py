"""Whether a server's credential hook can work at all, known before the server starts.

OpenVPN checks little of it itself, and a hook that cannot run fails without a word: every login is
refused, and the log does not say why. A Setup is what the configuration says, Facts are what the
machine says, as the server's user will see it; Tried is what becomes of a login that nobody has.
"""

from __future__ import annotations

import posixpath

from cycle_exec.errors import Problem
from cycle_exec.settings import duration
from cycle_exec.settings.model import TOKEN
from cycle_exec.vpn.config import Unparsable, split
from cycle_exec.vpn.model import Setup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from cycle_exec.vpn.config import Directive
    from cycle_exec.vpn.model import Facts, Tried

_HOOK = "auth-user-pass-verify"
_LEVELS = {"via-file": 2, "via-env": 3}
_CANNOT_START = (126, 127)
_LONGEST_SETENV = 232  # bytes of a value that fits OpenVPN's line


def setup(
    directives: Sequence[Directive], path: str, cwd: str = ""
) -> tuple[Setup | None, list[Problem]]:
    """Return the setup, or every problem of the configuration.

    path: what messages call the configuration. cwd: where the server is started.
    """
    last = {directive.name: directive for directive in directives}
    hooks = [directive for directive in directives if directive.name == _HOOK]
    if not hooks:
        return None, [_problem(path, f"there is no {_HOOK}, so the platform checks no passwords")]
    hook = hooks[-1]
    place = hook.place
    problems = []
    if len(hooks) > 1:
        problems.append(
            _problem(place, f"{_HOOK} is set {len(hooks)} times, but only the last one counts")
        )
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
    level = last["script-security"].number() if "script-security" in last else 1
    directory = posixpath.join(cwd, _word(last, "cd"))
    chroot = _word(last, "chroot")
    found = Setup(
        hook=words,
        place=place,
        method=method,
        level=level,
        user=_word(last, "user"),
        group=_word(last, "group"),
        chroot=posixpath.join(directory, chroot) if chroot else "",
        directory=directory,
        temporary=_word(last, "tmp-dir"),
        environment=_setenv(directives),
        **_of_hook(words[1:]),
    )
    return found, list(_of_setup(found, directives))


def of_helper(path: str) -> Setup:
    """Return the setup of a hook of which nothing is known but its program."""
    return Setup(hook=(path,), place="", method="", level=0)


def named(found: Setup, helper: str, token_file: str) -> tuple[Setup, list[Problem]]:
    """Return the setup as the manifest has it, where it says something of helper and token file."""
    problems = []
    if helper and helper != found.hook[0]:
        problems.append(
            _problem(
                found.place,
                f"{_HOOK} calls {found.hook[0]}, but the configured helper is {helper}",
                "write the same path in both places",
            )
        )
    if token_file and found.needs_token_file and token_file != _token_path(found):
        problems.append(
            _problem(
                found.place,
                f"the hook reads its token from {found.token_file}, but vpn.token_file is "
                f"{token_file}",
                "leave vpn.token_file out, or name the same file with --token-file",
            )
        )
    return found.replace(token_file=token_file or found.token_file), problems


def token_target(found: Setup) -> str:
    """Where the token file is seen from outside the server's chroot."""
    return posixpath.normpath(found.chroot.rstrip("/") + _token_path(found))


def _token_path(found: Setup) -> str:
    # Inside a chroot the server stands in its root.
    start = "/" if found.chroot else found.directory
    return posixpath.join(start, found.token_file)


def _of_setup(found: Setup, directives: Sequence[Directive]) -> Iterator[Problem]:
    needed = _LEVELS[found.method]
    if found.level < needed:
        hidden = " (2 hides the password from it)" if found.level == 2 else ""
        yield _problem(
            found.place,
            f"{found.method} needs script-security {needed}{hidden}, it is {found.level}",
            f"write script-security {needed}",
        )
    for directive in directives:
        # On a command line there is no such limit, and it is no better place.
        long = len(directive.word(2).encode("utf-8", "replace")) > _LONGEST_SETENV
        if directive.file and long and (directive.name, directive.word(1)) == ("setenv", TOKEN):
            yield _problem(
                directive.place,
                f"setenv {TOKEN} has more than {_LONGEST_SETENV} bytes, and OpenVPN prints a line "
                "that is too long",
                "write the token to a file, and name it with --token-file",
            )


def problems(found: Setup, facts: Facts) -> list[Problem]:
    """Return what the machine has against it."""
    user = found.user or found.start
    who = f"user {user}" if user else "the server's user"
    told = [(f"helper {found.hook[0]}", facts.helper), ("tmp-dir", facts.temporary)]
    if found.ours:
        told.append((f"socket {found.socket}", facts.socket))
    told.append((f"token file {found.token_file}", facts.token_file))
    return [_problem(subject, f"as {who}: {words}") for subject, words in told if words]


def trial(found: Setup, tried: Tried) -> Problem | None:
    """Return why that was no clean refusal of a login that nobody has, or None."""
    reason = _of_trial(found, tried)
    if not reason:
        return None
    return _problem(f"helper {found.hook[0]}", f"tested with random credentials: {reason}")


def _of_trial(found: Setup, tried: Tried) -> str:
    if tried.obstacle:
        return tried.obstacle
    accepted = "it accepts any login"
    code = tried.code
    if code == 0:
        return accepted
    if code is None:
        return f"there was no verdict within {found.timeout:g} s"
    if code < 0:
        return f"it was killed by signal {-code}"
    if code in _CANNOT_START:
        return f"it cannot start (exit code {code})"
    if code == 2:
        if not found.deferred:
            return "it exited with 2, which OpenVPN takes for a deferred verdict"
        if tried.verdict != "0":
            return accepted if tried.verdict == "1" else "the deferred verdict never came"
    elif code != 1:
        return f"it exited with {code}, but a rejection is 1"
    return _not_the_platform(found, tried)


def _not_the_platform(found: Setup, tried: Tried) -> str:
    """Our own hook says why it refuses: that has to be the platform's word."""
    from cycle_exec.vpn import line, login

    if not found.ours or login.UNKNOWN in tried.said:
        return ""
    words = line.reason_in(tried.said)
    if words:
        return f"it rejected them, but the platform did not: {words}"
    if login.TEMPORARY in tried.reason:
        return "it rejected them because it could not reach the platform"
    return "it rejected them, but does not say that the platform did"


def _of_hook(words: Sequence[str]) -> dict[str, Any]:
    """Return what our own hook is told; nothing of anybody else's."""
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


def _setenv(directives: Sequence[Directive]) -> dict[str, str]:
    """Return what the hook finds in its environment, the last one wins."""
    prefixes = {"setenv": "", "setenv-safe": "OPENVPN_"}
    return {
        prefixes[directive.name] + directive.word(1): directive.word(2)
        for directive in directives
        if directive.name in prefixes and directive.word(1)
    }


def _problem(subject: str, reason: str, fix: str = "") -> Problem:
    return Problem(kind="vpn-helper", subject=subject, reason=reason, fix=fix)
