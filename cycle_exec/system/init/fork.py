"""One process becomes two: the launch goes on in a child, and above it stays a supervisor."""

from __future__ import annotations

import os

from cycle_exec.errors import refuse
from cycle_exec.system.exec import prctl
from cycle_exec.system.files import words as in_words
from cycle_exec.system.init import terminal
from cycle_exec.system.invocation import interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Iterable, Sequence
    from typing import NoReturn
else:
    import _signal


def split(words: Sequence[str], mask: Iterable[int] | None, memory: int = -1) -> int:
    """Fork. Returns in the child, which leads a group of its own, the parent's number. The parent
    becomes `entry.resident` with five words of its own and then these; it never returns.

    mask: what was blocked on entry, None: what is blocked now. memory: a descriptor for the
    parent to keep. Without one the child will be the app, and has the terminal, if it was ours.

    Raises Refused if there can be no child.
    """
    if os.getpid() != 1:
        # PID 1 gets every orphan of its namespace; others have to ask, before there can be any.
        prctl.prctl(prctl.SET_CHILD_SUBREAPER, 1)
    blocked = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
    # Ignored on entry, the kernel would reap the app and its exit code were lost.
    of_children = _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    own, above = os.getpgrp(), os.getpid()
    had_terminal = terminal.has(own)
    try:
        child = os.fork()
    except OSError as error:
        raise refuse("target-failed", "the app's process", in_words(error)) from None
    if child == 0:
        os.setpgid(0, 0)
        if memory < 0:
            terminal.hand_over(own, os.getpid())
        _signal.signal(_signal.SIGCHLD, of_children)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, blocked)
        return above
    try:
        # Both do it: whoever comes second finds it done, or the child has already become the app.
        os.setpgid(child, child)
    except OSError:
        pass
    if memory < 0:
        terminal.hand_over(own, child)
    numbers = ",".join(str(int(number)) for number in (blocked if mask is None else mask))
    ignored = of_children == _signal.SIG_IGN
    facts = [child, int(had_terminal), memory, numbers, int(ignored)]
    _become_resident([*map(str, facts), *words], memory)


def _become_resident(words: Sequence[str], memory: int) -> NoReturn:
    """A lean interpreter with nothing in its environment: /proc/1/environ tells no secret."""
    _signal.setitimer(_signal.ITIMER_REAL, 0)
    if memory >= 0:
        os.set_inheritable(memory, True)
    argv = interpreter("resident", words, site=False)
    os.execve(argv[0], argv, {})  # noqa: S606


def keep_to_ourselves(above: int) -> None:
    """For the watcher, which knows every secret: no other process of its user may look into it,
    and it does not outlive the process above it.
    """
    prctl.prctl(prctl.SET_DUMPABLE, 0)
    prctl.prctl(prctl.SET_PDEATHSIG, int(_signal.SIGKILL))
    if os.getppid() != above:
        # It went before we asked; whoever is our parent now must not be sent our signals.
        os._exit(1)
