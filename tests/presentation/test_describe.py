"""The plan described: names, sources, lengths, fingerprints, and never a value."""

from __future__ import annotations

import json

from cycle_exec.planning.model import (
    Awaited,
    CertificateSummary,
    FileVariable,
    FileWrite,
    Plan,
)
from cycle_exec.presentation import describe
from cycle_exec.presentation.describe import Outlook
from cycle_exec.settings.model import Address

NOW = 1_000_000.0
PLAN = Plan(
    environ={"KEPT": "canary-1", "NEW": "canary-2", "OTHER": "canary-3"},
    sources={"KEPT": "inherited", "NEW": "scoped variable new", "OTHER": "environment.set"},
    overrides={"OTHER": ("inherited", "scoped variable OTHER")},
    writes=(
        FileWrite(path="/a", content=b"canary-4", mode=0o600, kind="template", name="a.j2"),
        FileWrite(path="/b", content=b"", mode=0o644, kind="dotenv", owner="app", check=("t",)),
        FileWrite(path="/c", content=b"", mode=0o600, kind="dotenv"),
    ),
    certificates=(
        CertificateSummary(
            domains=("a.example", "*.a.example"),
            issuer="Test CA",
            not_before=0,
            not_after=int(NOW) + 86_400 * 10 + 5,
            key_type="EC P-256",
        ),
    ),
    waits=(Awaited(shown="tcp://{{ x }}:1", address=Address(scheme="tcp", host="canary-6")),),
    warnings=("a warning",),
    notes=("a note",),
)
OUTLOOK = Outlook(
    command=("app", "-x"),
    executable="/usr/bin/app",
    manifest="/etc/cycle-exec.toml",
    inherited={"KEPT": "canary-1", "OTHER": "before", "GONE": "canary-5"},
    differences={"/a": ("new",), "/b": ("content", "mode"), "/c": ()},
    key=b"token",
    now=NOW,
)


def test_no_value_is_in_any_description():
    """Neither text nor JSON holds a value or the content of a file."""
    for shown in (describe.text(PLAN, OUTLOOK), json.dumps(describe.document(PLAN, OUTLOOK))):
        assert "canary" not in shown
        assert "token" not in shown


def test_variables_in_files_are_told_with_their_path_and_never_with_their_value():
    """And who else has them, which is another one without the platform."""
    plan = PLAN.replace(
        file_variables=(
            FileVariable(name="KEY", path="/v/KEY", content="canary-6"),
            FileVariable(name="BOTH", path="/v/BOTH", content="canary-7", used=False),
        )
    )
    shown = describe.text(plan, OUTLOOK)
    assert "variables in files, for templates and files alone" in shown
    assert "/v/BOTH, not used: the API has it, too" in shown
    assert "platform: not asked" not in shown
    offline = describe.text(plan.replace(offline=True), OUTLOOK)
    assert "/v/BOTH, not used: the environment has it, too" in offline
    assert "manifest: /etc/cycle-exec.toml\nplatform: not asked (offline)\n" in offline
    found = describe.document(plan, OUTLOOK)
    fingerprint = describe.fingerprints(b"token")
    assert found["file_variables"] == [
        {
            "name": name,
            "source": f"/v/{name}",
            "used": used,
            "bytes": 8,
            "fingerprint": fingerprint(content),
        }
        for name, used, content in [("KEY", True, b"canary-6"), ("BOTH", False, b"canary-7")]
    ]
    assert "canary" not in shown + offline + json.dumps(found) + repr(plan)


def test_the_document_tells_every_variable():
    """Each variable has source, what it hid, change, size and fingerprint."""
    found = describe.document(PLAN, OUTLOOK)
    fingerprint = describe.fingerprints(b"token")
    assert found["variables"] == [
        {
            "name": name,
            "source": source,
            "overrides": overrides,
            "change": change,
            "bytes": 8,
            "fingerprint": fingerprint(value),
        }
        for name, source, overrides, change, value in [
            ("KEPT", "inherited", [], "inherited", b"canary-1"),
            ("NEW", "scoped variable new", [], "added", b"canary-2"),
            ("OTHER", "environment.set", ["inherited", "scoped variable OTHER"], "changed",
             b"canary-3"),
        ]
    ]  # fmt: skip
    assert found["removed"] == ["GONE"]


def test_the_document_tells_every_target_and_certificate():
    """Targets have their difference from the disk, certificates the days they have left."""
    found = describe.document(PLAN, OUTLOOK)
    targets = found["targets"]
    assert isinstance(targets, list)
    assert [(target["path"], target["change"], target["mode"]) for target in targets] == [
        ("/a", "new", "0600"),
        ("/b", "changed", "0644"),
        ("/c", "same", "0600"),
    ]
    certificates = found["certificates"]
    assert isinstance(certificates, list)
    assert certificates[0]["days_left"] == 10


def test_the_text_shows_what_changes_with_marks():
    """+ is new, ~ changed, = the same, - removed; inherited variables are only counted."""
    shown = describe.text(PLAN, OUTLOOK)
    assert "command: app -x (/usr/bin/app)\n" in shown
    assert "variables: 1 added, 1 changed, 1 inherited\n" in shown
    lines = [line.split() for line in shown.splitlines()]
    marks = {line[1]: line[0] for line in lines if len(line) > 1 and line[0] in "+~=-"}
    assert marks == {"NEW": "+", "OTHER": "~", "GONE": "-", "/a": "+", "/b": "~", "/c": "="}
    assert "environment.set over scoped variable OTHER over inherited" in shown
    assert "10 days left" in shown
    assert all(not line.endswith(" ") for line in shown.splitlines())


def test_a_plan_that_brings_nothing_is_short():
    """No heading without rows below it."""
    plan = Plan(environ={"KEPT": "1"}, sources={"KEPT": "inherited"})
    outlook = Outlook(
        command=(),
        executable="",
        manifest="",
        inherited={"KEPT": "1"},
        differences={},
        key=b"token",
        now=NOW,
    )
    assert describe.text(plan, outlook) == (
        "command: (none given)\nmanifest: (none)\n\nvariables: 0 added, 0 changed, 1 inherited\n"
    )


def test_fingerprints_depend_on_the_key():
    """Equal values are seen to be equal, but not without the key."""
    one, other = describe.fingerprints(b"a"), describe.fingerprints(b"b")
    assert one(b"x") == one(b"x") != one(b"y")
    assert one(b"x") != other(b"x")
    assert len(one(b"x")) == 8


def test_a_certificate_that_ended_has_negative_days():
    """Days left go below zero."""
    ended = PLAN.certificates[0].replace(not_after=int(NOW) - 1)
    assert ended.days_left(NOW) == -1


def test_what_is_waited_for():
    """As it is written; no section where there is nothing."""
    assert describe.document(PLAN, OUTLOOK)["waits"] == ["tcp://{{ x }}:1"]
    assert "\nwaits before the start for\n  tcp://{{ x }}:1\n" in describe.text(PLAN, OUTLOOK)
    assert "waits" not in describe.text(PLAN.replace(waits=()), OUTLOOK)
