"""Work that is done in a child, as an OpenVPN server will be: its user, inside its chroot."""

from __future__ import annotations

import marshal
import os
from time import monotonic, sleep

from cycle_exec.errors import Refused
from cycle_exec.system.exec import user as users
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from cycle_exec.system.exec.user import User
    from cycle_exec.vpn.model import Setup

    # What marshal carries.
    Found = Mapping[str, Any]

_TERM, _KILL = 15, 9
_GRACE = 0.5  # seconds for the child to clean up after itself


def run(setup: Setup, start: User | None, work: Callable[[], Found]) -> Found | str:
    """Return what the work found, or why this process cannot be as the server is.

    start: who starts the server, None: this process's user.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        try:
            os.setpgid(0, 0)
            os.write(writing, marshal.dumps(become(setup, start) or dict(work())))
        finally:
            os._exit(0)
    os.close(writing)
    content = b""
    try:
        while piece := os.read(reading, 65536):
            content += piece
    except BaseException:
        _end(child)
        raise
    finally:
        os.close(reading)
    _reap(child)
    if not content:
        return "it could not be checked"
    # Written by our own child, in the same interpreter.
    found: Found | str = marshal.loads(content)  # noqa: S302
    return found


def _end(child: int) -> None:
    """Pass a stop signal to the child, and give it a moment to remove what it has made."""
    end = monotonic() + _GRACE
    try:
        os.kill(child, _TERM)
        while monotonic() < end and os.waitpid(child, os.WNOHANG)[0] == 0:
            sleep(0.01)
        os.kill(child, _KILL)
    except (ChildProcessError, ProcessLookupError):
        return
    _reap(child)


def _reap(child: int) -> None:
    try:
        os.waitpid(child, 0)
    except ChildProcessError:
        pass  # SIGCHLD is ignored: the kernel has reaped it


def become(setup: Setup, start: User | None) -> str:
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
