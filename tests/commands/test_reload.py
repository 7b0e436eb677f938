"""What reload mode cannot do without."""

from __future__ import annotations

import pytest

from cycle_exec.client import notifications
from cycle_exec.errors import Refused
from cycle_exec.launching import reload
from cycle_exec.settings.model import Process, Settings


def test_without_websockets_it_refuses_unless_it_may_poll(monkeypatch):
    """Named, with both ways out; before anything is asked."""
    monkeypatch.setattr(notifications, "available", lambda: False)
    with pytest.raises(Refused) as caught:
        reload.require(Settings(process=Process(reload=True)))
    [problem] = caught.value.problems
    assert problem.code == 78
    assert "cycle-exec[reload]" in problem.way_out
    assert "reload_interval" in problem.way_out
    reload.require(Settings(process=Process(reload=True, reload_interval=60.0)))
