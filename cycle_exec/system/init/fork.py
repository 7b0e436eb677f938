"""One process becomes two: the launch goes on in a child, and above it stays a supervisor."""

from __future__ import annotations

import os

from cycle_exec.errors import refuse
from cycle_exec.record import Record
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

    from cycle_exec.settings.model import Log, Process
else:
    import _signal

_ROOM = "give the container more processes, open files or memory"


class Supervision(Record):
    """The supervisor above us: its number, and our end of the channel to it, -1: there is none."""

    pid: int
    channel: int


def fork_supervisor(
    process: Process, log: Log, mask: Iterable[int] | None, before: float = 0.0
) -> Supervision:
    """Fork. Return in the child, which leads a group of its own, once the parent has become
    `entry.supervise`: from then on its environment tells nobody a secret.

    mask: what was blocked on entry, None: what is blocked now. In reload mode the child becomes a
    watcher; otherwise it will be the app, and has the terminal, if it was ours. before: see Terms.

    Raises Refused if there can be no child.
    """
    above, below = _channel() if process.reload else (None, None)
    launch, launching = _pipe() if process.drain and not process.reload else (None, None)
    if os.getpid() != 1:
        # PID 1 gets every orphan of its namespace; others have to ask, before there can be any.
        prctl.prctl(prctl.SET_CHILD_SUBREAPER, 1)
    blocked = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
    # Ignored on entry, the kernel would reap the app and its exit code were lost.
    of_children = _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
    own, parent = os.getpgrp(), os.getpid()
    had_terminal = terminal.has(own)
    try:
        # Its writing end closes when the parent becomes another program.
        becoming, became = os.pipe2(os.O_CLOEXEC)
        child = os.fork()
    except OSError as error:
        raise refuse("target-failed", "the app's process", in_words(error), _ROOM) from None
    if child == 0:
        os.setpgid(0, 0)
        if above is None:
            terminal.hand_over(own, os.getpid())
        _signal.signal(_signal.SIGCHLD, of_children)
        _close(became, above, launch)
        os.read(becoming, 1)
        os.close(becoming)
        _signal.pthread_sigmask(_signal.SIG_SETMASK, blocked)
        return Supervision(pid=parent, channel=-1 if below is None else below)
    _let_lead(child)
    if above is None:
        terminal.hand_over(own, child)
    _close(below, launching)
    arguments = SupervisorArguments(
        child=child,
        channel=above,
        launch=launch,
        terminal=had_terminal,
        mask=tuple(map(int, blocked if mask is None else mask)),
        ignored=of_children == _signal.SIG_IGN,
        log_level=log.level,
        log_format=log.format,
        before=before,
        drain=process.drain,
        grace=process.grace,
        patience=process.patience,
        stop_signal=process.stop_signal,
        signal_map=process.signal_map,
    )
    _become_supervisor(arguments)


def _let_lead(child: int) -> None:
    """Both do it: whoever comes second finds it done, or the child has already become the app."""
    try:
        os.setpgid(child, child)
    except OSError:
        pass


def _close(*descriptors: int | None) -> None:
    for descriptor in descriptors:
        if descriptor is not None:
            os.close(descriptor)


def _channel() -> tuple[int, int]:
    from cycle_exec.system.init import channel

    try:
        return channel.pair()
    except OSError as error:
        raise refuse("target-failed", "the watcher's channel", in_words(error), _ROOM) from None


def _pipe() -> tuple[int, int]:
    """Return a pipe whose writing end is closed when the launch becomes the app."""
    try:
        return os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise refuse("target-failed", "the supervisor's pipe", in_words(error), _ROOM) from None


def _become_supervisor(arguments: SupervisorArguments) -> NoReturn:
    """Start a lean interpreter with nothing in its environment: /proc/1/environ tells no secret.

    Raises Refused, after the end of the child.
    """
    _signal.setitimer(_signal.ITIMER_REAL, 0)
    for descriptor in (arguments.channel, arguments.launch):
        if descriptor is not None:
            os.set_inheritable(descriptor, True)
    argv = interpreter("supervise", arguments.to_argv(), site=False)
    try:
        os.execve(argv[0], argv, {})  # noqa: S606
    except OSError as error:
        # Nobody would be there to start the app, or to tell of its end.
        os.kill(arguments.child, _signal.SIGKILL)
        subject = f"the supervisor's program {argv[0]}"
        fix = "let the image keep the Python that cycle-exec is installed with"
        raise refuse("target-failed", subject, in_words(error), fix) from None


def protect_watcher(supervisor: int) -> None:
    """Let no other process of its user look into the watcher, which knows every secret, and let it
    not outlive the supervisor. Where the kernel refuses, the channel still tells of its end.
    """
    prctl.belong_to(supervisor)
