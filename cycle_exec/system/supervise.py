"""The kernel calls of the process above the app: wait, reap, pass on, stop.

It runs in an interpreter that has loaded next to nothing, for it stays as long as the app.
"""

from __future__ import annotations

import os

from cycle_exec.resident.model import Arrived, Deserted, Ended, Expired, Halted
from cycle_exec.system import signal_numbers as numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal

    from cycle_exec.resident.model import Event
else:
    import _signal

_STDIN = 0


class Family:
    """The app, its group, and whoever else becomes our child.

    Every signal is blocked, and has been since before the app was forked: none is lost, and real-
    time ones are not merged.
    """

    def __init__(self, app: int) -> None:
        self._app = app
        self._ended = False
        # Python ignores SIGPIPE and SIGXFSZ for itself; here they are passed on like all others.
        for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
            _signal.signal(number, _signal.SIG_DFL)

    def wait(self) -> list[Event]:
        """Sleep until something happens."""
        found = _signal.sigwaitinfo(_signal.valid_signals())
        if found.si_signo == _signal.SIGCHLD:
            return self.reap()
        kernel = found.si_code > 0
        if found.si_signo == _signal.SIGALRM and kernel:
            return [Expired()]
        return [Arrived(signal=numbers.name_of(found.si_signo), kernel=kernel)]

    def reap(self) -> list[Event]:
        """Take the exit code of everyone who has ended: one SIGCHLD may stand for many."""
        events: list[Event] = []
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if child == 0:
                break
            if child == self._app:
                self._ended = True
                events.append(Ended(code=os.waitstatus_to_exitcode(status)))
        if self._ended:
            if not self._populated():
                events.append(Deserted())
        else:
            events.extend(self._halted())
        return events

    def _halted(self) -> list[Event]:
        try:
            found = os.waitid(os.P_PID, self._app, os.WSTOPPED | os.WNOHANG)
        except ChildProcessError:
            return []
        return [Halted(signal=numbers.name_of(found.si_status))] if found else []

    def _populated(self) -> bool:
        try:
            os.killpg(self._app, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True

    def send(self, name: str) -> None:
        """To the app's group; whoever is not there needs no signal."""
        try:
            os.killpg(self._app, numbers.number_of(name))
        except (ProcessLookupError, PermissionError):
            # Of a group that is all zombies, or of another user where CAP_KILL is missing.
            pass

    def foreground(self, app: bool) -> None:
        """Pass the terminal on, from us to the app or back; leave it where it is otherwise."""
        own = os.getpgrp()
        before, after = (own, self._app) if app else (self._app, own)
        hand_over(before, after)


def hand_over(before: int, after: int) -> bool:
    """Make `after` the foreground group of the terminal on stdin, if `before` is it.

    SIGTTOU has to be blocked. Without a terminal, or one of another session, nothing happens.
    """
    try:
        if os.tcgetpgrp(_STDIN) != before:
            return False
        os.tcsetpgrp(_STDIN, after)
    except OSError:
        return False
    return True


def alone() -> bool:
    """Whether no shell above us could bring us back after a stop."""
    return os.getpgrp() == os.getsid(0)


def expire(seconds: float) -> None:
    """Let Expired happen after so long."""
    _signal.setitimer(_signal.ITIMER_REAL, seconds)


def pause() -> None:
    """Stop this process until somebody continues it."""
    os.kill(os.getpid(), _signal.SIGSTOP)
