"""The platform's environment metadata file."""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.sources import strict_json
from cycle_exec.system import clock, files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cycle_exec.system.clock import Deadline


def reader(path: str, deadline: Deadline) -> Callable[[], object]:
    """Return how the file is read; it may still be on its way until the deadline."""

    def read() -> object:
        pause = 0.02
        while True:
            try:
                return strict_json.decode(files.read(path))
            except files.Unreadable as error:
                reason = error.reason
            except strict_json.NotJson as error:
                reason = f"it is not valid JSON: {error.reason}"
            if deadline.left() <= pause:
                fix = "use environment, container or instance, or set api.metadata to its path"
                raise refuse("unavailable", f"metadata file {path}", reason, fix)
            clock.sleep(pause)
            pause = min(pause * 2, 0.5)

    return read
