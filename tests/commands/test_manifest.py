"""`cycle-exec manifest`."""

from __future__ import annotations

import json

import pytest

from cycle_exec.commands import manifest
from cycle_exec.errors import Refused
from cycle_exec.settings.manifest.json_schema import schema
from cycle_exec.settings.manifest.starter import STARTER
from cycle_exec.settings.model import DEFAULT_MANIFEST, Invocation


def _invocation(**environ):
    return Invocation(argv=(), environ=environ, cwd="/")


def _refused(path, **environ):
    with pytest.raises(Refused) as refused:
        manifest.check(_invocation(**environ), str(path))
    return refused.value.problems


def test_check_good(tmp_path, capfd):
    """A good manifest is told in one line."""
    path = tmp_path / "m.toml"
    path.write_text(STARTER)
    assert manifest.check(_invocation(), str(path)) == 0
    assert capfd.readouterr() == (f"{path}: ok\n", "")


def test_check_named_by_variable(tmp_path, capfd):
    """Without a path the one that a launch would read is checked."""
    path = tmp_path / "m.toml"
    path.write_text("")
    assert manifest.check(_invocation(CYCLE_EXEC_MANIFEST=str(path)), "") == 0
    assert capfd.readouterr().out == f"{path}: ok\n"


def test_check_default_missing(monkeypatch):
    """The default manifest is refused too when it is asked for and not there."""
    monkeypatch.setattr("cycle_exec.settings.resolve.DEFAULT_MANIFEST", "/nonexistent/m.toml")
    (problem,) = _refused("")
    assert (problem.kind, problem.subject) == ("manifest-missing", "/nonexistent/m.toml")
    assert DEFAULT_MANIFEST == "/etc/cycle-exec.toml"


def test_check_bad(tmp_path, capfd):
    """A bad manifest refuses with 78 and every problem, and prints nothing on stdout."""
    path = tmp_path / "m.toml"
    path.write_text("[api]\nsokcet = 1\ntimeout = 1\n")
    problems = _refused(path)
    assert [(problem.code, problem.subject) for problem in problems] == [
        (78, f"{path}:2"),
        (78, f"{path}:3"),
    ]
    assert capfd.readouterr().out == ""


def test_check_missing(tmp_path):
    """A file that is not there is manifest-missing, 78."""
    (problem,) = _refused(tmp_path / "none.toml")
    assert (problem.kind, problem.code) == ("manifest-missing", 78)


def test_check_not_utf8(tmp_path):
    """Bytes that are not UTF-8 refuse."""
    path = tmp_path / "m.toml"
    path.write_bytes(b"# \xff\n")
    (problem,) = _refused(path)
    assert (problem.kind, problem.reason) == (
        "manifest-invalid",
        "it is not UTF-8 text: see line 1",
    )


def test_schema(capfd):
    """The schema is printed as JSON."""
    assert manifest.schema() == 0
    assert json.loads(capfd.readouterr().out) == schema()


def test_new(tmp_path, capfd):
    """What `new` prints passes `check`."""
    assert manifest.new() == 0
    path = tmp_path / "m.toml"
    path.write_text(capfd.readouterr().out)
    assert manifest.check(_invocation(), str(path)) == 0


def test_check_reads_what_is_waited_for(tmp_path):
    """Addresses, and templates of them: syntax, filters and names, as far as they are known."""
    path = tmp_path / "m.toml"
    path.write_text('[[wait]]\nfor = "tcp://{{ variables.HOST | lower }}:5432"\n')
    assert manifest.check(_invocation(), str(path)) == 0
    path.write_text(
        '[[wait]]\nfor = "dns://{{ variables.HOST | lowr }}"\n'
        '[[wait]]\nfor = "dns://{{ NOWHERE }}"\n'
    )
    assert [(problem.kind, problem.subject) for problem in _refused(path)] == [
        ("template-syntax", "wait for dns://{{ variables.HOST | lowr }}:1"),
        ("template-undefined", "wait for dns://{{ NOWHERE }}:1"),
    ]
