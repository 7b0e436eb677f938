"""Running a command to its end beside the app: in a folder, as a user, and what it prints."""

from __future__ import annotations

import os

from cycle_exec.record import Record
from cycle_exec.system.exec import user as users
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded
from cycle_exec.system.signals import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Mapping, Sequence

    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.exec.user import User
else:
    import _signal

_KEPT = 65_536  # bytes of output
_FAILED = 127
_STEP = 20  # milliseconds


class Outcome(Record):
    """How a command has ended. code: as of `os.waitstatus_to_exitcode`, None: it was killed at the
    deadline. output: the end of what it has printed. refusal: why it was not started.
    """

    _redacted = ("output",)

    code: int | None = None
    output: bytes = b""
    refusal: str = ""


def run(
    executable: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    deadline: Deadline,
    *,
    directory: str = "",
    user: User | None = None,
) -> Outcome:
    """Run a command in a group of its own, of which nothing is left afterwards."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    says, said = os.pipe2(os.O_CLOEXEC)
    before = _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    child = 0
    try:
        try:
            child = os.fork()
        except OSError as error:
            return Outcome(refusal=words(error))
        if child == 0:
            _become(executable, argv, environ, directory, user, writing, said)
        os.close(writing)
        os.close(said)
        writing = said = -1
        refusal = os.read(says, 1000).decode()
        output, ended = _read(reading, child, deadline)
        # Until it is waited for, the number of the group is its own.
        os.killpg(child, _signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status) if ended else None
        return Outcome(code=code, output=output, refusal=refusal)
    finally:
        for descriptor in (reading, writing, says, said):
            if descriptor >= 0:
                os.close(descriptor)
        _signal.signal(_signal.SIGCHLD, before)


def _become(
    executable: str,
    argv: Sequence[str],
    environ: Mapping[str, str],
    directory: str,
    user: User | None,
    output: int,
    said: int,
) -> None:
    try:
        os.setpgid(0, 0)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        users.become(user, no_new_privs=False)
        if directory:
            # As the user: root could be led by a link to where the user may not go.
            os.chdir(encoded(directory))
        Entry((), False).restore()
        os.execve(  # noqa: S606
            encoded(executable),
            [encoded(word) for word in argv],
            {encoded(name): encoded(value) for name, value in environ.items()},
        )
    except OSError as error:
        os.write(said, words(error).encode())
    except BaseException:  # noqa: BLE001 - whatever it is, there is no command
        os.write(said, b"it cannot be started as this user")
    finally:
        os._exit(_FAILED)


def _read(descriptor: int, child: int, deadline: Deadline) -> tuple[bytes, bool]:
    """Return the end of what is printed until the command has ended, and whether it has."""
    from select import POLLIN, poll

    poller = poll()
    poller.register(descriptor, POLLIN)
    found = b""
    while True:
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
        left = deadline.left()
        # Whoever has its output may live longer than the command, or close it sooner.
        if poller.poll(0 if ended else min(left * 1000, _STEP)):
            piece = os.read(descriptor, _KEPT)
            found = (found + piece)[-_KEPT:]
            if not piece:
                poller.unregister(descriptor)
        elif ended or not left:
            return found, ended
