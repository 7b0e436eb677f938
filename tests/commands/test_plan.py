"""`cycle-exec plan`: everything a launch would do, and nothing done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.conftest import STATE
from tests.support.emulated import emulated
from tests.support.launching import photograph

PAGE = (Path(__file__).parents[2] / "docs/plan.md").read_text()
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


LAYERS = """
[variables]
defaults = {{ PLAIN = "c4n4ry-1", LEVEL = "c4n4ry-2" }}
[environment]
set = {{ PLAIN = "c4n4ry-3" }}
files = ["{0}/one.env", "{0}/two.env"]
[[integrations]]
identifier = "s3-backups"
env = {{ PLAIN = "auth.secret", LEVEL = "auth.api_key" }}
"""


PATH = '[variables]\nrename = { PLAIN = "PATH" }\nallow = ["PATH"]\n'
MANY = "".join(f'MANY_{number} = "{"c4n4ry" * 20_000}"\n' for number in range(60))
WRONG = {
    "wrong.j2": "{{ nowhere }}",
    "required.toml": '[variables]\nrequired = ["PLAIN", "NO", "NONE"]\n',
    "path.toml": PATH,
    "large.toml": f'[environment]\nset = {{ LARGE = "{"c4n4ry" * 22_000}" }}\n',
    "many.toml": f"[environment.set]\n{MANY}",
}


@pytest.fixture(scope="module")
def other():
    """Another platform: its token, a value and an identifier are not the same."""
    odd = r'"odd\u001b[31m\nname" = "c4n4ry-odd"'
    state = STATE.replace("c4n4ry-token", "another").replace("[variables]", f"[variables]\n{odd}")
    with emulated(state.replace("c4n4ry-password", "c4n4ry-new")) as running:
        yield {"CYCLE_EXEC_SOCKET": running.socket, "CYCLE_API_TOKEN": running.token}


@pytest.fixture
def manifest(tmp_path):
    """A job with every kind of source and target."""
    (tmp_path / "defaults.env").write_text("INHERITED=c4n4ry-env\nFROM_ENV=c4n4ry-env2\n")
    (tmp_path / "page.j2").write_text("{{ variables.PLAIN }}\n")
    path = tmp_path / "manifest.toml"
    path.write_text(MANIFEST.format(tmp_path))
    return path


def document(verb, *words, **environ):
    said = verb("plan", "--json", *words, **environ)
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


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ((), ["inherited", "integration s3-backups: auth.secret", "environment.set"]),
        (
            ("--preserve-env=PLAIN",),
            ["integration s3-backups: auth.secret", "environment.set", "inherited"],
        ),
    ],
)
def test_who_hides_whom(verb, tmp_path, words, order):
    """Every layer has the name: the winner and, lowest first, all that it hides."""
    (tmp_path / "m.toml").write_text(LAYERS.format(tmp_path))
    for name in ("one", "two"):
        (tmp_path / f"{name}.env").write_text(f"PLAIN=c4n4ry-{name}\nLEVEL=c4n4ry-{name}\n")
    order.insert(order.index("environment.set"), "scoped variable PLAIN")
    files = [f"dotenv file {tmp_path}/{name}.env" for name in ("one", "two")]
    below = [*files, "default of the manifest"]
    given = ("--manifest", "m.toml", *words)
    variables = document(verb, *given, PLAIN="c4n4ry-inherited-too")["variables"]
    found = {each["name"]: [*each["overrides"], each["source"]] for each in variables}
    assert found["PLAIN"] == [*below, *order]
    assert found["LEVEL"] == [*below, "integration s3-backups: auth.api_key"]
    text = verb("plan", *given, PLAIN="c4n4ry-inherited-too").out
    assert "  ~  PLAIN" in text or words
    assert " over ".join(reversed([*below, *order])) in text


def test_the_json_has_one_shape(verb, manifest):
    """The same members with the same types, whatever the job."""
    found = document(verb, "--manifest", manifest, "--", "true")
    assert {name: type(value) for name, value in found.items()} == {
        **dict.fromkeys(("manifest", "command", "executable", "user"), str),
        **dict.fromkeys(("variables", "removed", "targets", "certificates"), list),
        **dict.fromkeys(("command", "file_variables", "waits", "warnings", "notes"), list),
        "version": int,
        **dict.fromkeys(("umask", "drain_seconds", "stale_seconds"), type(None)),
        "limits": dict,
        "offline": bool,
        "before": list,
    }
    assert found["version"] == 1
    assert (found["command"], found["executable"]) == (["true"], "/bin/true")
    members = {
        "variables": "name source overrides change bytes fingerprint",
        "targets": "path source mode owner change differs bytes fingerprint check",
        "certificates": "domains issuer key not_before not_after days_left warnings",
    }
    for name, words in members.items():
        assert {" ".join(each) for each in found[name]} == {words}
        told = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}[]`"))
        assert all(f"`{word}`" in told for word in words.split())
    assert all(f"`{name}" in PAGE for name in found)
    assert document(verb).keys() == found.keys()


def test_nothing_is_touched_and_nothing_starts(verb, manifest):
    """Not even a folder is made; the check command does not run either."""
    before = photograph(manifest.parent)
    said = verb("plan", "--manifest", manifest, "--", "touch", manifest.parent / "started")
    assert said.code == 0, said
    assert photograph(manifest.parent) == before


@pytest.mark.parametrize("level", ["notice", "debug"])
@pytest.mark.parametrize("words", [(), ("--json", "--log-format", "json", "--debug")])
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


def test_fingerprints_tell_equal_values_and_nothing_else(verb, other):
    """Stable from run to run; another token or value makes another."""

    def prints(**environ):
        found = document(verb, **environ)["variables"]
        return {each["name"]: each["fingerprint"] for each in found}

    first = prints(SAME="c4n4ry-plain")
    assert first == prints(SAME="c4n4ry-plain")
    assert first["SAME"] == first["PLAIN"]
    assert len({*first.values()}) == len(first) - 1
    assert prints(SAME="c4n4ry-plain2")["SAME"] != first["SAME"]
    theirs = prints(SAME="c4n4ry-plain", **other)
    assert not {*theirs.values()} & {*first.values()}


def test_an_identifier_cannot_write_to_the_terminal(verb, other):
    """Control characters of the platform's names are spelt out, for people as for programs."""
    for words in ((), ("--json",)):
        said = verb("plan", *words, **other)
        assert said.code == 0
        assert all(line.isprintable() for line in said.out.splitlines())
    assert r"  scoped variable odd\x1b[31m\nname  " in verb("plan", **other).out
    assert "scoped variable odd\x1b[31m\nname" in {
        each["source"] for each in document(verb, **other)["variables"]
    }


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("--", "no-such-app"), 127, "command-not-found"),
        (("--", "./wrong.j2"), 126, "command-not-executable"),
        (("--integration", "none=N"), 65, "answer-refused"),
        (("--template", "wrong.j2:/tmp/never"), 65, "template-undefined"),
        (("--template", "absent.j2:/tmp/never"), 78, "file-missing"),
        (("--certificates", "/dev/null"), 73, "target-refused"),
        (("--manifest", "required.toml"), 65, "variable-missing"),
        (("--manifest", "absent.toml"), 78, "manifest-missing"),
        (("--manifest", "path.toml"), 127, "command-not-found"),
        (("--manifest", "large.toml"), 65, "value-too-large"),
        (("--manifest", "many.toml"), 126, "arguments-too-long"),
        (("--socket", "/tmp/no.sock", "--deadline", "100ms"), 69, "unavailable"),
        (("--no-such-flag",), 64, "usage"),
    ],
)
def test_it_refuses_as_the_launch_would(verb, tmp_path, words, code, kind):
    """The same code, the same words."""
    for name, text in WRONG.items():
        if any(name in word for word in words):
            (tmp_path / name).write_text(text)
    command = () if "--" in words else ("--", "true")
    planned = verb("plan", *words, *command)
    assert (planned.code, planned.out) == (code, "")
    assert f"({kind})" in planned.err
    assert "c4n4ry" not in planned.err
    if kind not in ("unavailable", "usage"):  # how often it tried; which page helps
        assert verb(*words, *command) == planned


def test_a_directory_of_certificates_is_refused_by_its_name(verb):
    """The names of its files are only known after the fetch."""
    refused = verb("plan", "--certificates", "/dev/null", "--", "true")
    words = "cycle-exec: /dev/null: it is not a directory (target-refused)\n"
    assert refused.err.startswith(words)


def test_the_command_is_where_the_launch_finds_it(verb, tmp_path):
    """In the folders of the PATH that it will have, though that came from the platform."""
    (tmp_path / "m.toml").write_text(PATH)
    app = tmp_path / "c4n4ry-plain" / "true"
    app.parent.mkdir()
    app.write_text("#!/bin/sh\necho mine\n")
    app.chmod(0o755)
    words = ("--manifest", "m.toml", "--", "true")
    assert verb(*words).out == "mine\n"
    assert Path(tmp_path, document(verb, *words)["executable"]) == app


def test_what_a_launch_waits_for_is_said_and_not_waited_for(verb, tmp_path):
    """As it is written; what it becomes is judged all the same."""
    address = "tcp://{{ variables.PLAIN }}.invalid:5432"
    flags = ("--wait", address, "--wait", "file:/none", "--deadline", "10s")
    ran = verb("plan", *flags, "--", "true")
    assert (ran.code, ran.err) == (0, "")
    assert f"waits before the start for\n  {address}\n  file:/none\n" in ran.out
    document = json.loads(verb("plan", "--json", *flags).out)
    assert document["waits"] == [address, "file:/none"]
    assert "c4n4ry" not in ran.out
    wrong = verb("plan", "--wait", "tcp://{{ variables.PLAIN }}")
    assert wrong.code == 65
    assert "(value-refused)" in wrong.err
    assert "c4n4ry" not in wrong.err
    assert list(tmp_path.iterdir()) == []
