"""A child that serves beside this process, and ends when this process does."""

from __future__ import annotations

import os
import signal
from socket import SHUT_WR, socketpair

from cycle_exec.errors import refuse
from cycle_exec.system.files import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_GRACE = 3.0  # seconds that it gets to end
_READY = b"r"


class Companion:
    """A child in a process group of its own; a Ctrl-C of the terminal misses it."""

    def __init__(self, body: Callable[[int, Callable[[], None]], None]) -> None:
        """Run `body` in the child.

        It gets a descriptor that ends when this process does, however that happens, and what it
        calls once it is ready. Raises Refused (target-failed).
        """
        self._ours, theirs = socketpair()
        self.pid = fork()
        if self.pid == 0:
            code = 70
            try:
                self._ours.close()
                os.setpgid(0, 0)
                _away_from_standard_streams()

                def ready() -> None:
                    theirs.send(_READY)

                body(theirs.fileno(), ready)
                code = 0
            finally:
                os._exit(code)
        theirs.close()

    def is_ready(self) -> bool:
        """Wait until it is ready; False: it has ended."""
        return self._ours.recv(1) == _READY

    def end(self) -> None:
        """Let it end by itself, then end it."""
        self._ours.shutdown(SHUT_WR)
        self._ours.settimeout(_GRACE)
        try:
            # Its end of the pair is closed by its own end alone.
            while self._ours.recv(1):
                pass
        except TimeoutError:
            send(self.pid, signal.SIGKILL)
        except ConnectionError:
            pass
        self._ours.close()
        try:
            os.waitpid(self.pid, 0)
        except ChildProcessError:
            return  # somebody who waits for all children had it


def fork() -> int:
    """Return what os.fork does; raise Refused (target-failed)."""
    try:
        return os.fork()
    except OSError as error:
        raise refuse("target-failed", "a child process", words(error)) from None


def send(child: int, number: int) -> None:
    """Send a signal to a child that may have ended."""
    try:
        os.kill(child, number)
    except ProcessLookupError:
        return


def _away_from_standard_streams() -> None:
    """Whoever reads the app's output must see its end when the app ends."""
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
