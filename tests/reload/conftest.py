"""The set-up of reload mode: an app, its watcher's words, and a platform of its own."""

from __future__ import annotations

from tests.launching.reload.conftest import ground, platform

__all__ = ["ground", "platform"]
