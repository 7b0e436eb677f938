"""What an OpenVPN server's user will find of its hook: tried as that user, inside its chroot; and
which OpenVPN is installed.
"""

from __future__ import annotations

import marshal
import os
import posixpath
import stat

from cycle_exec.errors import Problem, Refused
from cycle_exec.system import clock, files, surroundings
from cycle_exec.system.exec import lookup, process
from cycle_exec.system.exec import user as users
from cycle_exec.system.files import words, words_on
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.openvpn import replaceable
from cycle_exec.vpn.model import Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from cycle_exec.system.exec.user import User
    from cycle_exec.vpn.model import Setup

    # What marshal carries.
    Found = Mapping[str, Any]

_TIME = 2.0  # seconds for OpenVPN to say its version
_LONGEST = 200  # bytes of the first line of it
_LARGEST = 64 * 1024


def gather(setup: Setup, start: User | None, environ_tmp: str) -> Facts:
    """Return the facts of a setup.

    start: who starts the server, None: this process's user. environ_tmp: TMPDIR, the one variable
    that OpenVPN itself reads. A user or group that does not exist, or that this process may not
    become, is a fact of the helper.
    """
    temporary = temporary_folder(setup, environ_tmp)
    found = as_server_user(setup, start, lambda: _found(setup, temporary))
    if isinstance(found, str):
        return Facts(helper=found)
    return Facts(**found, hints=tuple(_hints(setup, temporary)))


def as_server_user(setup: Setup, start: User | None, work: Callable[[], Found]) -> Found | str:
    """Return what the work found in a child that is as the server will be: its user, inside its
    chroot; or why this process cannot be that.

    start: who starts the server, None: this process's user.
    """
    try:
        content = users.in_child(lambda: marshal.dumps(_become(setup, start) or dict(work())))
    except OSError as error:
        return f"no process can be made to check it: {users.no_child(error)}"
    if not content:
        return "it could not be checked"
    # Written by our own child, in the same interpreter.
    found: Found | str = marshal.loads(content)  # noqa: S302
    return found


def _become(setup: Setup, start: User | None) -> str:
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
        users.become(start, no_new_privs=False)
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
        return f"this process cannot switch to the server's user: {words(error)}"
    except Refused as refused:
        return refused.problems[0].reason
    return ""


def temporary_folder(setup: Setup, environ_tmp: str) -> str:
    """Where OpenVPN writes what its hooks read."""
    return setup.temporary or environ_tmp or "/tmp"  # noqa: S108


def _found(setup: Setup, temporary: str) -> dict[str, str]:
    found = {"helper": _helper(setup)}
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
        if surroundings.in_memory(folder) is False:
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
        if surroundings.in_memory(posixpath.dirname(path)) is False:
            yield f"token file {setup.token_file} is not on tmpfs: it outlives the container"


def _helper(setup: Setup) -> str:
    # OpenVPN gives its hooks no PATH but what its configuration sets.
    search = setup.environment.get("PATH")
    found = lookup.find(setup.hook[0], search, "/")
    if isinstance(found, Problem):
        return found.reason
    return replaceable.reason(found, search, ours=setup.ours)


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
        return words_on(error, path)
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


def version(command: str, path: str | None, cwd: str) -> tuple[int, int] | None:
    """Return the version of an openvpn program, by its own word; None where it has none."""
    found = lookup.find(command, path, cwd)
    if isinstance(found, Problem):
        return None
    try:
        said = os.memfd_create("version", os.MFD_CLOEXEC)
    except OSError:
        return None
    try:
        process.run_check(found, [command, "--version"], {}, clock.Deadline.after(_TIME), said)
        return parsed_version(os.pread(said, _LONGEST, 0))
    except Refused:
        return None
    finally:
        os.close(said)


def parsed_version(line: bytes) -> tuple[int, int] | None:
    """(2, 6) of `OpenVPN 2.6.14 x86_64-pc-linux-gnu ...`."""
    name, _, rest = line.partition(b" ")
    numbers = rest.split(b" ")[0].replace(b"_", b".").split(b".")[:2]
    if name != b"OpenVPN" or len(numbers) < 2 or not all(each.isdigit() for each in numbers):
        return None
    return int(numbers[0]), int(numbers[1])
