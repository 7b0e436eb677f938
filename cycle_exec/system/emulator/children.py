"""Two children for `dev`: the emulator beside the app, and the app, whose signals are ours."""

from __future__ import annotations

import os
import signal

from cycle_exec.system.emulator.companion import Companion, fork, send
from cycle_exec.system.invocation import encoded, for_interpreter, interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# What a supervisor or a terminal sends to a command; job control stays with the terminal.
_FORWARDED = frozenset(
    {
        signal.SIGTERM,
        signal.SIGINT,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGWINCH,
    }
)


class Nursery:
    """Children of one `with` block. Signals are blocked in it, and waited for."""

    def __enter__(self) -> Nursery:
        self._waited = _FORWARDED | {signal.SIGCHLD}
        # With SIGCHLD ignored the kernel would keep no child's status for us.
        self._child_handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, self._waited)
        self._ended: dict[int, int] = {}
        self._beside: Companion | None = None
        return self

    def __exit__(self, *_exception: object) -> None:
        # What arrived too late for the app must not end us before we have told its exit code.
        while signal.sigtimedwait(self._waited, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        signal.signal(signal.SIGCHLD, self._child_handler)

    def beside(self, body: Callable[[int, Callable[[], None]], None]) -> None:
        """Run `body` in a child that ends with this process, see Companion."""

        def unblocked(leash: int, ready: Callable[[], None]) -> None:
            self._unblock()
            body(leash, ready)

        self._beside = Companion(unblocked)

    def app(self, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
        """Start this program once more with other arguments; return its process id."""
        argv = interpreter("main", ["", *arguments])  # no signals are held
        raw = for_interpreter({encoded(name): encoded(value) for name, value in environ.items()})
        child = fork()
        if child == 0:
            try:
                self._unblock()
                os.execve(argv[0], [encoded(word) for word in argv], raw)  # noqa: S606
            finally:
                os._exit(70)
        return child

    def attend(self, child: int, lost: Callable[[], None]) -> int:
        """Pass signals on until the child ends; its exit code, or 128 plus its signal's number.

        lost: called once if the child beside it ends first.
        """
        told = False
        while child not in self._ended:
            found = signal.sigwaitinfo(self._waited)
            if found.si_signo == signal.SIGCHLD:
                self._reap()
                lonely = self._beside is not None and self._beside.pid in self._ended
                if lonely and not told and child not in self._ended:
                    told = True
                    lost()
            elif found.si_code <= 0:
                # Sent by a process. One of the terminal has reached the child already: it is in
                # our process group.
                send(child, found.si_signo)
        code = os.waitstatus_to_exitcode(self._ended[child])
        return code if code >= 0 else 128 - code

    def end_beside(self) -> None:
        """End the child beside, if there is one."""
        if self._beside is not None:
            self._beside.end()

    def _reap(self) -> None:
        """Gather every child that ended, also those that came to us as PID 1."""
        while True:
            try:
                child, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if child == 0:
                return
            self._ended[child] = status

    def _unblock(self) -> None:
        signal.signal(signal.SIGCHLD, self._child_handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
