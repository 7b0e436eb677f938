"""`cycle-exec plan`: everything a launch would do, and nothing done."""

from __future__ import annotations

import json

import pytest

from tests.commands.conftest import STATE
from tests.support.emulated import emulated
from tests.support.launching import photograph

MANIFEST = """
[variables]
defaults = {{ LEVEL = "c4n4ry-default" }}
[variables.files.TRICKY]
target = "{0}/tricky"
[environment]
set = {{ PLAIN = "c4n4ry-set" }}
files = ["{0}/defaults.env"]
[[integrations]]
identifier = "s3-backups"
env = {{ S3_SECRET = "auth.secret" }}
[certificates]
directory = "{0}/certificates"
[[templates]]
source = "{0}/page.j2"
target = "{0}/page"
mode = "0644"
check = ["test", "-s", "{{{{ staged }}}}"]
[dotenv]
target = "{0}/app.env"
"""


@pytest.fixture
def manifest(tmp_path):
    """A job with every kind of source and target."""
    (tmp_path / "defaults.env").write_text("INHERITED=c4n4ry-env\nFROM_ENV=c4n4ry-env2\n")
    (tmp_path / "page.j2").write_text("{{ variables.PLAIN }}\n")
    path = tmp_path / "manifest.toml"
    path.write_text(MANIFEST.format(tmp_path))
    return path


def document(verb, *words):
    said = verb("plan", "--json", *words)
    assert said.code == 0, said
    return json.loads(said.out)


def test_every_variable_has_its_source_and_what_it_hides(verb, manifest):
    """Scoped variables, integrations, defaults, dotenv files, environment.set, inherited."""
    found = document(verb, "--manifest", manifest)
    variables = {each["name"]: each for each in found["variables"]}
    told = {name: (each["source"], each["overrides"]) for name, each in variables.items()}
    assert told["PLAIN"] == ("environment.set", ["scoped variable PLAIN"])
    assert told["DB_PASSWORD"] == ("scoped variable db-password", [])
    assert told["S3_SECRET"] == ("integration s3-backups: auth.secret", [])
    assert told["LEVEL"] == ("default of the manifest", [])
    assert told["FROM_ENV"] == (f"dotenv file {manifest.parent}/defaults.env", [])
    assert told["INHERITED"] == ("inherited", [f"dotenv file {manifest.parent}/defaults.env"])
    assert "TRICKY" not in variables
    assert variables["TRICKY_FILE"]["bytes"] == len(f"{manifest.parent}/tricky")
    assert variables["DB_PASSWORD"]["change"] == "added"
    assert variables["INHERITED"]["change"] == "inherited"
    assert found["removed"] == ["CYCLE_API_TOKEN"]


def test_nothing_is_touched_and_nothing_starts(verb, manifest):
    """Not even a folder is made; the check command does not run either."""
    before = photograph(manifest.parent)
    said = verb("plan", "--manifest", manifest, "--", "touch", manifest.parent / "started")
    assert said.code == 0, said
    assert photograph(manifest.parent) == before


@pytest.mark.parametrize("level", ["notice", "debug"])
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_no_value_is_shown(verb, manifest, words, level):
    """In no form, at no level."""
    said = verb("plan", *words, "--manifest", manifest, "--log-level", level)
    assert said.code == 0
    assert "c4n4ry" not in said.out + said.err
    assert "BEGIN" not in said.out


def test_what_differs_from_the_disk(verb, manifest):
    """New, the same, other content, other mode."""
    paths = {each["path"]: each for each in document(verb, "--manifest", manifest)["targets"]}
    assert {each["change"] for each in paths.values()} == {"new"}
    assert paths[f"{manifest.parent}/page"]["check"] == ["test", "-s", "{{ staged }}"]
    assert verb("--manifest", manifest, "--", "true").code == 0
    (manifest.parent / "page").chmod(0o600)
    (manifest.parent / "tricky").write_text("other")
    (manifest.parent / "app.env").unlink()
    again = {each["path"]: each for each in document(verb, "--manifest", manifest)["targets"]}
    changes = {
        path.removeprefix(f"{manifest.parent}/"): (each["change"], each["differs"])
        for path, each in again.items()
        if each["change"] != "same"
    }
    assert changes == {
        "page": ("changed", ["mode"]),
        "tricky": ("changed", ["content"]),
        "app.env": ("new", ["new"]),
    }
    text = verb("plan", "--manifest", manifest).out
    assert f"  ~  {manifest.parent}/page" in text
    assert f"  =  {manifest.parent}/certificates/app.example.test/privkey.pem" in text


def test_fingerprints_tell_equal_values_and_nothing_else(verb, platform, tmp_path):
    """Stable from run to run; another token makes others."""

    def prints(*words, **environ):
        said = verb("plan", "--json", *words, **environ)
        return {each["name"]: each["fingerprint"] for each in json.loads(said.out)["variables"]}

    first = prints(SAME="c4n4ry-plain")
    assert first == prints(SAME="c4n4ry-plain")
    assert first["SAME"] == first["PLAIN"]
    assert len({*first.values()}) == len(first) - 1
    with emulated(STATE.replace("c4n4ry-token", "another-token")) as other:
        said = verb(
            "plan", "--json", CYCLE_API_TOKEN="another-token", CYCLE_EXEC_SOCKET=other.socket
        )
        theirs = {each["name"]: each["fingerprint"] for each in json.loads(said.out)["variables"]}
    assert theirs["PLAIN"] != first["PLAIN"]


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("--", "no-such-app"), 127, "command-not-found"),
        (("--integration", "none=N"), 65, "answer-refused"),
        (("--template", "wrong.j2:/tmp/never"), 65, "template-undefined"),
        (("--template", "absent.j2:/tmp/never"), 78, "file-missing"),
        (("--socket", "/tmp/no.sock", "--deadline", "100ms"), 69, "unavailable"),
        (("--no-such-flag",), 64, "usage"),
    ],
)
def test_it_refuses_as_the_launch_would(verb, tmp_path, words, code, kind):
    """The same code, the same words."""
    (tmp_path / "wrong.j2").write_text("{{ nowhere }}")
    planned = verb("plan", *words)
    assert (planned.code, planned.out) == (code, "")
    assert f"({kind})" in planned.err
    if "--" not in words and code != 64:
        launched = verb(*words, "--", "true")
        assert (launched.code, launched.err) == (planned.code, planned.err) or code == 69
