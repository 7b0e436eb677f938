"""Whether this process can become another user, found out in a child."""

from __future__ import annotations

import os
import signal

import pytest

from cycle_exec.system.exec import user as users
from cycle_exec.system.exec.user import User


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_a_child_that_is_killed_has_said_nothing_of_privileges(monkeypatch):
    """Once it is the user, any other process of this user may do so."""

    def killed(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(users, "_try", killed)
    someone = User(name="app", uid=1234, gid=1234)
    problem = users.obstacle(someone, "/bin/true", "", resident=False)
    assert problem is not None
    assert problem.kind == "user-refused"
    assert problem.reason.startswith("the process that tried it has ended without an answer")
