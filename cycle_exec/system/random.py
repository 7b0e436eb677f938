"""Chance: jitter, and an instance's own share of what a fleet spreads over time."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_INSTANCE = "CYCLE_INSTANCE_ID"
_WHOLE = 2**32


def number() -> float:
    """From 0 to 1, anew each time."""
    return int.from_bytes(os.urandom(4)) / _WHOLE


def key() -> bytes:
    """Return what makes this run's fingerprints its own, where there is no token."""
    return os.urandom(16)


def share(environ: Mapping[str, str]) -> float:
    """From 0 to 1: the same for one instance each time, so that it keeps its place in the fleet;
    by chance where nobody says which instance this is.
    """
    instance = environ.get(_INSTANCE)
    if not instance:
        return number()
    from _blake2 import blake2s

    digest = blake2s(instance.encode("utf-8", "surrogateescape"), digest_size=4).digest()
    return int.from_bytes(digest) / _WHOLE
