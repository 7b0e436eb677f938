"""Signals that end a start, the backstop of the deadline, and how to leave no trace of either."""

from __future__ import annotations

import os
import sys
from time import monotonic

from cycle_exec.errors import DeadlinePassed, Stopped

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Iterable
    from types import FrameType
    from typing import Any
else:
    import _signal

SIGINT = int(_signal.SIGINT)
SIGTERM = int(_signal.SIGTERM)
SIGALRM = int(_signal.SIGALRM)
SIGWINCH = int(_signal.SIGWINCH)
GRACE = 0.5
_TICK = 0.25  # seconds between looks for what PID 1 cannot have a handler for
_AGAIN = 0.001  # seconds until an exception that Python swallowed is raised again

# CPython ignores these two for itself, and what is ignored stays so across execve. Whether they
# were ignored on entry cannot be known any more.
IGNORED_BY_PYTHON = (int(_signal.SIGPIPE), int(_signal.SIGXFSZ))
UNCHANGEABLE = frozenset((_signal.SIGKILL, _signal.SIGSTOP))

# macOS has no real-time signals: then there are none between these two.
_FIRST_REAL_TIME = int(getattr(_signal, "SIGRTMIN", 1))
_LAST_REAL_TIME = int(getattr(_signal, "SIGRTMAX", 0))
# Every other one whose default is to end a process, but KILL and ALRM, which is ours.
_ENDING = tuple(
    int(getattr(_signal, name))
    for name in (
        "SIGTERM SIGINT SIGHUP SIGQUIT SIGABRT SIGUSR1 SIGUSR2 SIGSTKFLT SIGXCPU SIGVTALRM "
        "SIGPROF SIGIO SIGPWR"
    ).split()
    if hasattr(_signal, name)
) + tuple(range(_FIRST_REAL_TIME, _LAST_REAL_TIME + 1))
# What a fault brings: a handler would return to the fault and never end. They have the default,
# which PID 1 does not obey where another process has sent them: it has them blocked, and looks.
_FAULTS = frozenset(
    int(number)
    for number in (
        _signal.SIGSEGV,
        _signal.SIGBUS,
        _signal.SIGFPE,
        _signal.SIGILL,
        _signal.SIGTRAP,
        _signal.SIGSYS,
    )
)


class Armed:
    """What was changed about signals, and its way back."""

    def __init__(self, mask: Iterable[int] | None = None, held: Iterable[int] = ()) -> None:
        self._heard = False
        self._end: float | None = None
        self._looks = os.getpid() == 1
        self._swallowed: BaseException | None = None
        # Whatever a destructor or a weak reference's callback raises, Python prints and forgets;
        # importlib has such callbacks, so a signal during an import can end in one.
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._unraisable
        blocked = _signal.pthread_sigmask(_signal.SIG_BLOCK, ())
        self._mask = set(blocked if mask is None else mask)
        self._since = monotonic()
        self._timer = _signal.getitimer(_signal.ITIMER_REAL)
        self._before: dict[int, Any] = {}
        for number in _ENDING:
            self._hear(number)
        self._before[SIGALRM] = _signal.signal(SIGALRM, self._expire)
        faults = _FAULTS if self._looks else frozenset()
        _signal.pthread_sigmask(_signal.SIG_SETMASK, (self._mask | faults | set(held)) - {SIGALRM})
        if self._looks and not self._timer[0]:
            _signal.setitimer(_signal.ITIMER_REAL, _TICK)

    def _hear(self, number: int) -> None:
        # Ignored on entry stays ignored (nohup and its like), for us and for the app.
        if _signal.getsignal(number) != _signal.SIG_IGN:
            self._before[number] = _signal.signal(number, self._stop)

    def release(self, number: int, *, stops: bool) -> None:
        """From here on, let a held signal come through. stops: it ends the start."""
        if stops:
            self._hear(number)
        if number not in self._mask:
            _signal.pthread_sigmask(_signal.SIG_UNBLOCK, (number,))

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if not self._heard:
            self._heard = True
            raise Stopped(number, name_of(number))

    def _expire(self, number: int, frame: FrameType | None) -> None:
        if _signal.getitimer(_signal.ITIMER_REAL)[0]:
            # Our timer still runs: it is another process's.
            if self._before[SIGALRM] != _signal.SIG_IGN:
                self._stop(number, frame)
            return
        if self._swallowed is not None:
            swallowed, self._swallowed = self._swallowed, None
            raise swallowed
        self._look()
        if self._end is None and not self._looks:
            self._stop(number, frame)
        elif self._end is None or monotonic() < self._end:
            self._wind()
        elif not self._heard:
            self._heard = True
            raise DeadlinePassed

    def _look(self) -> None:
        """Raise Stopped for what is blocked because it can have no handler."""
        if not self._looks:
            return
        for number in _FAULTS.intersection(_signal.sigpending()) - self._mask:
            if _signal.getsignal(number) != _signal.SIG_IGN:
                self._stop(number, None)

    def _wind(self) -> None:
        """Start the timer for what comes next: a look, or the deadline."""
        left = _TICK if self._end is None else max(0.001, self._end - monotonic())
        _signal.setitimer(_signal.ITIMER_REAL, min(left, _TICK) if self._looks else left)

    def _unraisable(self, unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, (Stopped, DeadlinePassed)):
            self._swallowed = unraisable.exc_value.with_traceback(None)
            _signal.setitimer(_signal.ITIMER_REAL, _AGAIN)
        else:
            self._hook(unraisable)

    def bound(self, seconds: float) -> None:
        """Refuse the launch, whatever it is doing, half a second after that many seconds."""
        self._end = monotonic() + seconds + GRACE
        self._wind()

    def restore(self) -> None:
        """Everything as it was on entry, for an exec: timer, dispositions, the mask last.

        A handler on entry can only be Python's own, and so was the default. Raise Stopped if one
        has come that PID 1 could not hear.
        """
        self._look()
        self._restore_timer()
        for number, handler in self._before.items():
            ignored = handler == _signal.SIG_IGN
            _signal.signal(number, _signal.SIG_IGN if ignored else _signal.SIG_DFL)
        for number in IGNORED_BY_PYTHON:
            _signal.signal(number, _signal.SIG_DFL)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._mask)

    def disarm(self) -> None:
        """Back to Python's own handlers, for a process that goes on with something else."""
        sys.unraisablehook = self._hook
        self._restore_timer()
        for number, handler in self._before.items():
            _signal.signal(number, handler)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._mask)

    def _restore_timer(self) -> None:
        left, interval = self._timer
        if left:
            # A timer survives execve, so one that was running on entry belongs to the app.
            left = max(0.001, left - (monotonic() - self._since))
        _signal.setitimer(_signal.ITIMER_REAL, left, interval)


class OnEntry:
    """The dispositions and the mask with which the whole program was started, for an app that is
    started by somebody who has loaded nothing else. mask: numbers of blocked signals.
    """

    def __init__(self, mask: Iterable[int], children_ignored: bool) -> None:
        self._mask = frozenset(mask)
        self._children_ignored = children_ignored

    def restore(self) -> None:
        """As `Armed.restore`."""
        for number in IGNORED_BY_PYTHON:
            _signal.signal(number, _signal.SIG_DFL)
        if _signal.getsignal(_signal.SIGINT) == _signal.default_int_handler:
            _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
        if self._children_ignored:
            _signal.signal(_signal.SIGCHLD, _signal.SIG_IGN)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._mask)


def name_of(number: int) -> str:
    """Return SIGTERM for 15, SIGRTMIN+2 for 36."""
    if _FIRST_REAL_TIME <= number <= _LAST_REAL_TIME:
        return f"SIGRTMIN+{number - _FIRST_REAL_TIME}"
    aliases = ("SIGIOT", "SIGPOLL", "SIGCLD")
    names = (name for name in dir(_signal) if name.startswith("SIG") and name[:4] != "SIG_")
    found = (name for name in names if name not in aliases and getattr(_signal, name) == number)
    return next(found, f"signal {number}")


def arm(
    deadline: float = 0.0, *, mask: Iterable[int] | None = None, held: Iterable[int] = ()
) -> Armed:
    """Let signals that end a process raise Stopped, once, and the deadline raise DeadlinePassed.

    deadline: seconds from now, 0: none. mask: what was blocked on entry, if more is blocked by
    now; what arrived in between is heard here. held: what stays blocked until `Armed.release`.

    A signal that is ignored on entry stays ignored, one that is blocked on entry stays blocked.
    SIGPIPE and SIGXFSZ are ignored by Python.
    """
    armed = Armed(mask, held)
    if deadline:
        armed.bound(deadline)
    return armed


class blocked:
    """No signal interrupts the body; what arrived meanwhile is delivered at its end."""

    def __enter__(self) -> None:
        self._mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())

    def __exit__(self, *_exception: object) -> None:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._mask)
