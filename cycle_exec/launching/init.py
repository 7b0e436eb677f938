"""Putting a supervisor above the launch, as early as can be and with as little as can be loaded."""

from __future__ import annotations

from cycle_exec.system.init import fork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.system.init.fork import Supervision


def fork_supervisor(invocation: Invocation, settings: Settings) -> Supervision | None:
    """Let a supervisor stay above; return in the child, which goes on with the launch.

    In reload mode the child becomes the watcher; None: it becomes the app itself.
    """
    log = settings.log.level, settings.log.format
    reload = settings.process.reload
    above = fork.fork_supervisor(settings.process, log, invocation.mask, reload=reload)
    return above if reload else None
