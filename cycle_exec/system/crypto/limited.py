"""Work of a library that hears no signal and knows no deadline, on what somebody else has made: in
a child with little processor time, which can be killed.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def within(seconds: int, work: Callable[[], bytes]) -> bytes:
    """Return what it returns; nothing if it takes longer or fails. Raise OSError where there can be
    no child.
    """
    from resource import RLIMIT_CPU, setrlimit

    from cycle_exec.system.exec.user import in_child

    def limited() -> bytes:
        try:
            setrlimit(RLIMIT_CPU, (seconds, seconds))
        except (OSError, ValueError):
            pass  # a sandbox refuses it, or the limit is lower: the deadline still ends the wait
        return work()

    return in_child(limited)
