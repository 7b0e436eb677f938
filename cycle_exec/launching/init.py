"""Putting a supervisor above the launch, as early as can be and with as little as can be loaded."""

from __future__ import annotations

from cycle_exec.system.init import fork

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.settings.model import Invocation, Settings


def rise(invocation: Invocation, settings: Settings) -> tuple[int, int]:
    """Let a supervisor stay above; returns in the child, which goes on with the launch.

    In reload mode the child becomes the watcher: what is returned is the memory by which it puts
    the app into the supervisor's hands, else -1; and the supervisor's process number.
    """
    process = settings.process
    memory = -1
    if process.reload:
        from cycle_exec.system.init import handover

        memory = handover.memory()
    pairs = [f"{came}:{passed_on}" for came, passed_on in process.signal_map.items()]
    words = [settings.log_level, settings.log_format, str(process.grace), *pairs]
    return memory, fork.split(words, invocation.mask, memory)
