"""What encryption takes of the machine; what it does is tested by the last good copy."""

from __future__ import annotations

import pytest

from cycle_exec.system.crypto import encryption


def test_its_library_is_not_loaded_without_room(monkeypatch):
    """It could end the process, or hold it for ever."""
    monkeypatch.setattr(encryption, "ROOM", 1 << 62)
    with pytest.raises(MemoryError):
        encryption.ready()
