"""What is different between two plans, and what is to be done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.planning.changes import changes
from cycle_exec.planning.model import FileWrite, Plan
from cycle_exec.presentation.describe import reload_line

NONE, RESTART, HUP = ("none",), ("restart",), ("signal", "HUP")
COMMAND = ("command", "", "nginx", "-s", "reload")


def plan(environ=(), *writes):
    environ = dict(environ)
    return Plan(environ=environ, sources=dict.fromkeys(environ, "test"), writes=tuple(writes))


def write(path, content=b"x", on_change=NONE, **more):
    given = {"mode": 0o600, "kind": "template", "name": path, **more}
    return FileWrite(path=path, content=content, on_change=on_change, **given)


def test_the_same_plan_asks_for_nothing():
    """Nothing to write, nothing to do."""
    one = plan({"A": "1"}, write("/a", on_change=RESTART))
    found = changes(one, one, RESTART)
    assert found.nothing
    assert found.deeds == ()


def test_variables_are_compared_by_value():
    """New, other and gone, by name alone."""
    found = changes(plan({"A": "1", "B": "2", "C": "3"}), plan({"A": "1", "B": "x", "D": ""}), NONE)
    assert found.variables == ("B", "C", "D")
    assert not found.nothing
    assert found.deeds == ()


def test_a_changed_environment_asks_for_what_its_rule_says():
    """environment.on_change."""
    assert changes(plan({"A": "1"}), plan({"A": "2"}), RESTART).deeds == (RESTART,)


def test_targets_are_compared_by_all_that_is_written():
    """Content, mode and owner; what nobody writes any more stays."""
    before = plan({}, write("/a"), write("/b"), write("/c"), write("/gone"))
    after = plan(
        {}, write("/a"), write("/b", b"y"), write("/c", mode=0o644), write("/new", on_change=HUP)
    )
    found = changes(before, after, NONE)
    assert [each.path for each in found.writes] == ["/b", "/c", "/new"]
    assert found.gone == ("/gone",)
    assert found.deeds == (HUP,)


def test_each_deed_is_done_once_and_a_restart_makes_signals_needless():
    """Commands first, then signals, or a restart at the end."""
    targets = [
        ("/a", HUP),
        ("/b", COMMAND),
        ("/c", HUP),
        ("/d", ("signal", "USR1")),
        ("/e", COMMAND),
    ]
    before = plan({}, *(write(path) for path, _ in targets))
    after = plan({}, *(write(path, b"y", deed) for path, deed in targets))
    assert changes(before, after, NONE).deeds == (COMMAND, HUP, ("signal", "USR1"))
    restarting = plan({}, *after.writes, write("/f", b"y", RESTART))
    assert changes(before, restarting, NONE).deeds == (COMMAND, RESTART)


ENVIRONS = st.dictionaries(st.sampled_from("ABCD"), st.text(max_size=2), max_size=4)
WRITES = st.dictionaries(
    st.sampled_from(["/a", "/b", "/c"]),
    st.tuples(st.binary(max_size=2), st.sampled_from([NONE, HUP, RESTART, COMMAND])),
    max_size=3,
)


@given(ENVIRONS, ENVIRONS, WRITES, WRITES)
def test_after_its_writes_the_old_plan_is_the_new_one(env1, env2, writes1, writes2):
    """What is written and what is gone is exactly the difference."""
    before = plan(env1, *(write(path, *rest) for path, rest in writes1.items()))
    after = plan(env2, *(write(path, *rest) for path, rest in writes2.items()))
    found = changes(before, after, RESTART)
    held = {each.path: each.content for each in before.writes}
    held.update({each.path: each.content for each in found.writes})
    for path in found.gone:
        del held[path]
    assert held == {each.path: each.content for each in after.writes}
    assert bool(found.variables) == (env1 != env2)
    assert (RESTART in found.deeds) or not found.variables


def test_the_line_of_a_reload_has_names_and_no_values():
    """Fingerprints by key; a certificate is named once, many changes are cut short."""
    after = plan(
        {"A": "secret-a"},
        write("/c/cert.pem", b"secret-b", HUP, kind="certificate", name="x.test"),
        write("/c/key.pem", b"secret-c", HUP, kind="certificate", name="x.test"),
    )
    found = changes(plan({"GONE": "y"}), after, NONE)
    line = reload_line(after, found, b"key", 12)
    assert line.startswith("reloaded in 12 ms: variable A #")
    assert line.endswith("; signal HUP")
    assert ", variable GONE removed, certificate x.test #" in line
    assert line.count("certificate") == 1
    assert "secret" not in line
    many = plan({f"V{number}": "x" for number in range(20)})
    assert "and 14 more; nothing to do" in reload_line(many, changes(plan(), many, NONE), b"", 1)


@pytest.mark.parametrize(
    ("user", "said"), [("", "command nginx"), ("app", "command nginx as user app")]
)
def test_the_line_of_a_reload_names_the_program_of_a_command(user, said):
    """And who runs it, if somebody else does; not its arguments."""
    after = plan({})
    found = changes(plan({}), after, NONE).replace(deeds=(("command", user, "nginx", "-s"),))
    assert reload_line(after, found, b"key", 12) == f"reloaded in 12 ms: ; {said}"
