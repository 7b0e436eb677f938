"""The kernel calls of the process above the app: wait, reap, pass on, stop, start again.

It runs in an interpreter that has loaded next to nothing, for it stays as long as the app.
"""

from __future__ import annotations

import marshal
import posix as os  # os itself takes 180 kB more, for as long as the app runs
from time import monotonic

from cycle_exec.resident.model import (
    Arrived,
    Delivered,
    Deserted,
    Ended,
    Expired,
    Halted,
    NewPlan,
    NotStarted,
    Ready,
    Wanted,
    WatcherEnded,
)
from cycle_exec.system.init import handlers, terminal
from cycle_exec.system.init import signal_numbers as numbers
from cycle_exec.system.init.timers import Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable

    from cycle_exec.resident.model import Event
    from cycle_exec.system.init.channel import SupervisorEnd
else:
    import _signal

RESTART = "restart"  # as in `channel`, which is not loaded without a watcher
# By which a watcher rings when it has put a message into the channel: queued, never merged.
RING = int(_signal.SIGRTMAX)
_FORK_FAILED = 73  # as every target that cannot be made
_BUG = 70


class Family:
    """The app, its group, its watcher, and whoever else becomes our child.

    Every signal is blocked, and has been since before the app was forked: none is lost, and real-
    time ones are not merged.

    child: the app, or the watcher that will ask for its start. starting: becomes the app in a child
    of ours, given what the watcher has handed over, and whether to say aloud why not; returns only
    an exit code and the cause. channel: to the watcher; None: the child is the app. launch: a
    descriptor that has an end of file once the child has become the app; None: nobody asks.
    """

    def __init__(
        self,
        child: int,
        starting: Callable[[int, bool], tuple[int, str]] | None = None,
        channel: SupervisorEnd | None = None,
        launch: int | None = None,
    ) -> None:
        self._starting = starting
        self._channel = channel
        self._launch = launch
        if launch is not None:
            os.set_inheritable(launch, False)
        self._watcher = child if channel is not None else 0
        self._app = 0 if channel is not None else child
        # Until there is an app, signals are for who prepares it.
        self._group = child
        self._held = -1  # what the watcher has handed over
        self._failure = -1  # where a child says why it could not become the app
        self._started = False
        # Python's own handler would look like one of the app, before that one's exec.
        if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
            _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
        self._number = 0
        self.facts = ""  # what the watcher has told everybody
        self.timers = Timers()

    def wait(self) -> list[Event]:
        """Sleep until something happens. Whoever has ended by now comes first, whatever woke us:
        the kernel hands signals out by their numbers, and not as they came.
        """
        found = _signal.sigwaitinfo(_signal.valid_signals())
        # Before a watcher is reaped, which forgets whose ring it is.
        arrived = self._arrived(found)
        return self.reap() + self._messages() + arrived

    def overdue(self) -> list[Event]:
        """Return a timer that is over, if there is one, once all else is done: that may have ended
        it, or set it anew.
        """
        name = self.timers.over()
        return [Expired(timer=name)] if name else []

    def _arrived(self, found: _signal.struct_siginfo) -> list[Event]:
        kernel, number = found.si_code > 0, int(found.si_signo)
        if self._is_own(number, found.si_pid, kernel):
            return []
        name, early = numbers.name_of(number), self._is_early()
        return [Arrived(signal=name, number=number, kernel=kernel, early=early)]

    def _is_early(self) -> bool:
        """Whether the child is a launch that has not become the app yet."""
        if self._launch is None:
            return False
        try:
            os.read(self._launch, 1)
        except BlockingIOError:
            return True
        os.close(self._launch)
        self._launch = None
        return False

    def _is_own(self, number: int, sender: int, kernel: bool) -> bool:
        """Whether a signal is no news of the world: a child's, a timer's, a watcher's ring (whose
        sender the kernel may not know, when its queue is full), or what a write of ours has
        brought.
        """
        if number == _signal.SIGCHLD:
            return True
        if kernel:
            return number == int(_signal.SIGALRM)
        if number == RING and self._channel is not None and sender in (self._watcher, 0):
            return True
        return sender == os.getpid() and number in (_signal.SIGPIPE, _signal.SIGXFSZ)

    def _messages(self) -> list[Event]:
        events: list[Event] = []
        while self._channel is not None and (message := self._channel.take()) is not None:
            self._number = message.number
            if message.facts:
                self.facts = message.facts
                continue
            if self._held >= 0:
                os.close(self._held)
            self._held = message.descriptor
            if message.asks:
                events.append(NewPlan() if message.asks == RESTART else Ready())
            events += [Wanted(signal=signal) for signal in message.signals]
        return events

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
                # Whatever a watcher had to say, this is no app that could be told of it.
                events.insert(0, self._ended(code))
            elif child == self._watcher:
                # What it handed over before its end counts.
                events += self._messages()
                events += self._rung()
                self._watcher = 0
                events.append(WatcherEnded(code=code, how=_how(code)))
        if self._app:
            events.extend(self._halted())
        elif not self._populated():
            events.append(Deserted())
        return events

    def _rung(self) -> list[Event]:
        """Take the last rings of a watcher that has ended, which later would be a stranger's: the
        app would get them, and may end of them. Those of others are news.
        """
        events: list[Event] = []
        while (found := _signal.sigtimedwait((RING,), 0)) is not None:
            events += self._arrived(found)
        return events

    def _ended(self, code: int) -> Event:
        """Return the app's end, or why the process that has ended never was the app."""
        said, self._failure = self._failure, -1
        if said >= 0:
            told = os.read(said, 4096)
            os.close(said)
            if told:
                code, words = marshal.loads(told)  # noqa: S302 - written by our own child
                return NotStarted(code=code, words=words)
        return Ended(code=code)

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

    def start(self) -> list[Event]:
        """Fork the app, which leads a group of its own and has the terminal, if it was ours."""
        assert self._starting is not None
        own, before = os.getpgrp(), self._group
        loud, self._started = not self._started, True
        if self._failure >= 0:
            os.close(self._failure)
        self._failure = says = -1
        try:
            self._failure, says = os.pipe2(os.O_CLOEXEC)
            child = os.fork()
        except OSError:
            if says >= 0:
                os.close(says)
            words = "no process can be made for it"
            return [NotStarted(code=_FORK_FAILED, words=words, said=False)]
        if child == 0:
            code, words = _BUG, "cycle-exec has a bug"
            try:
                os.setpgid(0, 0)
                _pass_on((own, before), os.getpid())
                code, words = self._starting(self._held, loud)
            finally:
                os.write(says, marshal.dumps((code, words)))
                os._exit(code)
        os.close(says)
        try:
            os.setpgid(child, child)
        except OSError:
            pass
        _pass_on((own, before), child)
        self._app = self._group = child
        return []

    def start_watcher(self) -> list[Event]:
        """Fork another watcher, which goes on with what the last one has handed over."""
        if self._channel is not None:
            self._channel.close()
        from cycle_exec.system.init import watchers

        self._watcher, self._channel = watchers.start(self._held, self._number)
        if self._watcher:
            return []
        return [WatcherEnded(code=_FORK_FAILED, how="could not be started: no process can be made")]

    def dismiss_watcher(self, seconds: float) -> None:
        """Let the watcher end what it runs before a restart, for so long; it ends with us anyway,
        and what it runs would go on, or be killed with the container.
        """
        if not self._watcher or not seconds:
            return
        if self._channel is not None:
            self._channel.close()
        end = monotonic() + seconds
        try:
            os.kill(self._watcher, int(_signal.SIGTERM))
            os.kill(self._watcher, int(_signal.SIGCONT))
            while not os.waitpid(self._watcher, os.WNOHANG)[0] and (left := end - monotonic()) > 0:
                _signal.sigtimedwait(_signal.valid_signals(), left)
        except (ProcessLookupError, ChildProcessError):
            pass

    def prepare(self) -> None:
        """Ask the watcher for the app's start."""
        if self._channel is not None:
            self._channel.prepare()

    def send(self, name: str) -> None:
        """To the app's group; whoever is not there needs no signal."""
        try:
            os.killpg(self._group, numbers.number_of(name))
        except (ProcessLookupError, PermissionError):
            # Of a group that is all zombies, or of another user where CAP_KILL is missing.
            pass

    def deliver(self, name: str) -> list[Event]:
        """To the app if it has a handler, else to those of its group that do."""
        number = numbers.number_of(name)
        heard = False
        if self._app:
            # Where the kernel does not tell, it is taken for granted.
            targets = [self._app]
            if handlers.catches(self._app, number) is False:
                targets = [pid for pid in handlers.members(self._group) if pid != self._app]
                targets = [pid for pid in targets if handlers.catches(pid, number)]
            for pid in targets:
                try:
                    os.kill(pid, number)
                    heard = True
                except (ProcessLookupError, PermissionError):
                    pass
        return [Delivered(signal=name, number=number, heard=heard)]

    def foreground(self, app: bool) -> None:
        """Pass the terminal on, from us to the app or back; leave it where it is otherwise."""
        own = os.getpgrp()
        if app:
            terminal.hand_over(own, self._group)
        else:
            terminal.hand_over(self._group, own)


def _how(code: int) -> str:
    if code < 0:
        return f"was killed by SIG{numbers.name_of(-code)}"
    return f"has exited with code {code}"


def _pass_on(holders: tuple[int, ...], after: int) -> None:
    for before in holders:
        if terminal.hand_over(before, after):
            return


def pause() -> None:
    """Stop this process until somebody continues it."""
    os.kill(os.getpid(), _signal.SIGSTOP)
