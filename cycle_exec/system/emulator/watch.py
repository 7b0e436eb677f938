"""Noticing that files changed, by looking at them: no kernel watch, so any file system will do."""

from __future__ import annotations

from time import monotonic

from cycle_exec.system.emulator import temporary_files

_SIZE = 2  # of a stamp
# Whoever rewrites a file empties it first: what is seen in between is not what was meant.
_QUIET = 0.04


class Watch:
    """Files, and how they were when they were read."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[int, ...]] = {}
        self._seen: dict[str, tuple[int, ...]] = {}
        self._since = 0.0

    def forget(self) -> None:
        """Watch nothing."""
        self._read = {}

    def add(self, path: str) -> None:
        """Watch a file. Called before it is read, so that no change is ever missed."""
        self._read[path] = temporary_files.stamp(path)

    def changed(self) -> bool:
        """Whether a file changed; one that is empty or gone may be in the middle of it."""
        look = self._look()
        changed = [stamp for path, stamp in look.items() if stamp != self._read[path]]
        return bool(changed) and all(stamp and stamp[_SIZE] for stamp in changed)

    def settled(self) -> bool:
        """Whether a file changed and has stayed as it is for a while. To be asked often."""
        look = self._look()
        if look == self._read:
            return False
        if look != self._seen:
            self._seen, self._since = look, monotonic()
        return monotonic() - self._since >= _QUIET

    def _look(self) -> dict[str, tuple[int, ...]]:
        return {path: temporary_files.stamp(path) for path in self._read}
