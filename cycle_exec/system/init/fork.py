"""One process becomes two: the launch goes on in a child, and above it stays a supervisor."""

from __future__ import annotations

import os

from cycle_exec.errors import refuse
from cycle_exec.resident.model import SupervisorArguments
from cycle_exec.system.exec import prctl
from cycle_exec.system.files import words as in_words
from cycle_exec.system.init import terminal
from cycle_exec.system.invocation import interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Iterable
    from typing import NoReturn

    from cycle_exec.settings.model import Process
else:
    import _signal


def fork_supervisor(
    process: Process,
    log: tuple[str, str],
    mask: Iterable[int] | None,
    memory: int | None = None,
) -> int:
    """Fork. Return in the child, which leads a group of its own, the parent's number. The parent
    becomes `entry.supervise` and never returns.

    log: level and format of what it says. mask: what was blocked on entry, None: what is blocked
    now. memory: see SupervisorArguments. Without it the child will be the app, and has the
    terminal, if it was ours.

    Raises Refused if there can be no child.
    """
    if os.getpid() != 1:
        # PID 1 gets every orphan of its namespace; others have to ask, before there can be any.
        prctl.prctl(prctl.SET_CHILD_SUBREAPER, 1)
    blocked = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
    # Ignored on entry, the kernel would reap the app and its exit code were lost.
    of_children = _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    own, parent = os.getpgrp(), os.getpid()
    had_terminal = terminal.has(own)
    try:
        child = os.fork()
    except OSError as error:
        raise refuse("target-failed", "the app's process", in_words(error)) from None
    if child == 0:
        os.setpgid(0, 0)
        if memory is None:
            terminal.hand_over(own, os.getpid())
        _signal.signal(_signal.SIGCHLD, of_children)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, blocked)
        return parent
    try:
        # Both do it: whoever comes second finds it done, or the child has already become the app.
        os.setpgid(child, child)
    except OSError:
        pass
    if memory is None:
        terminal.hand_over(own, child)
    _become_supervisor(
        SupervisorArguments(
            child=child,
            memory=memory,
            terminal=had_terminal,
            mask=tuple(map(int, blocked if mask is None else mask)),
            ignored=of_children == _signal.SIG_IGN,
            log_level=log[0],
            log_format=log[1],
            grace=process.grace,
            signal_map=process.signal_map,
        )
    )


def _become_supervisor(arguments: SupervisorArguments) -> NoReturn:
    """Start a lean interpreter with nothing in its environment: /proc/1/environ tells no secret."""
    _signal.setitimer(_signal.ITIMER_REAL, 0)
    if arguments.memory is not None:
        os.set_inheritable(arguments.memory, True)
    argv = interpreter("supervise", arguments.to_argv(), site=False)
    os.execve(argv[0], argv, {})  # noqa: S606


def protect_watcher(supervisor: int) -> None:
    """Let no other process of its user look into the watcher, which knows every secret, and let it
    not outlive the supervisor.
    """
    prctl.prctl(prctl.SET_DUMPABLE, 0)
    prctl.prctl(prctl.SET_PDEATHSIG, int(_signal.SIGKILL))
    if os.getppid() != supervisor:
        # It went before we asked; whoever is our parent now must not be sent our signals.
        os._exit(1)
