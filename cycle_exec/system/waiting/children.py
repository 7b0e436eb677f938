"""Children that look for what a start waits for, and tell their parent; none outlives the wait.

What a look may call, the lookup of a name for example, has no deadline of its own, and hears no
signal: a process of its own can be ended at any moment.
"""

from __future__ import annotations

import marshal
import os
from select import POLLIN, poll
from time import monotonic, sleep

from cycle_exec.record import Record
from cycle_exec.system.exec import process
from cycle_exec.system.signals import blocked

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable, Iterable, Sequence
    from typing import NoReturn, Protocol, Self

    from cycle_exec.system.clock import Deadline

    class Tell(Protocol):
        """What tells the parent."""

        def __call__(self, number: int, reason: str, kind: str = "", subject: str = "") -> None:
            """Tell what is new; the arguments are those of Told."""

else:
    import _signal

_AGAIN = 0.5  # seconds until a child that could not be made, or has failed, is made once more
_PATIENCE = 0.2  # seconds for the end of a child that was killed
_STEP = 0.005
_PIECE = 65_536
_LENGTH = 4  # bytes before each message
_SPARE = 2  # seconds after the deadline at which a child ends by itself
_FEW = 256  # descriptors, where there is no list of them


class Told(Record):
    """What a child says of one thing. reason: why it is not there, empty: it is.

    kind, subject: of a problem that more waiting does not solve; empty: there is none.
    """

    number: int
    reason: str
    kind: str = ""
    subject: str = ""


class Job(Record):
    """What one child looks for. numbers: of the things, for what it tells of each.

    run: looks until all are there, or for ever; called in the child with what tells the parent.
    """

    numbers: tuple[int, ...]
    run: Callable[[Tell], None]


class Children:
    """One child for each job, from the entry of the block to its end."""

    def __init__(self, jobs: Sequence[Job], deadline: Deadline) -> None:
        self._children = [_Child(job) for job in jobs]
        self._deadline = deadline

    def __enter__(self) -> Self:
        # Ignored on entry, the kernel would reap the children, and their numbers be another's.
        self._before = _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
        return self

    def __exit__(self, *_exception: object) -> None:
        with blocked():
            for child in self._children:
                child.kill()
            end = monotonic() + _PATIENCE
            for child in self._children:
                child.reap(end)
            _signal.signal(_signal.SIGCHLD, self._before)

    def hear(self, until: float) -> list[Told]:
        """Return what is told by that moment, as soon as anything is; start what is to run."""
        now = monotonic()
        told: list[Told] = []
        for child in self._children:
            if child.is_due(now):
                told += child.start(self._deadline)
        running = {each.descriptor: each for each in self._children if each.descriptor >= 0}
        poller = poll()
        for descriptor in running:
            poller.register(descriptor, POLLIN)
        moments = (each.resume for each in self._children if each.resume is not None)
        until = now if told else min([until, *moments])
        for descriptor, _ in poller.poll(max(0.0, until - now) * 1000):
            told += running[descriptor].read()
        return told


class _Child:
    """One of them. descriptor: where it tells, -1: it does not run. resume: when it is to be made,
    None: it runs, or has done its work.
    """

    def __init__(self, job: Job) -> None:
        self.descriptor = -1
        self.resume: float | None = 0.0
        self._job = job
        self._pid = 0
        self._left = set(job.numbers)
        self._untold = set(job.numbers)
        self._buffer = b""

    def is_due(self, now: float) -> bool:
        return self.resume is not None and self.resume <= now

    def start(self, deadline: Deadline) -> list[Told]:
        """Make it. Return why that was not possible, for each of its things."""
        reading = writing = -1
        try:
            with blocked():
                reading, writing = os.pipe2(os.O_CLOEXEC)
                self._pid = os.fork()
                if self._pid == 0:
                    _run(self._job, writing, deadline)
                self.descriptor, self.resume = reading, None
                self._untold = set(self._left)
        except OSError as error:
            if reading >= 0:
                os.close(reading)
            self.resume = monotonic() + _AGAIN
            return _each(self._left, f"it cannot be looked for: {process.cause(error)}")
        finally:
            if writing >= 0:
                os.close(writing)
        return []

    def read(self) -> list[Told]:
        """Return what it has told."""
        piece = os.read(self.descriptor, _PIECE)
        if not piece:
            return self._ended()
        self._buffer += piece
        told = []
        while len(self._buffer) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._buffer[:_LENGTH])
            if len(self._buffer) < end:
                break
            number, reason, kind, subject = marshal.loads(self._buffer[_LENGTH:end])  # noqa: S302
            self._buffer = self._buffer[end:]
            self._untold.discard(number)
            if not reason:
                self._left.discard(number)
            told.append(Told(number=number, reason=reason, kind=kind, subject=subject))
        return told

    def _ended(self) -> list[Told]:
        os.close(self.descriptor)
        self.descriptor, self._buffer = -1, b""
        if not self._left:
            return []
        self.resume = monotonic() + _AGAIN
        self.kill()
        self.reap(monotonic() + _PATIENCE)
        # What it has said before its end says more.
        return _each(self._untold & self._left, "the process that looked for it has ended")

    def kill(self) -> None:
        if self._pid:
            os.kill(self._pid, _signal.SIGKILL)
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def reap(self, end: float) -> None:
        """Let the kernel forget it. A file system that does not answer can hold it for longer."""
        while self._pid:
            if os.waitpid(self._pid, os.WNOHANG)[0]:
                self._pid = 0
            elif monotonic() >= end:
                return
            else:
                sleep(_STEP)


def _each(numbers: Iterable[int], reason: str) -> list[Told]:
    return [Told(number=number, reason=reason) for number in numbers]


def _run(job: Job, writing: int, deadline: Deadline) -> NoReturn:
    """Do the job, in the child."""
    parent = os.getppid()
    last: dict[int, tuple[str, str, str]] = {}

    def tell(number: int, reason: str, kind: str = "", subject: str = "") -> None:
        if os.getppid() != parent:
            os._exit(0)
        if last.get(number) != (reason, kind, subject):
            last[number] = reason, kind, subject
            message = marshal.dumps((number, reason, kind, subject))
            os.write(writing, len(message).to_bytes(_LENGTH) + message)

    try:
        for signal in _signal.valid_signals():
            # A handler of ours must not run here.
            if callable(_signal.getsignal(signal)):
                _signal.signal(signal, _signal.SIG_DFL)
        _signal.alarm(int(deadline.left()) + _SPARE)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
        _close_all_but(writing)
        try:
            job.run(tell)
        except Exception as error:  # noqa: BLE001 - whatever it is, the parent says it
            for number in job.numbers:
                if last.get(number, ("?",))[0]:
                    tell(number, f"it cannot be looked for: unexpected {type(error).__name__}")
    finally:
        os._exit(0)


def _close_all_but(kept: int) -> None:
    """Close what is open: nobody is to wait for the end of a file that we have."""
    try:
        found = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        found = list(range(_FEW))
    for descriptor in found:
        if descriptor != kept:
            try:
                os.close(descriptor)
            except OSError:
                pass
