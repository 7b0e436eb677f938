"""[vpn] of a launch: the server's credential hook is judged before anything is asked of the
platform, gets its token, and is tried before anything is swapped.
"""

from __future__ import annotations

import posixpath

from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.planning.model import TOKEN_FILE, Extension, FileWrite
from cycle_exec.record import Record
from cycle_exec.system import files
from cycle_exec.system.exec import identity
from cycle_exec.system.openvpn import hook_facts
from cycle_exec.system.targets import obstacles
from cycle_exec.vpn import config, preflight, warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cycle_exec.secret import Secret
    from cycle_exec.settings.model import Vpn
    from cycle_exec.system.exec.user import User
    from cycle_exec.vpn.config import Directive
    from cycle_exec.vpn.model import Setup

DEFAULT_CONFIG = "/etc/openvpn/server.conf"
_SERVER = "openvpn"
_TOKEN_MODE = 0o400


class Server(Record):
    """An OpenVPN server whose credential hook is judged.

    command: the launch's, which may be the server. directory: where it runs. user: who starts it,
    None: this process's user.
    """

    _redacted = ("environ",)

    vpn: Vpn
    command: tuple[str, ...]
    environ: Mapping[str, str]
    directory: str
    user: User | None


class Hook(Record):
    """A hook that can work. start: who starts the server, None: this process's user."""

    setup: Setup
    warnings: tuple[str, ...]
    start: User | None


class _Later(Exception):
    """A file of the configuration is a target of this launch, so it is judged when it is known."""


def opened(server: Server, targets: Collection[str]) -> tuple[Hook | None, list[Problem]]:
    """Before any network: the hook, or what is wrong; neither, if a file is yet to be rendered."""
    planned = {posixpath.normpath(target) for target in targets}

    def text_of(path: str) -> str:
        path = posixpath.normpath(posixpath.join(server.directory, path))
        if path in planned:
            raise _Later
        return on_disk(path)

    try:
        return _with_token(*judged(server, text_of))
    except _Later:
        return None, []


class Judgement:
    """What a plan gets of its server's hook: judged already, or when the targets are rendered."""

    def __init__(self, server: Server, hook: Hook | None, token: Secret) -> None:
        self._server = server
        self._token = token
        self.hook = hook

    def extend(self, writes: Sequence[FileWrite]) -> Extension:
        """Return the token file and the warnings. Raises Refused."""
        hook = self.hook = self.hook or _judged_late(self._server, writes)
        token = (token_write(hook, self._token),) if hook.setup.token_written else ()
        return Extension(writes=token, warnings=hook.warnings)


def _judged_late(server: Server, writes: Sequence[FileWrite]) -> Hook:
    rendered = {posixpath.normpath(write.path): write.content for write in writes}

    def text_of(path: str) -> str:
        path = posixpath.normpath(posixpath.join(server.directory, path))
        content = rendered.get(path)
        return on_disk(path) if content is None else content.decode("utf-8", "surrogateescape")

    hook, problems = _with_token(*judged(server, text_of))
    if problems or hook is None:
        raise Refused(problems)
    return hook


def _with_token(hook: Hook | None, problems: list[Problem]) -> tuple[Hook | None, list[Problem]]:
    """Return the same, and whether its token file could be written."""
    if hook is not None and hook.setup.token_written:
        problems = problems + _of_token(hook)
    return hook, problems


def _of_token(hook: Hook) -> list[Problem]:
    problems = obstacles.of([preflight.token_target(hook.setup)])
    refused = any(problem.kind == "target-refused" for problem in problems)
    if hook.setup.user and not refused and not identity.may_give(*_owner(hook)):
        problems.append(identity.no_gift(f"token file {hook.setup.token_file}"))
    return problems


def _owner(hook: Hook) -> tuple[int, int]:
    """Return the ids of the server's user; gather has found it to be there."""
    if hook.setup.user:
        return identity.owner(hook.setup.user)
    return (hook.start.uid, hook.start.gid) if hook.start else (-1, -1)


def token_path(hook: Hook) -> str:
    """Where its token file is, seen from here."""
    return preflight.token_target(hook.setup)


def token_write(hook: Hook, token: Secret) -> FileWrite:
    """Return the token, for the server's user alone."""
    uid, gid = _owner(hook)
    return FileWrite(
        path=token_path(hook),
        content=token.reveal().encode(),
        mode=_TOKEN_MODE,
        kind=TOKEN_FILE,
        owner=hook.setup.user,
        uid=uid,
        gid=gid,
    )


def judged(
    server: Server, text_of: Callable[[str], str], *, writes_token: bool = True
) -> tuple[Hook | None, list[Problem]]:
    """Return the hook, and everything that is wrong with it. text_of: a file's text, by its path.

    writes_token: whether the hook's token file will be written.
    """
    vpn, user = server.vpn, server.user
    problems: list[Problem] = []
    directives: tuple[Directive, ...] = ()
    if vpn.config or _is_server(server.command):
        path = vpn.config or "the openvpn command"
        try:
            directives = _directives(vpn.config, server.command, text_of)
        except config.Unparsable as error:
            return None, [Problem("vpn-helper", path, error.reason)]
        except Refused as refused:
            return None, list(refused.problems)
        setup, problems = preflight.setup(directives, path, server.directory)
        if setup is None:
            return None, problems
        setup, more = preflight.named(setup, vpn.helper, vpn.token_file)
        problems += more
    elif vpn.helper:
        setup = preflight.of_helper(vpn.helper)
        setup = setup.replace(token_file=vpn.token_file or setup.token_file)
    else:
        return None, [
            Problem(
                "vpn-helper",
                "[vpn]",
                "neither config nor helper is set, and the command is not openvpn",
                "set vpn.config to the path of the server's configuration",
            )
        ]
    written = writes_token and bool(vpn.token_file or setup.needs_token_file)
    setup = setup.replace(start=user.name if user else "", token_written=written)
    facts = hook_facts.gather(setup, user, server.environ.get("TMPDIR", ""))
    problems += preflight.problems(setup, facts)
    lines = [*_warned(server, directives, setup), *facts.hints]
    return Hook(setup=setup, warnings=tuple(lines), start=user), problems


def _warned(server: Server, directives: tuple[Directive, ...], setup: Setup) -> list[str]:
    if not directives:
        return []
    version = None
    if setup.deferred:
        program = server.command[0] if _is_server(server.command) else _SERVER
        path = server.environ.get("PATH")
        version = hook_facts.version(program, path, server.directory)
    return warnings.warnings(directives, setup, version)


def _directives(
    path: str, command: tuple[str, ...], text_of: Callable[[str], str]
) -> tuple[Directive, ...]:
    """Those of the configuration, then the command line's own, which count last."""
    if not _is_server(command):
        return config.read(path, text_of)
    if not path:
        return config.of_command(command[1:], text_of)
    own = config.of_command(command[1:], lambda _: "")
    return (*config.read(path, text_of), *own)


def _is_server(command: tuple[str, ...]) -> bool:
    return bool(command) and posixpath.basename(command[0]) == _SERVER


def on_disk(path: str) -> str:
    """Return a file's text. Raises Refused."""
    try:
        return files.read(path).decode("utf-8", "surrogateescape")
    except files.Unreadable as error:
        raise refuse("file-missing", f"OpenVPN config {path}", error.reason) from None


def tried(
    hook: Hook, environ: Mapping[str, str], token_file: str, seconds: float
) -> Problem | None:
    """Why the hook does not refuse a login that nobody has as it should, or None.

    token_file: where the token is now, if the hook's own token file is yet to be swapped in.
    """
    from cycle_exec.system.openvpn import hook_probe

    setup = hook.setup
    root = posixpath.normpath(setup.chroot).rstrip("/") if setup.chroot else ""
    found = hook_probe.tried(
        setup,
        hook.start,
        hook_facts.temporary_folder(setup, environ.get("TMPDIR", "")),
        token_file.removeprefix(root) if setup.ours else "",
        seconds,
    )
    return preflight.trial(setup, found)
