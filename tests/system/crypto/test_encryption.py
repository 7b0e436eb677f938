"""What encryption takes of the machine; what it does is tested by the last good copy."""

from __future__ import annotations

import sys

import pytest

from cycle_exec.system import memory
from cycle_exec.system.crypto import encryption


def test_its_library_is_not_loaded_without_room(monkeypatch):
    """It could end the process, or hold it for ever."""
    encryption.ready()
    monkeypatch.delitem(sys.modules, "cryptography")
    monkeypatch.setattr(memory, "_room", lambda: memory.NEEDS["cryptography"] - 1)
    with pytest.raises(MemoryError):
        encryption.ready()
