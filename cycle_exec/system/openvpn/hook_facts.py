"""What an OpenVPN server's user will find of its hook: tried as that user, inside its chroot."""

from __future__ import annotations

import os
import posixpath
import stat

from cycle_exec.errors import Problem
from cycle_exec.system import files, mounts
from cycle_exec.system.exec import lookup
from cycle_exec.system.files import words
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.openvpn import as_server_user
from cycle_exec.vpn.model import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from cycle_exec.system.exec.user import User
    from cycle_exec.vpn.model import Setup

# OpenVPN gives its hooks no PATH; execve and env(1) then look here.
_PATH = "/bin:/usr/bin"
_LARGEST = 64 * 1024


def gather(setup: Setup, start: User | None, environ_tmp: str) -> Facts:
    """Return the facts of a setup.

    start: who starts the server, None: this process's user. environ_tmp: TMPDIR, the one variable
    that OpenVPN itself reads. A user or group that does not exist, or that this process may not
    become, is a fact of the helper.
    """
    temporary = temporary_folder(setup, environ_tmp)
    found = as_server_user.run(setup, start, lambda: _found(setup, temporary))
    if isinstance(found, str):
        return Facts(helper=found)
    return Facts(**found, hints=tuple(_hints(setup, temporary)))


def temporary_folder(setup: Setup, environ_tmp: str) -> str:
    """Where OpenVPN writes what its hooks read."""
    return setup.temporary or environ_tmp or "/tmp"  # noqa: S108


def _found(setup: Setup, temporary: str) -> dict[str, str]:
    found = {"helper": _helper(setup.hook[0])}
    if setup.method:
        found["temporary"] = _temporary(temporary)
    if setup.ours:
        found["socket"] = _reachable(setup.socket)
    if setup.token_written:
        found["token_file"] = _way(setup.token_file)
    elif setup.needs_token_file:
        found["token_file"] = _token_file(setup.token_file)
    return found


def _hints(setup: Setup, temporary: str) -> Iterator[str]:
    """Seen from outside the chroot, where /proc is."""
    start = encoded("/" if setup.chroot else setup.directory)
    root = encoded(setup.chroot)
    if setup.method == "via-file":
        folder = root + posixpath.join(start, encoded(temporary))
        if mounts.in_memory(folder) is False:
            yield f"tmp-dir {temporary} is not on tmpfs: passwords are briefly stored on a disk"
        try:
            mode = stat.S_IMODE(os.stat(folder).st_mode)
        except OSError:
            return
        if mode & 0o077 and not mode & stat.S_ISVTX:
            yield (
                f"tmp-dir {temporary} has mode {mode:04o}: only the server should have access, 0700"
            )
    if setup.token_written or setup.needs_token_file:
        path = root + posixpath.join(start, encoded(setup.token_file))
        if mounts.in_memory(posixpath.dirname(path)) is False:
            yield f"token file {setup.token_file} is not on tmpfs: it outlives the container"


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
        return f"others can write to {name} (mode {stat.S_IMODE(found.st_mode):04o})"
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
        return f"everyone can read it (mode {stat.S_IMODE(mode):04o})"
    return ""


def _way(path: str) -> str:
    """Whether the user can get to a file that is yet to be written, by the folders that exist;
    those that do not will be the user's.
    """
    raw = encoded(path)
    folder = b"/" if raw.startswith(b"/") else b"."
    for part in (*posixpath.dirname(raw).split(b"/"), b""):
        folder = posixpath.join(folder, part) if part else folder
        if not os.path.lexists(folder):
            return ""
        if not os.access(folder, os.X_OK, effective_ids=True):
            return f"the directory {decoded(folder)} is not accessible"
    return ""


def _reachable(path: str) -> str:
    import _socket

    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0)
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
        return f"{path} is not a directory"
    if not os.access(raw, os.W_OK | os.X_OK, effective_ids=True):
        return f"{path} is not writable"
    return ""
