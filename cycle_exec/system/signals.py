"""Stop signals and the backstop of the deadline, and how to leave no trace of either."""

from __future__ import annotations

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
GRACE = 0.5
_AGAIN = 0.001  # seconds until an exception that Python swallowed is raised again

# CPython ignores these two for itself, and what is ignored stays so across execve. Whether they
# were ignored on entry cannot be known any more.
_IGNORED_BY_PYTHON = (int(_signal.SIGPIPE), int(_signal.SIGXFSZ))


class Armed:
    """What was changed about signals, and its way back."""

    def __init__(self, mask: Iterable[int] | None = None) -> None:
        self._heard = False
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
        for number in (SIGTERM, SIGINT):
            # Ignored on entry stays ignored (nohup and its like), for us and for the app.
            if _signal.getsignal(number) != _signal.SIG_IGN:
                self._before[number] = _signal.signal(number, self._stop)
        self._before[SIGALRM] = _signal.signal(SIGALRM, self._expire)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._mask - {SIGALRM})

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if not self._heard:
            self._heard = True
            raise Stopped(number)

    def _expire(self, _number: int, _frame: FrameType | None) -> None:
        if self._swallowed is not None:
            swallowed, self._swallowed = self._swallowed, None
            raise swallowed
        if not self._heard:
            self._heard = True
            raise DeadlinePassed

    def _unraisable(self, unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, (Stopped, DeadlinePassed)):
            self._swallowed = unraisable.exc_value.with_traceback(None)
            _signal.setitimer(_signal.ITIMER_REAL, _AGAIN)
        else:
            self._hook(unraisable)

    def bound(self, seconds: float) -> None:
        """Refuse the launch, whatever it is doing, half a second after that many seconds."""
        _signal.setitimer(_signal.ITIMER_REAL, seconds + GRACE)

    def restore(self) -> None:
        """Everything as it was on entry, for an exec: timer, dispositions, the mask last.

        A handler on entry can only be Python's own, and so was the default.
        """
        self._restore_timer()
        for number, handler in self._before.items():
            ignored = handler == _signal.SIG_IGN
            _signal.signal(number, _signal.SIG_IGN if ignored else _signal.SIG_DFL)
        for number in _IGNORED_BY_PYTHON:
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


class Entry:
    """The dispositions and the mask with which the whole program was started, for an app that is
    started by somebody who has loaded nothing else. mask: numbers of blocked signals.
    """

    def __init__(self, mask: Iterable[int], children_ignored: bool) -> None:
        self._mask = frozenset(mask)
        self._children_ignored = children_ignored

    def restore(self) -> None:
        """As `Armed.restore`."""
        for number in _IGNORED_BY_PYTHON:
            _signal.signal(number, _signal.SIG_DFL)
        if _signal.getsignal(_signal.SIGINT) == _signal.default_int_handler:
            _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
        if self._children_ignored:
            _signal.signal(_signal.SIGCHLD, _signal.SIG_IGN)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._mask)


def arm(deadline: float = 0.0, *, mask: Iterable[int] | None = None) -> Armed:
    """Let SIGTERM and SIGINT raise Stopped, once, and the deadline raise DeadlinePassed.

    deadline: seconds from now, 0: none. mask: what was blocked on entry, if more is blocked by
    now; what arrived in between is heard here.

    A signal that is ignored on entry stays ignored, one that is blocked on entry stays blocked.
    """
    armed = Armed(mask)
    if deadline:
        armed.bound(deadline)
    return armed


class blocked:
    """No signal interrupts the body; what arrived meanwhile is delivered at its end."""

    def __enter__(self) -> None:
        self._mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())

    def __exit__(self, *_exception: object) -> None:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._mask)
