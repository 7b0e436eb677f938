"""`cycle-exec env`: what is exported, for another program; each format by its real reader."""

from __future__ import annotations

import json
import os
import subprocess
from io import StringIO

import pytest
import yaml
from dotenv import dotenv_values

from tests.support.emulated import emulated

NASTY = {
    "NEWLINES": "a\nb\r\nc\n",
    "RETURNS": "\ra\rb\r",
    "QUOTED": "'a'",
    "QUOTES": "'\"'\"\\'\\\"",
    "SHELLS": "$HOME ${HOME} `id` $(id) !x ~ * ? [a] ; & | < > \\",
    "EQUALS": "=a==",
    "BLANKS": "  a\tb  ",
    "HASH": "a #b",
    "TEMPLATE": "{{ env.PLAIN }} {% raw %}",
    "UNICODE": "é 𝄞 😀 \u0085 \u2028 \ufeff",
    "MARKED": "\ufeff\u0085a\u2029",
    "ESCAPES": "\\n \\t \\x41 \\u0041",
    "YAML": "yes",
    "NUMBER": "012",
    "NULL": "~",
    "EMPTY": "",
}
# docker knows neither quotes nor escapes.
NOT_DOCKERS = {"NEWLINES", "RETURNS", "QUOTED"}
DOCKER = {name: value for name, value in NASTY.items() if name not in NOT_DOCKERS}


def toml(values):
    return "".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items()
    )


def docker(text):
    """docker's own rule (opts/file.go): lines, notes, and all behind the first equals sign."""
    found = {}
    for line in text.removeprefix("\ufeff").split("\n"):
        line = line.removesuffix("\r").lstrip()
        if line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals
            assert not any(one.isspace() for one in name)
            found[name] = value
    return found


@pytest.fixture(scope="module")
def nasty():
    """A platform whose values try every reader."""
    with emulated("[variables]\n" + toml(NASTY)) as running:
        yield running


def exported(verb, platform, *words):
    said = verb("env", *words, CYCLE_EXEC_SOCKET=platform.socket, CYCLE_API_TOKEN=platform.token)
    assert (said.code, said.err) == (0, ""), said
    return said.out


def test_json(verb, nasty):
    """By json."""
    assert json.loads(exported(verb, nasty, "--format", "json")) == NASTY


def test_yaml(verb, nasty):
    """By PyYAML: every value stays a string."""
    assert yaml.safe_load(exported(verb, nasty, "--format", "yaml")) == NASTY


@pytest.mark.parametrize("shell", ["sh", pytest.param("bash", marks=pytest.mark.needs("bash"))])
def test_shell(verb, nasty, shell):
    """By the shell that evaluates it, and what it then starts."""
    script = exported(verb, nasty, "--format", "shell") + "exec env -0\n"
    done = subprocess.run(
        [shell, "-c", script], capture_output=True, env={"PATH": "/usr/bin:/bin"}, check=True
    )
    found = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)
    assert {name: found[name] for name in NASTY} == NASTY


def test_dotenv(verb, nasty):
    """By python-dotenv as it reads by default."""
    text = exported(verb, nasty)
    assert dotenv_values(stream=StringIO(text, newline="")) == NASTY
    assert exported(verb, nasty, "--format", "dotenv", "--reader", "python-dotenv") == text


def test_docker(verb, nasty, tmp_path):
    """By docker's rule, every value as it is."""
    excluded = f"[variables]\nexclude = {json.dumps(sorted(NOT_DOCKERS))}\n"
    (tmp_path / "m.toml").write_text(excluded)
    text = exported(verb, nasty, "--reader", "docker", "--manifest", "m.toml")
    assert docker(text) == DOCKER


@pytest.mark.parametrize("name", sorted(NOT_DOCKERS))
def test_what_docker_cannot_carry(verb, nasty, tmp_path, name):
    """Refuses by name, the value unseen, and nothing is printed."""
    (tmp_path / "m.toml").write_text(f'[variables]\nonly = ["{name}", "EMPTY"]\n')
    given = {"CYCLE_EXEC_SOCKET": nasty.socket}
    refused = verb("env", "--reader", "docker", "--manifest", "m.toml", **given)
    assert (refused.code, refused.out) == (65, ""), refused
    assert refused.err.startswith(f"cycle-exec: variable {name}: it ")
    assert "(value-refused)" in refused.err


def test_bytes_that_are_no_text(verb):
    """A shell gets them as they are; the other formats refuse by name."""
    given = {"RAW": os.fsdecode(b"c4n4ry\xff\xc3")}
    script = verb("env", "--all", "--format", "shell", **given).out + 'printf %s "$RAW"\n'
    done = subprocess.run(["sh", "-c", os.fsencode(script)], capture_output=True, check=True)
    assert done.stdout == b"c4n4ry\xff\xc3"
    for words in (("--format", "json"), ("--format", "yaml"), ("--reader", "docker"), ()):
        refused = verb("env", "--all", *words, **given)
        assert (refused.code, refused.out) == (65, "")
        assert "variable RAW: it is not UTF-8" in refused.err
        assert "c4n4ry" not in refused.err


def test_what_is_printed(verb):
    """What the launch adds; --all: what is inherited as well, but for what it takes away."""
    own = json.loads(verb("env", "--format", "json").out)
    assert set(own) == {"PLAIN", "DB_PASSWORD", "TRICKY"}
    everything = json.loads(verb("env", "--format", "json", "--all").out)
    assert everything["INHERITED"] == "c4n4ry-inherited"
    assert "CYCLE_API_TOKEN" not in everything
    assert own.items() < everything.items()


def test_it_is_what_the_launch_adds(verb, tmp_path):
    """With --all it is the app's whole environment, by every rule of the manifest."""
    (tmp_path / "m.toml").write_text(
        f"""
[variables]
exclude = ["PLAIN"]
files = {{ TRICKY = {{ target = "{tmp_path}/tricky" }} }}
[environment]
set = {{ SET = "{{{{ variables.PLAIN | length }}}}", GONE = "x" }}
unset = ["INHERITED"]
preserve = ["GONE"]
[[integrations]]
identifier = "s3-backups"
prefix = "S3"
"""
    )
    given = ("--manifest", "m.toml")
    own = json.loads(verb("env", *given, "--format", "json", GONE="kept").out)
    assert own == {
        "DB_PASSWORD": "c4n4ry-password",
        "S3_API_KEY": "c4n4ry-key",
        "S3_SECRET": "c4n4ry-secret",
        "SET": "12",
        "TRICKY_FILE": f"{tmp_path}/tricky",
    }
    everything = json.loads(verb("env", *given, "--all", "--format", "json", GONE="kept").out)
    assert not (tmp_path / "tricky").exists()
    launched = verb(*given, "--", "env", "-0", GONE="kept").out
    assert everything == dict(entry.split("=", 1) for entry in launched.split("\0") if entry)


def test_no_template_and_no_target_is_looked_at(verb, tmp_path):
    """A file that a launch would miss does not matter here."""
    (tmp_path / "m.toml").write_text('[[templates]]\nsource = "none.j2"\ntarget = "/x/y"\n')
    assert verb("env", "--manifest", "m.toml").code == 0


@pytest.mark.parametrize("words", [("--format", "xml"), ("--reader", "ruby"), ("--", "app")])
def test_wrong_words(verb, words):
    """Named, with what there is."""
    said = verb("env", *words)
    assert (said.code, said.out) == (64, "")
    assert "(usage)" in said.err
