"""Starting the process that looks for changes, once more, and what it has to know of itself."""

from __future__ import annotations

import posix as os  # os itself takes 180 kB more, for as long as the app runs

from cycle_exec.system.init import channel
from cycle_exec.system.invocation import interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal

    from cycle_exec.system.init.channel import SupervisorEnd, WatcherEnd
else:
    import _signal


def start(held: int, number: int) -> tuple[int, SupervisorEnd | None]:
    """Return the process of a new watcher, and our end of its channel; 0 where none can be made.

    held: what the last watcher has handed over. number: of its last message. All signals are
    blocked, and stay so until the watcher has its own handlers.
    """
    try:
        above, below = channel.pair()
    except OSError:
        return 0, None
    try:
        child = os.fork()
    except OSError:
        os.close(above)
        os.close(below)
        return 0, None
    if child == 0:
        try:
            os.setpgid(0, 0)
            for descriptor in (held, below):
                os.set_inheritable(descriptor, True)
            words = (str(below), str(held), str(number), str(os.getppid()))
            argv = interpreter("watch", words)
            # Nothing of what it knows is in its environment, which others may read.
            os.execve(argv[0], argv, {})
        finally:
            os._exit(127)
    os.close(below)
    return child, channel.SupervisorEnd(above, number)


def continued(words: list[str]) -> tuple[bytes, int, int, int]:
    """Return what the last watcher has handed over, the watcher's end of the channel, the number of
    the last message, and the supervisor.
    """
    below, held, number, supervisor = map(int, words)
    os.set_inheritable(below, False)
    content = channel.content(held)
    os.close(held)
    return content, below, number, supervisor


def connect(descriptor: int, number: int, supervisor: int) -> WatcherEnd:
    """Return the watcher's end of a channel; each message rings at the supervisor."""

    def ring() -> None:
        # Whoever is our parent now, when the supervisor has ended, must not be sent our signals.
        if os.getppid() == supervisor:
            os.kill(supervisor, int(_signal.SIGRTMAX))

    return channel.WatcherEnd(descriptor, number, ring)


def unblock(mask: frozenset[int]) -> None:
    """Hear signals again: all but those that were blocked when the whole program was started."""
    _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
