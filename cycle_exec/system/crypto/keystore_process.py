"""Keystores are made in a process of their own, which can be ended.

The library that makes them aborts or waits for ever where it gets no memory, and hears no signal.
The process gets what it needs by its standard input: nothing secret is in its arguments or its
environment, and no other process of its user can look into it. It ends with the one that started
it.
"""

from __future__ import annotations

import marshal
import os
from errno import ENOMEM

from cycle_exec.errors import MORE_ROOM, SHORTAGES, DeadlinePassed, Problem, Refused
from cycle_exec.record import Record
from cycle_exec.system import files, memory
from cycle_exec.system.exec import prctl, process
from cycle_exec.system.exec.user import no_child
from cycle_exec.system.invocation import interpreter
from cycle_exec.system.signals import UNCHANGEABLE, blocked, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal

    from cycle_exec.secret import Secret, SecretBytes
else:
    import _signal

SUBJECT = "certificates.formats pkcs12"
_MAKER = "the process that makes keystores"
_LENGTH = 8  # bytes before a message, which say how long it is
_LONGEST = 1000  # bytes of what it says on standard error


class _Maker(Record):
    """The process, and our ends of its standard streams."""

    pid: int
    asks: int
    answers: int
    says: int


_running: list[_Maker] = []


def start() -> None:
    """Start the process, while something else is waited for. Raise OSError where there is none."""
    if _running:
        return
    opened: list[int] = []
    try:
        for _ in range(3):
            opened += os.pipe2(os.O_CLOEXEC)
        question, asks, answers, answer, says, said = opened
        # What it says is only read at its end: neither it nor we wait for that.
        os.set_blocking(said, False)
        os.set_blocking(says, False)
        with blocked():
            pid = _spawn(question, answer, said)
            _running.append(_Maker(pid=pid, asks=asks, answers=answers, says=says))
        for descriptor in (asks, answers, says):
            opened.remove(descriptor)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _spawn(question: int, answer: int, said: int) -> int:
    argv = interpreter("make_keystores", [str(os.getpid())])
    return os.posix_spawn(
        argv[0],
        argv,
        {"OPENSSL_CONF": ""},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, question, 0),
            (os.POSIX_SPAWN_DUP2, answer, 1),
            (os.POSIX_SPAWN_DUP2, said, 2),
        ],
        setpgroup=0,
        setsigmask=(),
        setsigdef=[number for number in _signal.valid_signals() if number not in UNCHANGEABLE],
    )


def ready() -> None:
    """Start the process, if that can be done; it is tried again when a keystore is wanted."""
    try:
        start()
    except OSError:
        pass


def replacing(path: str, alias: str, privkey: str, fullchain: str, password: Secret) -> bytes | str:
    """Return what `made` does with the keystore that is at a path now."""
    try:
        old = files.target(path).content
    except files.Unreadable:
        old = None
    return made(old, alias, privkey, fullchain, password)


def made(
    old: SecretBytes | None, alias: str, privkey: str, fullchain: str, password: Secret
) -> bytes | str:
    """Return what `keystore.made` does, from the process. Raise Refused where it cannot tell."""
    try:
        start()
    except OSError as error:
        reason = f"no process can be made for keystores: {no_child(error)}"
        raise Refused([Problem("target-failed", SUBJECT, reason, MORE_ROOM)]) from None
    held = None if old is None else old.reveal()
    question = marshal.dumps((held, alias, privkey, fullchain, password.reveal()))
    try:
        answer = _answered(_running[0], question)
    except DeadlinePassed:
        reason = f"{_MAKER} was not ready before the deadline"
        fix = "raise --deadline, and the limits of memory and address space if they are low"
        raise Refused([Problem("unavailable", SUBJECT, reason, fix)]) from None
    if answer is None:
        raise Refused([_failure(*_ended())])
    found: bytes | str = marshal.loads(answer)  # noqa: S302 - it is from ourselves
    return found


def _answered(maker: _Maker, question: bytes) -> bytes | None:
    """Return what the process answers, None if it ends without."""
    try:
        _send(maker.asks, question)
    except BrokenPipeError:
        return None
    return _received(maker.answers)


def _send(descriptor: int, content: bytes) -> None:
    left = memoryview(len(content).to_bytes(_LENGTH) + content)
    while left:
        left = left[os.write(descriptor, left) :]


def _received(descriptor: int) -> bytes | None:
    """Return the next message, None where there is none any more."""
    head = _whole(descriptor, _LENGTH)
    return None if head is None else _whole(descriptor, int.from_bytes(head))


def _whole(descriptor: int, length: int) -> bytes | None:
    content = b""
    while len(content) < length:
        piece = os.read(descriptor, length - len(content))
        if not piece:
            return None
        content += piece
    return content


def _ended() -> tuple[int | None, str]:
    """Return the exit code of the process that has ended, and what it has said."""
    maker = _running.pop()
    code = None
    with blocked():
        try:
            code = os.waitstatus_to_exitcode(os.waitpid(maker.pid, 0)[1])
        except ChildProcessError:
            pass  # SIGCHLD is ignored: the kernel has reaped it
        try:
            said = os.read(maker.says, _LONGEST)
        except BlockingIOError:
            said = b""
        _close(maker)
    return code, said.decode("ascii", "replace")


def _failure(code: int | None, said: str) -> Problem:
    """Return why there is no keystore."""
    text = said.lower()
    if code in SHORTAGES:
        reason = files.words(OSError(code, ""))
    elif "memory" in text or "map segment" in text:
        reason = files.words(OSError(ENOMEM, ""))
    elif code == -_signal.SIGKILL:
        reason = "it was killed, as the kernel does where a container's memory is full"
    elif code is not None and code < 0:
        reason = f"it was ended by {name_of(-code)}"
    else:
        reason = f"unexpected {said}" if said.isidentifier() else "it has ended without an answer"
        return Problem("internal", SUBJECT, f"{_MAKER}: {reason}")
    return Problem("target-failed", SUBJECT, f"{_MAKER}: {reason}", MORE_ROOM)


def end() -> None:
    """End the process, if there is one, whatever it is doing."""
    while _running:
        with blocked():
            maker = _running.pop()
            try:
                os.kill(maker.pid, _signal.SIGKILL)
                os.waitpid(maker.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            _close(maker)


def _close(maker: _Maker) -> None:
    for descriptor in (maker.asks, maker.answers, maker.says):
        os.close(descriptor)


def serve(parent: int) -> None:
    """Be the process: answer until nobody asks any more. Raise MemoryError without enough of it."""
    process.forbid_core_files()
    memory.go_first()
    prctl.belong_to(parent)
    memory.require_for("cryptography")
    from cycle_exec.system.crypto import keystore

    keystore.ready()
    while (question := _received(0)) is not None:
        _send(1, marshal.dumps(_made(*marshal.loads(question))))  # noqa: S302


def _made(
    held: bytes | None, alias: str, privkey: str, fullchain: str, password: str
) -> bytes | str:
    from cycle_exec.secret import Secret, SecretBytes
    from cycle_exec.system.crypto import keystore

    old = None if held is None else SecretBytes(held)
    return keystore.made(old, alias, privkey, fullchain, Secret(password))
