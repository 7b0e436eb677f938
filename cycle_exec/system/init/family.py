"""The kernel calls of the process above the app: wait, reap, pass on, stop, start again.

It runs in an interpreter that has loaded next to nothing, for it stays as long as the app.
"""

from __future__ import annotations

import os

from cycle_exec.resident.model import (
    Arrived,
    Asked,
    Deserted,
    Ended,
    Expired,
    Halted,
    WatcherEnded,
)
from cycle_exec.system.init import signal_numbers as numbers
from cycle_exec.system.init import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from typing import NoReturn

    from cycle_exec.resident.model import Event
else:
    import _signal

# By which a watcher asks for the app's start: queued, never merged with another one.
ASK = int(_signal.SIGRTMAX)


class Family:
    """The app, its group, its watcher, and whoever else becomes our child.

    Every signal is blocked, and has been since before the app was forked: none is lost, and real-
    time ones are not merged.

    child: the app, or the watcher that will ask for its start. starting: what becomes the app in
    a child of ours; None where the app is that child already.
    """

    def __init__(self, child: int, starting: Callable[[], NoReturn] | None = None) -> None:
        self._starting = starting
        self._watcher = child if starting else 0
        self._app = 0 if starting else child
        # Until there is an app, signals are for who prepares it.
        self._group = child
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
        watcher = self._watcher != 0 and not kernel and found.si_pid == self._watcher
        if watcher and found.si_signo == ASK:
            return [Asked()]
        name = numbers.name_of(found.si_signo)
        return [Arrived(signal=name, kernel=kernel, watcher=watcher)]

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
            code = os.waitstatus_to_exitcode(status)
            if child == self._app:
                self._app = 0
                events.append(Ended(code=code))
            elif child == self._watcher:
                self._watcher = 0
                events.append(WatcherEnded(code=code))
        if self._app:
            events.extend(self._halted())
        elif not self._populated():
            events.append(Deserted())
        return events

    def _halted(self) -> list[Event]:
        try:
            found = os.waitid(os.P_PID, self._app, os.WSTOPPED | os.WNOHANG)
        except ChildProcessError:
            return []
        return [Halted(signal=numbers.name_of(found.si_status))] if found else []

    def _populated(self) -> bool:
        try:
            os.killpg(self._group, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True

    def start(self) -> None:
        """Fork the app, which leads a group of its own and has the terminal, if it was ours."""
        assert self._starting is not None
        own, before = os.getpgrp(), self._group
        child = os.fork()
        if child == 0:
            try:
                os.setpgid(0, 0)
                _pass_on((own, before), os.getpid())
                self._starting()
            finally:
                os._exit(70)
        try:
            os.setpgid(child, child)
        except OSError:
            pass
        _pass_on((own, before), child)
        self._app = self._group = child

    def send(self, name: str) -> None:
        """To the app's group; whoever is not there needs no signal."""
        try:
            os.killpg(self._group, numbers.number_of(name))
        except (ProcessLookupError, PermissionError):
            # Of a group that is all zombies, or of another user where CAP_KILL is missing.
            pass

    def foreground(self, app: bool) -> None:
        """Pass the terminal on, from us to the app or back; leave it where it is otherwise."""
        own = os.getpgrp()
        if app:
            terminal.hand_over(own, self._group)
        else:
            terminal.hand_over(self._group, own)


def _pass_on(holders: tuple[int, ...], after: int) -> None:
    for before in holders:
        if terminal.hand_over(before, after):
            return


def expire(seconds: float) -> None:
    """Let Expired happen after so long; 0: not any more."""
    _signal.setitimer(_signal.ITIMER_REAL, seconds)


def pause() -> None:
    """Stop this process until somebody continues it."""
    os.kill(os.getpid(), _signal.SIGSTOP)


def keep(descriptor: int) -> None:
    """Let no program that we start have this descriptor."""
    os.set_inheritable(descriptor, False)


def leave(code: int) -> NoReturn:
    """End a child of ours that could not become the app."""
    os._exit(code)


def ask() -> None:
    """As the watcher: ask the process above us to start the app."""
    os.kill(os.getppid(), ASK)


def signal_app(name: str) -> None:
    """As the watcher: have the process above us send the app this signal."""
    os.kill(os.getppid(), numbers.number_of(name))
