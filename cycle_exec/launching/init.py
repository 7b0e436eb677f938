"""Putting a supervisor above the launch, as early as can be and with as little as can be loaded."""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.system.init import fork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Invocation, Settings


class Supervision(Record):
    """The supervisor above a watcher.

    memory: the descriptor by which the app's plan is handed over. pid: the supervisor's.
    """

    memory: int
    pid: int


def fork_supervisor(invocation: Invocation, settings: Settings) -> Supervision | None:
    """Let a supervisor stay above; return in the child, which goes on with the launch.

    In reload mode the child becomes the watcher; None: it becomes the app itself.
    """
    log = settings.log.level, settings.log.format
    if not settings.process.reload:
        fork.fork_supervisor(settings.process, log, invocation.mask)
        return None
    from cycle_exec.system.init import handover

    memory = handover.memory()
    pid = fork.fork_supervisor(settings.process, log, invocation.mask, memory)
    return Supervision(memory=memory, pid=pid)
