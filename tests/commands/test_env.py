"""`cycle-exec env`: what is exported, for another program; each format by its real reader."""

from __future__ import annotations

import json
import subprocess
from io import StringIO

import pytest
import yaml
from dotenv import dotenv_values

from tests.support.emulated import emulated

NASTY = {
    "NEWLINES": "a\nb\r\nc\n",
    "QUOTES": "'\"'\"\\'\\\"",
    "SHELLS": "$HOME ${HOME} `id` $(id) !x ~ * ? [a] ; & | < > \\",
    "EQUALS": "=a==",
    "BLANKS": "  a\tb  ",
    "HASH": "a #b",
    "TEMPLATE": "{{ env.PLAIN }} {% raw %}",
    "UNICODE": "é 𝄞 \u0085 \u2028 \ufeff",
    "ESCAPES": "\\n \\t \\x41 \\u0041",
    "YAML": "yes",
    "NUMBER": "012",
    "NULL": "~",
    "EMPTY": "",
}
# What docker's reader keeps as it is: a line is a name, = and everything up to the line's end.
DOCKER = {name: value for name, value in NASTY.items() if name not in ("NEWLINES", "BLANKS")}


def state(values):
    return "[variables]\n" + "".join(
        f"{name} = {json.dumps(value, ensure_ascii=True)}\n".replace("\\ud834\\udd1e", "𝄞")
        for name, value in values.items()
    )


@pytest.fixture(scope="module")
def nasty():
    """A platform whose values try every reader."""
    with emulated(state(NASTY)) as running:
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


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_shell(verb, nasty, shell):
    """By the shell that evaluates it, and what it then starts."""
    script = exported(verb, nasty, "--format", "shell") + "exec env -0\n"
    done = subprocess.run(
        [shell, "-c", script], capture_output=True, env={"PATH": "/usr/bin:/bin"}, check=True
    )
    found = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)
    assert {name: found[name] for name in NASTY} == NASTY


def test_dotenv(verb, nasty):
    """By python-dotenv, which expands nothing when it is told so."""
    text = exported(verb, nasty)
    assert dotenv_values(stream=StringIO(text, newline=""), interpolate=False) == NASTY
    assert exported(verb, nasty, "--format", "dotenv", "--reader", "python-dotenv") == text


def test_docker(verb, nasty, tmp_path):
    """By docker's rule; what it cannot carry refuses by name, and nothing is printed."""
    with emulated(state(DOCKER)) as running:
        text = exported(verb, running, "--reader", "docker")
    assert dict(line.split("=", 1) for line in text.split("\n") if line) == DOCKER
    refused = verb("env", "--reader", "docker", CYCLE_EXEC_SOCKET=nasty.socket)
    assert (refused.code, refused.out) == (65, ""), refused
    assert "variable NEWLINES" in refused.err
    assert "(value-refused)" in refused.err


def test_what_is_printed(verb):
    """What the launch adds; --all: what is inherited as well, but for what it takes away."""
    own = json.loads(verb("env", "--format", "json").out)
    assert set(own) == {"PLAIN", "DB_PASSWORD", "TRICKY"}
    everything = json.loads(verb("env", "--format", "json", "--all").out)
    assert everything["INHERITED"] == "c4n4ry-inherited"
    assert "CYCLE_API_TOKEN" not in everything
    assert own.items() < everything.items()


def test_no_template_and_no_target_is_looked_at(verb, tmp_path):
    """A file that a launch would miss does not matter here."""
    (tmp_path / "m.toml").write_text('[[templates]]\nsource = "none.j2"\ntarget = "/x/y"\n')
    assert verb("env", "--manifest", "m.toml").code == 0


@pytest.mark.parametrize("words", [("--format", "xml"), ("--reader", "node"), ("--", "app")])
def test_wrong_words(verb, words):
    """Named, with what there is."""
    said = verb("env", *words)
    assert (said.code, said.out) == (64, "")
    assert "(usage)" in said.err
