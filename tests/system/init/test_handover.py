"""An app in other hands."""

from __future__ import annotations

import os

from cycle_exec.system.exec.user import User
from cycle_exec.system.init.handover import Handoff, give, memory, take

WHOLE = Handoff(
    executable="/bin/app",
    argv=("app", "--x", "\udcff"),
    environ={"A": "1\n\udcfe", "B": ""},
    directory="/srv",
    user=User(name="app", uid=1, gid=2, groups=(2, 3), home="/h"),
    no_new_privs=True,
)


def test_what_is_given_is_taken_once():
    """Every field and every byte; then nothing is left."""
    descriptor = memory()
    try:
        give(descriptor, WHOLE)
        assert take(descriptor) == WHOLE
        assert os.fstat(descriptor).st_size == 0
    finally:
        os.close(descriptor)


def test_the_last_one_counts():
    """A shorter one leaves nothing of a longer one."""
    descriptor = memory()
    try:
        give(descriptor, WHOLE.replace(environ={"A": "x" * 100_000}))
        plain = Handoff(executable="/x", argv=("x",), environ={})
        give(descriptor, plain)
        assert take(descriptor) == plain
    finally:
        os.close(descriptor)


def test_no_other_program_has_the_memory():
    """It is closed by every exec."""
    descriptor = memory()
    try:
        assert not os.get_inheritable(descriptor)
    finally:
        os.close(descriptor)
