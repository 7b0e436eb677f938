"""The names of our own files beside targets, by which the next start knows them again.

.NAME.cycle-exec-RANDOM         a staged file, or the old one while a swap is under way
.cycle-exec-forward-RANDOM      the journal of a swap
.cycle-exec-back-RANDOM         the journal of a swap that is being taken back
.cycle-exec-lock-RANDOM         locked by a run while it works in the directory
..cycle-exec-RANDOM             a generation of a certificates folder, and
..data                          the link to the one that counts
"""

from __future__ import annotations

import os

_RANDOM = 8  # bytes
_HEX = frozenset(b"0123456789abcdef")
_LONGEST_NAME = 255
_TEMPORARY = b".cycle-exec-"
_GENERATION = b"..cycle-exec-"

FORWARD = b".cycle-exec-forward-"
BACK = b".cycle-exec-back-"
_LOCK = b".cycle-exec-lock-"
DATA = b"..data"


def temporary(name: bytes) -> bytes:
    """Return a fresh name for a file of ours beside the target `name`."""
    tail = _TEMPORARY + _random()
    return b"." + name[: _LONGEST_NAME - 1 - len(tail)] + tail


def is_temporary(name: bytes) -> bool:
    """Whether `temporary` could have made this name."""
    head, mark, tail = name.rpartition(_TEMPORARY)
    return bool(mark) and head[:1] == b"." and head != b"." and _is_random(tail)


def journal() -> bytes:
    """Return a fresh name for a journal."""
    return FORWARD + _random()


def is_journal(name: bytes) -> bool:
    """Whether a file of this name is a journal."""
    return any(
        name.startswith(prefix) and _is_random(name[len(prefix) :]) for prefix in (FORWARD, BACK)
    )


def lock() -> bytes:
    """Return a fresh name for a lock."""
    return _LOCK + _random()


def is_lock(name: bytes) -> bool:
    """Whether a file of this name is a lock."""
    return name.startswith(_LOCK) and _is_random(name[len(_LOCK) :])


def generation() -> bytes:
    """Return a fresh name for a generation of a folder."""
    return _GENERATION + _random()


def is_passing(name: bytes) -> bool:
    """Whether a name in a directory is one of ours, and no target."""
    return is_temporary(name) or is_generation(name) or is_journal(name) or is_lock(name)


def link_text(domain: bytes) -> bytes:
    """Where the link of a domain leads: through the link that is swapped."""
    return DATA + b"/" + domain


def is_generation(name: bytes) -> bool:
    """Whether `generation` could have made this name."""
    return name.startswith(_GENERATION) and _is_random(name[len(_GENERATION) :])


def _random() -> bytes:
    return os.urandom(_RANDOM).hex().encode()


def _is_random(tail: bytes) -> bool:
    return len(tail) == 2 * _RANDOM and _HEX.issuperset(tail)
