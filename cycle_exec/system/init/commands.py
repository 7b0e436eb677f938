"""Running a command to its end: in a folder, as a user, and what it prints."""

from __future__ import annotations

import os

from cycle_exec.errors import Refused, Unfit
from cycle_exec.record import Record
from cycle_exec.system.exec import process
from cycle_exec.system.exec import user as users
from cycle_exec.system.files import words_on
from cycle_exec.system.invocation import encoded
from cycle_exec.system.signals import IGNORED_BY_PYTHON, UNCHANGEABLE, blocked

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.exec.user import User
else:
    import _signal

_KEPT = 65_536  # bytes of output
_FAILED = 127
_ENTERED = b"."
_STEP = 20  # milliseconds


class Outcome(Record):
    """How a command has ended. code: as of `os.waitstatus_to_exitcode`, None: it was killed at the
    deadline. output: the end of what it has printed. refusal: why it was not started. outside: it
    was not started, since what it should enter could not be entered.
    """

    _redacted = ("output",)

    code: int | None = None
    output: bytes = b""
    refusal: str = ""
    outside: bool = False


def run(
    executable: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    deadline: Deadline,
    *,
    directory: str = "",
    user: User | None = None,
    enter: Callable[[], None] | None = None,
    become: Callable[[], None] | None = None,
    heard: Callable[[bytes], None] | None = None,
    raw: bool = False,
    grace: float = 0.0,
) -> Outcome:
    """Run a command in a group of its own, of which nothing is left afterwards.

    enter: what its process does first, for example to see other files than we do. become: how it
    becomes the command, instead of what directory and user say. heard: is given what it prints, as
    it comes. raw: it prints to our own standard error. grace: seconds between TERM and KILL for one
    that does not end in time, or is interrupted; 0: there is no TERM.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    says, said = os.pipe2(os.O_CLOEXEC)
    start = become or (lambda: _become(executable, argv, environ, directory, user))
    # Ignored on entry, the kernel would reap the child and its code were lost.
    before = _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    child, ended = 0, False
    try:
        try:
            with blocked():
                child = os.fork()
                if child == 0:
                    _start(start, enter, 2 if raw else writing, said)
                os.setpgid(child, child)
        except OSError as error:
            if not child:
                return Outcome(refusal=process.cause(error))
        os.close(writing)
        os.close(said)
        writing = said = -1
        told = _whole(says)
        if not told.startswith(_ENTERED):
            return Outcome(outside=True)
        refusal = told[len(_ENTERED) :].decode()
        output, ended = _read(reading, child, deadline, heard)
        code = process.exit_code(child) if ended else None
        return Outcome(code=code, output=output, refusal=refusal)
    finally:
        try:
            if child and grace and not ended:
                _ask_to_end(reading, child, grace, heard)
        finally:
            _clear_away(child, (reading, writing, says, said), before)


def _clear_away(child: int, descriptors: Iterable[int], before: Any) -> None:
    with blocked():
        # Until it is waited for, the number of the group is its own.
        if child:
            process.clear_away(child)
        for descriptor in descriptors:
            if descriptor >= 0:
                os.close(descriptor)
        _signal.signal(_signal.SIGCHLD, before)


def reap_orphans() -> None:
    """Take the exit codes of those that have ended and are left to us, as PID 1."""
    try:
        while os.getpid() == 1 and os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _start(
    become: Callable[[], None], enter: Callable[[], None] | None, output: int, said: int
) -> None:
    try:
        os.setpgid(0, 0)
        if enter is not None:
            enter()
        os.write(said, _ENTERED)
        try:
            os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        except OSError:
            raise Unfit("/dev/null, its input, cannot be opened") from None
        os.dup2(output, 1)
        os.dup2(output, 2)
        become()
    except Unfit as unfit:
        os.write(said, unfit.reason.encode())
    except Refused as refused:
        os.write(said, encoded(refused.problems[0].reason))
    except OSError as error:
        os.write(said, process.cause(error).encode())
    except BaseException:  # noqa: BLE001 - whatever it is, there is no command
        os.write(said, b"it cannot be started as this user")
    finally:
        os._exit(_FAILED)


def _become(
    executable: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    directory: str,
    user: User | None,
) -> None:
    users.become(user, no_new_privs=False)
    if directory:
        try:
            # As the user: root could be led by a link to where the user may not go.
            os.chdir(encoded(directory))
        except OSError as error:
            raise Unfit(words_on(error, directory)) from None
    for number in _signal.valid_signals() - UNCHANGEABLE:
        # A handler of ours must not run here. What was ignored on entry stays so.
        if _signal.getsignal(number) != _signal.SIG_IGN or number in IGNORED_BY_PYTHON:
            _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    os.execve(  # noqa: S606
        encoded(executable),
        [encoded(word) for word in argv],
        {encoded(name): encoded(value) for name, value in environ.items()},
    )


def _whole(descriptor: int) -> bytes:
    """Return all that is written there until it is closed."""
    found = b""
    while piece := os.read(descriptor, 1000):
        found += piece
    return found


def _ask_to_end(
    reading: int, child: int, grace: float, heard: Callable[[bytes], None] | None
) -> None:
    """Give the group TERM, and time for it; nobody else interrupts this."""
    from select import POLLIN, poll

    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.init import handlers

    deadline = Deadline.after(grace)
    for number in (_signal.SIGTERM, _signal.SIGCONT):
        try:
            os.killpg(child, number)
        except OSError:
            return
    _read(reading, child, deadline, heard)
    # A shell ends at once, and what it has started has still to undo something.
    poller = poll()
    poller.register(reading, POLLIN)
    while True:
        # Asked first: what was printed at last is there when nobody is.
        alive = bool(deadline.left() and handlers.members(child))
        if poller.poll(_STEP if alive else 0):
            piece = os.read(reading, _KEPT)
            if not piece:
                poller.unregister(reading)
            elif heard is not None:
                heard(piece)
        if not alive:
            return


def _read(
    descriptor: int, child: int, deadline: Deadline, heard: Callable[[bytes], None] | None
) -> tuple[bytes, bool]:
    """Return the end of what is printed until the command has ended, and whether it has."""
    from select import POLLIN, poll

    poller = poll()
    poller.register(descriptor, POLLIN)
    step = None
    try:
        process_descriptor = os.pidfd_open(child)
        poller.register(process_descriptor, POLLIN)
    except OSError:  # before Linux 5.3, and in sandboxes
        process_descriptor, step = -1, _STEP
    found = b""
    try:
        while True:
            ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
            left = deadline.left() * 1000
            # Whoever has its output may live longer than the command, or close it sooner.
            ready = poller.poll(0 if ended else left if step is None else min(left, step))
            if any(each == descriptor for each, _ in ready):
                piece = os.read(descriptor, _KEPT)
                found = (found + piece)[-_KEPT:]
                if heard is not None:
                    heard(piece)
                if not piece:
                    poller.unregister(descriptor)
            # A pipe is read at once: what is printed for ever, or by others, is not waited for.
            if ended or not left:
                return found, ended
    finally:
        if process_descriptor >= 0:
            os.close(process_descriptor)
