"""One process becomes two: the launch goes on in a child, and above it stays a supervisor."""

from __future__ import annotations

import os
import sys

from cycle_exec.errors import refuse
from cycle_exec.system import supervise
from cycle_exec.system.files import words as in_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Sequence
    from typing import NoReturn
else:
    import _signal

_PR_SET_CHILD_SUBREAPER = 36
_BOOT = """\
import sys
sys.path.append(sys.argv.pop(1))
from cycle_exec.entry import resident
resident()
"""


def split(words: Sequence[str]) -> None:
    """Fork. Returns in the child, which leads a group of its own and has the terminal, if it was
    ours. The parent becomes `entry.resident` with these words, the child's number and whether the
    terminal was handed over; it never returns.

    Raises Refused if there can be no child.
    """
    if os.getpid() != 1:
        _adopt_orphans()
    mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
    # Ignored on entry, the kernel would reap the app and its exit code were lost.
    of_children = _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    own = os.getpgrp()
    terminal = _in_foreground(own)
    try:
        child = os.fork()
    except OSError as error:
        raise refuse("target-failed", "the app's process", in_words(error)) from None
    if child == 0:
        os.setpgid(0, 0)
        supervise.hand_over(own, os.getpid())
        _signal.signal(_signal.SIGCHLD, of_children)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
        return
    try:
        # Both do it: whoever comes second finds it done, or the child has already become the app.
        os.setpgid(child, child)
    except OSError:
        pass
    supervise.hand_over(own, child)
    _become_resident([str(child), str(int(terminal)), *words])


def _in_foreground(own: int) -> bool:
    try:
        return os.tcgetpgrp(0) == own
    except OSError:
        return False


def _become_resident(words: Sequence[str]) -> NoReturn:
    """A lean interpreter with nothing in its environment: /proc/1/environ tells no secret."""
    _signal.setitimer(_signal.ITIMER_REAL, 0)
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    argv = [sys.executable, "-I", "-S", "-c", _BOOT, home, *words]
    os.execve(sys.executable, argv, {})  # noqa: S606


def _adopt_orphans() -> None:
    """PID 1 gets every orphan of its namespace; others have to ask, before there can be any."""
    from ctypes import CDLL

    CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
