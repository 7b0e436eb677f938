"""Becoming another program, and trying one."""

from __future__ import annotations

import errno
import os
from resource import RLIM_INFINITY, RLIMIT_CORE, RLIMIT_STACK, getrlimit, setrlimit
from time import sleep

from cycle_exec.errors import refuse
from cycle_exec.record import Record
from cycle_exec.system.exec import lookup
from cycle_exec.system.files import words, words_on
from cycle_exec.system.invocation import encoded
from cycle_exec.system.signals import blocked

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from cycle_exec.settings.model import Limit
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.exec.user import User
    from cycle_exec.system.signals import Armed, OnEntry
else:
    import _signal

LONGEST_STRING = 131_072  # MAX_ARG_STRLEN: bytes of one argument or NAME=value, with its NUL
_FLOOR = 131_072  # ARG_MAX: the kernel never allows less in total
_CEILING = 6 * 1024 * 1024  # three quarters of _STK_LIM: it never allows more
_USUAL_STACK = 8 * 1024 * 1024
_POINTER = 8
# Of a core file: too short for one to begin, and the one value at which Linux does not start a core
# handler either, which it does for 0 (core(5); fs/coredump.c, do_coredump).
_NO_CORE = 1
# For scripts the kernel adds the interpreter, its argument and the script's name once more.
_SCRIPT_WORDS = 2 * 256
# What execve says, where a file's own words would not do.
_KINDS = {
    errno.E2BIG: "arguments-too-long",
    errno.ENOENT: "command-not-found",
    errno.ENOTDIR: "command-not-found",
}
_CAUSES = {
    errno.E2BIG: "arguments and environment are larger than the kernel accepts",
    errno.ENOENT: "it or its interpreter no longer exists",
    errno.ENOEXEC: "it is not in a format that this machine can execute",
    errno.EPERM: "the kernel does not let this user execute it",
    errno.EAGAIN: "the user's limit of processes (RLIMIT_NPROC) is reached",
    errno.ETXTBSY: lookup.BUSY,
    errno.ENOMEM: "there is not enough memory for it",
}
_FIXES = {
    errno.EPERM: "compare its file capabilities (getcap) with those of the container",
    errno.EAGAIN: "raise the limit, or end other processes of this user",
    errno.ETXTBSY: lookup.BUSY_FIX,
    errno.ENOMEM: "raise the limits of memory and address space",
}


def forbid_core_files() -> tuple[int, int] | None:
    """Leave no core file from here on, with secrets in memory; return the limits as they were, None
    where a sandbox keeps them as they are. Then the process is marked instead, until execve.
    """
    try:
        soft, hard = getrlimit(RLIMIT_CORE)
        if hard == RLIM_INFINITY or hard >= _NO_CORE:
            setrlimit(RLIMIT_CORE, (_NO_CORE, hard))
    except OSError:
        from cycle_exec.system.exec import prctl

        prctl.prctl(prctl.SET_DUMPABLE, 0)
        return None
    return soft, hard


def replace(
    executable: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    directory: str = "",
    armed: Armed | OnEntry | None = None,
    user: User | None = None,
    no_new_privs: bool = False,
    umask: int | None = None,
    limits: Mapping[str, Limit] = {},
    core_limits: tuple[int, int] | None = None,
    below_init: bool = False,
) -> NoReturn:
    """Become the program; everything that was changed about this process is undone before.

    armed: who knows how signals were on entry. user: who to be then. core_limits: what
    `forbid_core_files` has changed. below_init: whether our parent is our own supervisor. Raises
    Refused if the kernel refuses after all.
    """
    arguments = [encoded(word) for word in argv]
    # Spelt out, for thousands of variables.
    environment = {
        name.encode("utf-8", "surrogateescape"): value.encode("utf-8", "surrogateescape")
        for name, value in environ.items()
    }
    if limits:
        from cycle_exec.system.exec import limits as resource_limits

        resource_limits.raise_hard(limits)
    if user is not None or no_new_privs:
        from cycle_exec.system.exec import user as users

        if user is not None:
            from cycle_exec.system.exec import standard_streams

            has_terminal = os.getpid() == 1 or (below_init and os.getppid() == 1)
            standard_streams.give(user, has_terminal=has_terminal)
        users.become(user, no_new_privs=no_new_privs)
    if directory:
        try:
            # As the user: root could be led by a link to where the user may not go.
            os.chdir(encoded(directory))
        except OSError as error:
            because = words_on(error, directory)
            raise refuse("file-missing", f"directory {directory}", because) from None
    if core_limits is not None:
        setrlimit(RLIMIT_CORE, (core_limits[0], getrlimit(RLIMIT_CORE)[1]))
    if umask is not None:
        os.umask(umask)
    if limits:
        resource_limits.impose(limits)
    if armed is not None:
        armed.restore()
    try:
        os.execve(encoded(executable), arguments, environment)  # noqa: S606 - the app itself
    except OSError as error:
        kind = _KINDS.get(error.errno or 0, "command-not-executable")
        fix = _FIXES.get(error.errno or 0, "")
        raise refuse(kind, f"command {argv[0]}", cause(error), fix) from None


def cause(error: OSError) -> str:
    """Return why a program could not be started, in our words."""
    return _CAUSES.get(error.errno or 0) or words(error)


class Measured(Record):
    """What execve will be given, in bytes, and what it takes.

    oversized: names of variables that are too long each on their own, with their `NAME=`.
    """

    oversized: tuple[str, ...]
    total: int
    maximum: int


def measure(
    argv: Sequence[str], environ: Mapping[str, str], executable: str, stack: int | None = None
) -> Measured:
    """Strings with their NUL, a pointer for each, the file name, and room for a #! line.

    stack: the soft limit of the stack that the program will have, None: that of this process.
    As the kernel counts (fs/exec.c, bprm_stack_limits and copy_strings), but for the #! line's
    room, which a program does not need: up to 512 bytes on the safe side.
    """
    name = len(encoded(executable)) + 1
    total = 2 * name + _SCRIPT_WORDS + _POINTER * (max(1, len(argv)) + len(environ))
    strings = (*argv, *environ, *environ.values())
    # A NUL, or the = that joins a name to its value, ends each of them.
    total += sum(map(len, strings)) + len(strings)
    total += sum(len(encoded(text)) - len(text) for text in strings if not text.isascii())
    return Measured(
        oversized=_oversized(environ),
        total=total,
        maximum=_FLOOR if total <= _FLOOR else _maximum(stack),
    )


def _oversized(environ: Mapping[str, str]) -> tuple[str, ...]:
    longest = max(map(len, environ.values()), default=0) + max(map(len, environ), default=0)
    # Four bytes a character at most: the exact size is only counted when it could matter.
    if longest * 4 + 2 <= LONGEST_STRING:
        return ()
    return tuple(
        name
        for name, value in environ.items()
        if len(encoded(name)) + len(encoded(value)) + 2 > LONGEST_STRING
    )


def _maximum(stack: int | None) -> int:
    try:
        soft = getrlimit(RLIMIT_STACK)[0] if stack is None else stack
    except OSError:
        soft = _USUAL_STACK
    quarter = _CEILING if soft == RLIM_INFINITY else soft // 4
    return max(_FLOOR, min(_CEILING, quarter))


def run_check(
    executable: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    deadline: Deadline,
    output: int | None = None,
    *,
    spare_group: bool = False,
) -> int | None:
    """Run a check command to its end: its exit code, minus the signal that ended it, or None if
    it was still running at the deadline.

    It has its own process group, of which nothing is left afterwards, and /dev/null for its
    input and output: what it prints may quote secrets. output: a descriptor that takes it all the
    same. spare_group: what it leaves behind when it has ended goes on. Raises Refused
    (check-failed) if it cannot be started.
    """
    before = _signal.getsignal(_signal.SIGCHLD)
    # Ignored on entry, the kernel would reap the child and its code were lost.
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    child = 0
    try:
        try:
            with blocked():
                child = _spawn(executable, argv, environ, output)
        except OSError as error:
            reason, fix = cause(error), ""
            if not os.access("/dev/null", os.R_OK | os.W_OK, effective_ids=True):
                reason = "/dev/null, its input and output, cannot be opened"
                fix = "mount the container's /dev, or leave the check out"
            raise refuse("check-failed", f"check {argv[0]}", reason, fix) from None
        ended = _ended(child, deadline)
        code = exit_code(child) if ended else None
        if ended and spare_group:
            os.waitpid(child, 0)
            child = 0
        return code
    finally:
        with blocked():
            if child:
                clear_away(child)
            _signal.signal(_signal.SIGCHLD, before)


def _spawn(
    executable: str, argv: Sequence[str], environ: Mapping[str, str], output: int | None
) -> int:
    unchangeable = (_signal.SIGKILL, _signal.SIGSTOP)
    return os.posix_spawn(
        encoded(executable),
        [encoded(word) for word in argv],
        {encoded(name): encoded(value) for name, value in environ.items()},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)
            if output is None
            else (os.POSIX_SPAWN_DUP2, output, 1),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setpgroup=0,
        setsigmask=(),
        setsigdef=[number for number in _signal.valid_signals() if number not in unchangeable],
    )


def _ended(child: int, deadline: Deadline) -> bool:
    """Wait until the child has ended (True) or the deadline has passed; does not reap it."""
    try:
        descriptor = os.pidfd_open(child)
    except OSError:
        return _ended_without_pidfd(child, deadline)
    try:
        from select import POLLIN, poll

        poller = poll()
        poller.register(descriptor, POLLIN)
        return bool(poller.poll(max(1, int(deadline.left() * 1000))))
    finally:
        os.close(descriptor)


def _ended_without_pidfd(child: int, deadline: Deadline) -> bool:
    """For kernels before 5.3 and sandboxes without pidfd_open."""
    while _peek(child) is None:
        if not deadline.left():
            return False
        sleep(0.01)
    return True


def _peek(child: int) -> os.waitid_result | None:
    # WNOWAIT: the number stays the child's until its whole group has been killed.
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG)


def exit_code(child: int) -> int:
    """Return that of a child that has ended and was not waited for, minus the signal's number."""
    found = _peek(child)
    assert found is not None
    return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def clear_away(child: int) -> None:
    """Kill the whole group and reap what is ours of it; as PID 1 that is all of it."""
    try:
        os.killpg(child, _signal.SIGKILL)
    except OSError:
        pass
    try:
        while True:
            os.waitpid(-child, 0)
    except ChildProcessError:
        pass
