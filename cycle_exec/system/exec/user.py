"""Becoming another user for good: who that is, whether it can be done, and doing it."""

from __future__ import annotations

import os
from errno import EAGAIN, EMFILE, ENFILE, ENOMEM, EPERM, errorcode
from time import monotonic, sleep

from cycle_exec.errors import MORE_ROOM, Problem, Refused, refuse
from cycle_exec.record import Record
from cycle_exec.system.exec import capabilities, prctl
from cycle_exec.system.exec.identity import (
    LONGEST,
    UnknownOwner,
    group_id,
    has_capability,
    keeps_groups,
    number,
)
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cycle_exec.settings.model import Limit

_CAP_KILL = 5
_SHORTAGES = (EMFILE, ENFILE, ENOMEM)
_TERM, _KILL = 15, 9
_GRACE = 0.5  # seconds for a child to clean up after itself
# What a child has found, beside the numbers of errors.
_KILLED, _FINE, _FULL, _NOT_KEPT, _NOT_DROPPED, _NO_COMMAND, _NO_DIRECTORY = (
    -1,
    0,
    251,
    252,
    253,
    254,
    255,
)


class User(Record):
    """A user of this image. groups: all that the process will be in, beside gid. capabilities:
    names of those that it keeps; root always has the container's.
    """

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    home: str = "/"
    capabilities: tuple[str, ...] = ()

    def __str__(self) -> str:
        groups = ", ".join(str(group) for group in self.groups if group != self.gid)
        more = f", groups {groups}" if groups else ""
        kept = ", ".join(self.capabilities)
        more += f", capabilities {kept}" if kept else ""
        return f"{self.name} (uid {self.uid}, gid {self.gid}{more})"


def find(text: str, keep: tuple[str, ...] = ()) -> User:
    """Return the user of `user` or `user:group`, by name or number. Raises UnknownOwner.

    A group that is named is the only one; without, the user's own and those of /etc/group, as
    gosu(1) and `docker run --user` have it. A number that /etc/passwd does not know needs a group
    beside it: the usual guess would be root's. keep: names of capabilities.
    """
    name, colon, group = text.partition(":")
    entry = _entry(name)
    uid = entry[1] if entry else number(name, f"there is no user {name} in this image")
    home = entry[3] if entry and entry[3] else "/"
    if colon:
        gid = group_id(group)
        return User(name=text, uid=uid, gid=gid, groups=(gid,), home=home, capabilities=keep)
    if entry is None:
        raise UnknownOwner(f"user {name} is not in /etc/passwd, so its group must be given too")
    groups = tuple(sorted(set(os.getgrouplist(entry[0], entry[2]))))
    return User(name=text, uid=uid, gid=entry[2], groups=groups, home=home, capabilities=keep)


def _entry(name: str) -> tuple[str, int, int, str] | None:
    from pwd import getpwnam, getpwuid

    try:
        found = getpwnam(name)
    except (KeyError, ValueError):
        if not (name.isascii() and name.isdecimal() and len(name) <= LONGEST):
            return None
        try:
            found = getpwuid(int(name))
        except (KeyError, OverflowError):
            return None
    return found.pw_name, found.pw_uid, found.pw_gid, found.pw_dir


def obstacle(
    user: User, executable: str, directory: str, *, resident: bool, nproc: Limit | None = None
) -> Problem | None:
    """Why this process could not become the user and start the command as it, found out by trying
    in a child. resident: whether a process above has to send it signals. nproc: the limit of
    processes that the command will have, None: as it is.
    """
    subject = f"user {user.name}"
    if resident and user.uid != os.geteuid() and not has_capability(_CAP_KILL):
        return Problem(
            "user-refused",
            subject,
            "with --init, sending signals to its process needs CAP_KILL",
            "add the capability KILL to the container, or leave --init out",
        )
    missing = _not_held(user)
    if missing:
        return Problem(
            "user-refused",
            f"process.capabilities {', '.join(missing)}",
            "this process does not have it, so the command cannot keep it"
            if len(missing) == 1
            else "this process does not have them, so the command cannot keep them",
            "add it to the container's capabilities, or leave it out",
        )
    try:
        found = in_child(lambda: bytes([_try(user, executable, directory, nproc)]))
    except OSError as error:
        return Problem(
            "user-refused",
            subject,
            f"no process can be made to try it: {no_child(error)}",
            f"{MORE_ROOM}, or leave --user out",
        )
    return _judged(user, executable, directory, found[0] if found else _KILLED)


def _judged(user: User, executable: str, directory: str, code: int) -> Problem | None:
    """Return what the code of the one who tried it stands for."""
    if code == _FINE:
        return None
    if code == _NO_COMMAND:
        return Problem(
            "command-not-executable",
            f"command {executable}",
            f"user {user.name} may not execute it",
            "chmod a+rx it and the directories in its path, or start it as another user",
        )
    if code == _FULL:
        return Problem(
            "command-not-executable",
            f"command {executable}",
            f"the limit of processes (RLIMIT_NPROC) of user {user.name} is reached",
            "raise the limit, or end other processes of this user",
        )
    if code == _NO_DIRECTORY:
        return Problem(
            "file-missing", f"process.directory {directory}", f"user {user.name} may not enter it"
        )
    return _refusal(user, code)


def _not_held(user: User) -> list[str]:
    """Return what the user is to keep and this process does not have."""
    if not user.capabilities:
        return []
    held = capabilities.held()
    usable = held.permitted & held.bounding if held is not None else 0
    return capabilities.names(capabilities.mask(user.capabilities) & ~usable)


def _refusal(user: User, code: int) -> Problem:
    """Return why this process cannot become the user. code: an error's, or one of ours."""
    subject = f"user {user.name}"
    if code == _NOT_DROPPED:
        return Problem(
            "user-refused",
            subject,
            "capabilities of this process would be left to it",
            "let the seccomp profile allow capset, or leave --user out",
        )
    if code == _NOT_KEPT:
        return Problem(
            "user-refused",
            f"process.capabilities {', '.join(user.capabilities)}",
            "the securebits of this process, or a seccomp profile, do not allow to keep them",
            "start the container without these securebits, or leave process.capabilities out",
        )
    if code == _KILLED:
        return Problem(
            "user-refused",
            subject,
            "the process that tried it has ended without an answer: another process of this user "
            "may have killed it",
            "start again, or end that process",
        )
    if code in _SHORTAGES:
        return Problem(
            "user-refused",
            subject,
            f"this process cannot switch to it: {words(OSError(code, ''))}",
            "raise the limits of open files and memory",
        )
    if code == EPERM and keeps_groups():
        return Problem(
            "user-refused",
            subject,
            "the user namespace of this container does not let a process change its groups",
            "have groups mapped by newgidmap (/etc/subgid), or leave --user out",
        )
    return Problem(
        "user-refused",
        subject,
        f"this process may not switch to it ({errorcode.get(code, code)})",
        "start the container as root with the capabilities SETUID and SETGID, or leave --user out",
    )


def no_child(error: OSError) -> str:
    """Return why no process can be made, in words."""
    if error.errno == EAGAIN:
        return "the user's or the container's limit of processes is reached"
    return words(error)


def require_child(subject: str) -> None:
    """Raise Refused unless another process can be made. The limit may be reached later, though."""
    try:
        in_child(bytes)
    except OSError as error:
        fix = MORE_ROOM
        raise refuse("target-failed", subject, no_child(error), fix) from None


def in_child(work: Callable[[], bytes]) -> bytes:
    """Return what `work` returns in a child, which ends then; nothing if it fails. Raise OSError
    if there can be no child.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        child = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise
    if child == 0:
        try:
            os.setpgid(0, 0)
            os.write(writing, work())
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
    return content


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


def _try(user: User, executable: str, directory: str, nproc: Limit | None) -> int:
    limit = {} if nproc is None else {"nproc": nproc}
    if limit:
        from cycle_exec.system.exec import limits

        limits.raise_hard(limit)
    code = _change(user)
    if code != _FINE:
        return code
    if limit:
        limits.impose(limit)
    if directory and not os.access(encoded(directory), os.X_OK):
        return _NO_DIRECTORY
    if executable and not os.access(encoded(executable), os.X_OK):
        return _NO_COMMAND
    return _FULL if executable and _is_full() else _FINE


def _is_full() -> bool:
    """Whether execve would be refused for the user's number of processes, which it looks at before
    it opens the file; a directory cannot be executed by anyone.
    """
    try:
        os.execve("/", ["/"], {})  # noqa: S606
    except OSError as error:
        return error.errno == EAGAIN


def _change(user: User) -> int:
    """Be that user; return 0, an error's number, or one of ours."""
    keep = capabilities.mask(user.capabilities)
    try:
        if user.uid != 0:
            capabilities.ready(keep, is_root=os.geteuid() == 0)
        if not _is(user):
            os.setgroups(user.groups)
            os.setresgid(user.gid, user.gid, user.gid)
            os.setresuid(user.uid, user.uid, user.uid)
        if user.uid != 0:
            # To root the kernel gives the container's with the next program anyway.
            capabilities.drop(keep)
    except OSError as error:
        return error.errno or 1
    except capabilities.NotKept:
        return _NOT_KEPT
    except capabilities.NotDropped:
        return _NOT_DROPPED
    return _FINE


def _is(user: User) -> bool:
    return (
        os.getresuid() == (user.uid,) * 3
        and os.getresgid() == (user.gid,) * 3
        and set(os.getgroups()) | {user.gid} == {*user.groups, user.gid}
    )


def become(user: User | None, *, no_new_privs: bool) -> None:
    """Be that user from now on, without a way back. Raises Refused."""
    if no_new_privs:
        _forgo_privileges()
    if user is None:
        return
    code = _change(user)
    if code != _FINE:
        raise Refused([_refusal(user, code)])


def _forgo_privileges() -> None:
    """From here on no execve gives privileges: setuid bits and file capabilities count nothing."""
    if prctl.prctl(prctl.SET_NO_NEW_PRIVS, 1) != 0:
        raise Refused([_NO_FORGOING])


def no_forgoing() -> Problem | None:
    """Return why no_new_privs could not be set, found out by trying in a child."""
    prctl.found()
    try:
        found = in_child(lambda: bytes([prctl.prctl(prctl.SET_NO_NEW_PRIVS, 1) == 0]))
    except OSError as error:
        reason = f"no process can be made to try it: {no_child(error)}"
        return _NO_FORGOING.replace(reason=reason, fix="raise the limits of processes and memory")
    return None if found == b"\1" else _NO_FORGOING


_NO_FORGOING = Problem(
    "user-refused",
    "process.no_new_privs",
    "the kernel does not allow it",
    "let the seccomp profile allow prctl, or leave no_new_privs out",
)
