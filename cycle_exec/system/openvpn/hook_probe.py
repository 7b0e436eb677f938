"""The credential hook, run exactly as OpenVPN would, with a login that nobody has.

Files, variables and arguments are those of OpenVPN 2.6 (src/openvpn/ssl_verify.c).
"""

from __future__ import annotations

import os
import posixpath
from time import sleep

from cycle_exec.errors import Refused
from cycle_exec.system import clock
from cycle_exec.system.exec import prctl, process
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded
from cycle_exec.system.openvpn.hook_facts import as_server_user
from cycle_exec.vpn.model import Tried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.exec.user import User
    from cycle_exec.system.openvpn.hook_facts import Found
    from cycle_exec.vpn.model import Setup

_LONGEST = 2000  # bytes of what it says
_PAUSE = 0.01
_LAST = 0.5  # seconds for a worker that has given its verdict to end
_MARGIN = 2.0  # seconds beyond the hook's own time: its start, and a poll


def tried(
    setup: Setup, start: User | None, temporary: str, token_file: str, seconds: float
) -> Tried:
    """How the hook fares.

    temporary: the folder for OpenVPN's files. token_file: where the token is now, seen from inside
    the chroot; empty: where the hook looks anyway. seconds: the most that it may take.
    """
    # The server's user may not be allowed to read our own library, so all of it is loaded before.
    prctl.found()

    limit = min(setup.timeout + _MARGIN, seconds)
    found = as_server_user(setup, start, lambda: _run(setup, temporary, token_file, limit))
    return Tried(obstacle=found) if isinstance(found, str) else Tried(**found)


def _run(setup: Setup, temporary: str, token_file: str, limit: float) -> Found:
    # A deferred worker comes to us when its parent ends, not to whoever is PID 1.
    prctl.prctl(prctl.SET_CHILD_SUBREAPER, 1)
    deadline = clock.Deadline.after(limit)
    made: dict[str, str] = {}
    try:
        said = os.memfd_create("hook", os.MFD_CLOEXEC)
    except OSError as error:
        return {"obstacle": f"memfd_create: {words(error)}"}
    try:
        username, password = f"nobody-{_random()}", _random()
        for name, content in (
            ("up", f"{username}\n{password}\n" if setup.method != "via-env" else ""),
            ("acf", ""),
            ("apf", ""),
            ("afr", ""),
        ):
            made[name] = _create(temporary, name, content)
        environ = {
            **setup.environment,
            "script_type": "user-pass-verify",
            "untrusted_ip": "127.0.0.1",
            "untrusted_port": "1194",
            "common_name": "",
            "username": username,
            "auth_control_file": made["acf"],
            "auth_pending_file": made["apf"],
            "auth_failed_reason_file": made["afr"],
        }
        argv = list(setup.hook)
        if token_file:
            argv += ["--token-file", token_file]
        if setup.method == "via-env":
            environ["password"] = password
        else:
            argv.append(made["up"])
        # A deferred worker may be in the hook's own process group; OpenVPN leaves it alone.
        code = process.run_check(setup.hook[0], argv, environ, deadline, said, spare_group=True)
        if code == 2 and setup.deferred:
            _await(made["acf"], deadline)
        return {
            "code": code,
            "verdict": _text(made["acf"])[:1],
            "reason": _text(made["afr"]),
            "said": os.pread(said, _LONGEST, 0).decode("ascii", "replace"),
        }
    except OSError as error:
        return {"obstacle": words(error)}
    except Refused as refused:
        return {"obstacle": refused.problems[0].reason}
    finally:
        for path in made.values():
            os.unlink(path)
        _reap_orphans()


def _reap_orphans() -> None:
    deadline = clock.Deadline.after(_LAST)
    try:
        while deadline.left():
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                sleep(_PAUSE)
    except ChildProcessError:
        return


def _random() -> str:
    return os.urandom(12).hex()


def _create(folder: str, name: str, content: str) -> str:
    path = posixpath.join(folder, f"openvpn_{name}_{_random()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(encoded(path), flags, 0o600)
    try:
        os.write(descriptor, content.encode())
    finally:
        os.close(descriptor)
    return path


def _await(path: str, deadline: Deadline) -> None:
    while not _text(path) and deadline.left():
        sleep(_PAUSE)


def _text(path: str) -> str:
    # The server's user may have put another file there, such as a pipe that nobody writes to.
    descriptor = os.open(encoded(path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _LONGEST).decode("ascii", "replace")
    finally:
        os.close(descriptor)
