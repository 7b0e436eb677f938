"""Whether any of some files was opened (inotify(7)): a check that has read nothing of what is new
has not judged it.
"""

from __future__ import annotations

import os

from cycle_exec.system.exec import prctl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_OPEN = 0x20
_FLAGS = os.O_CLOEXEC | os.O_NONBLOCK


class Opened:
    """A watch over files, for a `with` block. A directory stands for the files in it."""

    def __init__(self, paths: Iterable[bytes]) -> None:
        self._paths = paths
        self._descriptor = -1

    def __enter__(self) -> Opened:
        try:
            library = prctl.found()
            self._descriptor = library.inotify_init1(_FLAGS)
            for path in self._paths:
                if library.inotify_add_watch(self._descriptor, path, _OPEN) < 0:
                    self._close()
        except (AttributeError, ImportError, OSError):
            self._close()
        return self

    def any(self) -> bool:
        """Whether one was opened, or nobody knows."""
        if self._descriptor < 0:
            return True
        try:
            return bool(os.read(self._descriptor, 4096))
        except BlockingIOError:
            return False

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __exit__(self, *_exception: object) -> None:
        self._close()
