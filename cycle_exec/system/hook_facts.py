"""What an OpenVPN server's user will find of its hook: tried as that user, inside its chroot."""

from __future__ import annotations

import marshal
import os
import posixpath
import stat

from cycle_exec.errors import Problem
from cycle_exec.system import files, lookup
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded
from cycle_exec.vpn.model import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.vpn.model import Setup

# OpenVPN gives its hooks no PATH; execve and env(1) then look here.
_PATH = "/bin:/usr/bin"
_LARGEST = 64 * 1024


def gather(setup: Setup, environ_tmp: str) -> Facts:
    """The facts of a setup. environ_tmp: TMPDIR, the one variable that OpenVPN itself reads.

    A user or group that does not exist, or that this process may not become, is a fact of the
    helper.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, marshal.dumps(_as_the_server(setup, environ_tmp)))
        finally:
            os._exit(0)
    os.close(writing)
    content = b""
    while piece := os.read(reading, 65536):
        content += piece
    os.close(reading)
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        pass  # SIGCHLD is ignored: the kernel has reaped it
    # Written by our own child, in the same interpreter.
    return Facts(**marshal.loads(content)) if content else Facts(helper="it could not be looked at")  # noqa: S302


def _as_the_server(setup: Setup, environ_tmp: str) -> dict[str, str]:
    import _socket

    refused = _become(setup)
    if refused:
        return {"helper": refused}
    found = {
        "helper": _helper(setup.hook[0]),
        "temporary": _temporary(setup.temporary or environ_tmp or "/tmp"),  # noqa: S108
    }
    if setup.ours:
        found["token_file"] = _token_file(setup.token_file)
        found["socket"] = _reachable(_socket, setup.socket)
    return found


def _become(setup: Setup) -> str:
    """As the server does it: cd, chroot, group, user. Words where that cannot be."""
    from grp import getgrnam
    from pwd import getpwnam

    try:
        uid = getpwnam(setup.user).pw_uid if setup.user else None
    except KeyError:
        return f"there is no user {setup.user} in this image"
    try:
        gid = getgrnam(setup.group).gr_gid if setup.group else None
    except KeyError:
        return f"there is no group {setup.group} in this image"
    try:
        if setup.directory:
            os.chdir(encoded(setup.directory))
        if setup.chroot:
            os.chroot(encoded(setup.chroot))
            os.chdir("/")
        if gid is not None and gid != os.getegid():
            os.setgroups([gid])
            os.setresgid(gid, gid, gid)
        if uid is not None and uid != os.geteuid():
            os.setresuid(uid, uid, uid)
    except OSError as error:
        return f"this process cannot try it as the server would: {words(error)}"
    return ""


def _helper(path: str) -> str:
    found = lookup.find(path, _PATH, "/")
    if isinstance(found, Problem):
        return found.reason
    real = posixpath.realpath(encoded(path))
    while True:
        loose = _loose(real)
        if loose:
            return loose
        if real == b"/":
            return ""
        real = posixpath.dirname(real)


def _loose(path: bytes) -> str:
    """Why somebody else could put another program there."""
    found = os.stat(path)
    name = path.decode("utf-8", "replace")
    if found.st_uid not in (0, os.geteuid()):
        return f"{name} belongs to user {found.st_uid}, who could replace it"
    if found.st_mode & 0o022 and not (stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX):
        return f"others may write to {name} (mode {stat.S_IMODE(found.st_mode):04o})"
    return ""


def _token_file(path: str) -> str:
    try:
        content = files.read(path, _LARGEST)
        mode = os.stat(encoded(path)).st_mode
    except files.Unreadable as error:
        return error.reason
    except OSError as error:
        return words(error)
    if not content.strip():
        return "it is empty"
    if mode & 0o007:
        return f"everybody may read it (mode {stat.S_IMODE(mode):04o})"
    return ""


def _reachable(module: object, path: str) -> str:
    connection = module.socket(module.AF_UNIX, module.SOCK_STREAM, 0)  # type: ignore[attr-defined]
    try:
        connection.settimeout(2.0)
        connection.connect(encoded(path))
    except OSError as error:
        return words(error)
    finally:
        connection.close()
    return ""


def _temporary(path: str) -> str:
    raw = encoded(path)
    if not os.path.isdir(raw):
        return f"{path} is not a folder"
    if not os.access(raw, os.W_OK | os.X_OK, effective_ids=True):
        return f"{path} may not be written to"
    return ""
