"""A child that finds something out, and a parent that waits for it only so long."""

from __future__ import annotations

import errno
import os
from select import POLLIN, poll

from cycle_exec.errors import Unfit
from cycle_exec.system.files import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_YES, _NO, _HEARD = b"1", b"0", b"!"


class NoChild(Unfit):
    """This process can have no child: it lacks descriptors, processes or memory."""


def decided(work: Callable[[], bool], tell: Callable[[bool], None], patience: float) -> bool | None:
    """Return what `work` found out, or None if it takes longer than so many seconds.

    Then the child goes on, in a session of its own, and calls `tell` itself. Exactly one of both
    has the answer: the child tells, unless the parent says that it has heard. A child that fails
    finds False. Raises NoChild, and nothing has been done.
    """
    # All that the child needs is there before it is.
    opened: list[int] = []
    try:
        opened += os.pipe2(os.O_CLOEXEC)
        opened += os.pipe2(os.O_CLOEXEC)
        opened.append(os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC))
        child = os.fork()
    except OSError as error:
        for descriptor in opened:
            os.close(descriptor)
        full = error.errno == errno.EAGAIN
        raise NoChild("too many processes are running" if full else words(error)) from None
    answers, answering, hearing, heard, null = opened
    if child == 0:
        try:
            os.close(answers)
            os.close(heard)
            _away(null)
            found = _found(work)
            if not _has_heard(answering, hearing, found):
                tell(found)
        finally:
            os._exit(0)
    for descriptor in (answering, hearing, null):
        os.close(descriptor)
    try:
        return _listen(child, answers, heard, patience)
    finally:
        os.close(answers)
        os.close(heard)


def _away(null: int) -> None:
    """Out of the parent's session, and off its standard input and output; stderr is for words."""
    os.setsid()
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)


def _found(work: Callable[[], bool]) -> bool:
    try:
        return work()
    except BaseException:  # noqa: BLE001 - whatever it was, nobody is let in
        return False


def _has_heard(answering: int, hearing: int, found: bool) -> bool:
    """Give the parent the answer; whether it says that it has it."""
    try:
        os.write(answering, _YES if found else _NO)
    except OSError:
        return False  # it has gone
    # It says so, or it goes: then the pipe ends.
    return os.read(hearing, 1) == _HEARD


def _listen(child: int, answers: int, heard: int, patience: float) -> bool | None:
    poller = poll()
    poller.register(answers, POLLIN)
    if not poller.poll(max(0, int(patience * 1000))):
        return None
    answer = os.read(answers, 1)
    try:
        if answer:
            os.write(heard, _HEARD)
        os.waitpid(child, 0)
    except BrokenPipeError:
        pass  # somebody has killed it
    except ChildProcessError:
        pass  # SIGCHLD is ignored: the kernel has reaped it
    return answer == _YES
