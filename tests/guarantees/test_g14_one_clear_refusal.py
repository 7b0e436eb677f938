"""G14: the code of the table, at most five lines of printable ASCII: what, why, the way out."""

from __future__ import annotations

import json

import pytest

from tests.guarantees.conftest import manifest, run

STATE = """
token = "t"
[variables]
A = "c4n4ry"
"""


def refusals(tmp_path):
    missing = str(tmp_path / "nö\x1b[31m.j2")
    broken = manifest(tmp_path, '[variables]\nrequird = ["A"]\n[api]\ntimeout = 5\n')
    return {
        "usage": ["--nonsense", "--", "true"],
        "usage-value": ["--deadline", "c4n4ry", "--", "true"],
        "manifest": ["--manifest", broken, "--", "true"],
        "manifest-missing": ["--manifest", str(tmp_path / "none"), "--", "true"],
        "file": ["--template", f"{missing}:{tmp_path}/x", "--", "true"],
        "command": ["--", "no-such-\x1b[31m-command-ü"],
        "target": ["--template", f"{broken}:/proc/nowhere/x", "--", "true"],
        "integration": ["--integration", "none", "--", "true"],
        "no-socket": ["--socket", str(tmp_path / "s"), "--deadline", "300ms", "--", "true"],
    }


CODES = {
    "usage": 64, "usage-value": 64, "manifest": 78, "manifest-missing": 78, "file": 78,
    "command": 127, "target": 73, "integration": 65, "no-socket": 69,
}  # fmt: skip


@pytest.mark.parametrize("name", list(CODES))
def test_a_refusal_is_short_printable_and_has_its_code(tmp_path, environ, name):
    """Subject, cause, kind in brackets, fix; no traceback, no value, nothing on stdout."""
    ran = run(environ, *refusals(tmp_path)[name])
    assert (ran.code, ran.out) == (CODES[name], "")
    lines = ran.err.splitlines()
    assert 2 <= len(lines) <= 5
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert lines[0].startswith("cycle-exec: ")
    assert lines[0].endswith(")")
    assert lines[-1].startswith("  fix: ")
    assert "c4n4ry" not in ran.err
    assert "Traceback" not in ran.err


def test_a_manifest_is_refused_with_line_key_and_nearest_name_all_at_once(tmp_path, environ):
    """Both mistakes of the file are in one message, each with its line."""
    path = manifest(tmp_path, '[variables]\nrequird = ["A"]\n[api]\ntimeout = 5\n')
    ran = run(environ, "--manifest", path, "--", "true")
    assert ran.code == 78
    first, second, *_ = ran.err.splitlines()
    assert first.startswith(f"cycle-exec: {path}:2: variables.requird ")
    assert "did you mean required" in first
    assert second.startswith(f"cycle-exec: {path}:4: api.timeout ")


def test_more_than_five_problems_are_counted(tmp_path, environ):
    """Five are shown, the rest is a number."""
    path = manifest(tmp_path, "[variables]\n" + "".join(f"x{n} = 1\n" for n in range(9)))
    ran = run(environ, "--manifest", path, "--", "true")
    assert ran.err.count("cycle-exec: ") == 5
    assert "and 4 more" in ran.err


def test_json_lines_hold_the_same_for_machines(tmp_path, environ):
    """--log-format json: one object a line with kind, code, subject, reason and fix."""
    ran = run(environ, "--log-format", "json", "--integration", "none", "--", "true")
    assert ran.code == 65
    [line] = ran.err.splitlines()
    found = json.loads(line)
    assert (found["level"], found["kind"], found["code"]) == ("error", "answer-refused", 65)
    assert found["subject"].startswith("integration none")
    assert found["fix"]


def test_success_is_one_line(environ):
    """At the default level a launch that goes well says when it was ready, and nothing else."""
    ran = run(environ, "--", "true")
    assert (ran.code, ran.out) == (0, "")
    [line] = ran.err.splitlines()
    assert line.startswith("cycle-exec: ready in ")
    assert line.endswith(" ms: 1 variable")
    assert run(environ, "--log-level", "warning", "--", "true").err == ""
