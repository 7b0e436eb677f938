"""An app in other hands."""

from __future__ import annotations

from cycle_exec.system.exec.user import User
from cycle_exec.system.init.handover import Handoff, handoff, memory, packed

WHOLE = Handoff(
    executable="/bin/app",
    argv=("app", "--x", "\udcff"),
    environ={"A": "1\n\udcfe", "B": ""},
    directory="/srv",
    user=User(name="app", uid=1, gid=2, groups=(2, 3), home="/h"),
    no_new_privs=True,
)


def test_what_is_given_arrives_whole():
    """Every field and every byte, and the watcher's memory beside it."""
    content = packed(WHOLE, b"remembered")
    assert handoff(content) == WHOLE
    assert memory(content) == b"remembered"
    plain = Handoff(executable="/x", argv=("x",), environ={})
    assert handoff(packed(plain, b"")) == plain
