"""Help pages: complete, narrow, and their examples are real."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from cycle_exec import __version__
from cycle_exec.cli.syntax import Group, LaunchOption
from cycle_exec.cli.verbs import root
from cycle_exec.errors import KINDS
from cycle_exec.settings.options import OPTIONS
from tests.support import calls
from tests.support.launching import SCRIPT

VERBS = dict(root.verbs())
GROUPS = [name for name, command in root.commands.items() if isinstance(command, Group)]
PAGES = ["", *GROUPS, *VERBS]


def shown(option):
    """How a page has the flag."""
    return f"{option.flag} / {option.opposite}" if option.kind == "switch" else option.flag


def page(verb, *words):
    said = verb(*words)
    assert (said.code, said.err) == (0, "")
    assert said.out.isascii()
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert said.out.endswith("\n")
    return said.out


@pytest.mark.parametrize("name", PAGES)
def test_layout(verb, name):
    """Usage, purpose and examples; plain in a pipe, whatever the terminal is said to be."""
    text = page(verb, *name.split(), "--help")
    assert text == verb(*name.split(), "--help", COLUMNS="40", TERM="xterm", FORCE_COLOR="1").out
    assert text.startswith(f"Usage: cycle-exec {name}".rstrip() + " ")
    assert "\n\nExamples:\n  " in text
    assert "\x1b" not in text
    # click breaks lines at hyphens: no name may be torn apart.
    assert not re.search(r"[a-z]-$", text, re.MULTILINE)


def test_the_first_page(verb):
    """Every verb and every launch option, with its variable and key, and every exit code."""
    text = page(verb, "--help")
    joined = " ".join(text.split())
    for name, each in VERBS.items():
        assert f"\n  {name} " in text
        assert f" {name} {each.get_short_help_str(200)} " in joined
    for option in OPTIONS:
        assert f"\n  {shown(option)}" in text
        assert option.variable in joined
        assert option.key in joined
    for kind in KINDS.values():
        assert str(kind.code) in joined


@pytest.mark.parametrize("name", VERBS)
def test_a_page_for_each_verb(verb, name):
    """With its own flags, the launch's if it takes them, and its examples."""
    each = VERBS[name]
    text = page(verb, *name.split(), "--help")
    joined = " ".join(text.split())
    for param in each.params:
        assert param.opts[0] in text or param.human_readable_name.upper() in text
        assert all(choice in joined for choice in getattr(param.type, "choices", ()))
    launch = [param.row for param in each.params if isinstance(param, LaunchOption)]
    for option in OPTIONS:
        assert (option.variable in joined) == (option in launch), option.name
        assert option not in launch or f"\n  {shown(option)}" in text, option.name
    assert ("-- COMMAND [ARG...]" in text.splitlines()[0]) == bool(each.command)


@pytest.mark.parametrize("group", GROUPS)
def test_a_page_for_each_group(verb, group):
    """Its verbs."""
    text = page(verb, group, "--help")
    for name in VERBS:
        if name.startswith(group + " "):
            assert f"\n  {name.removeprefix(group).strip()} " in text


def test_dev_has_an_env_file_of_its_own(verb):
    """It is the emulator's alone."""
    text = page(verb, "dev", "--help")
    assert text.count("--env-file FILE") == 1
    assert "CYCLE_EXEC_ENV_FILE" not in text


def test_the_version(verb):
    """One line, with the commit where the build knew it."""
    said = page(verb, "--version")
    version = re.escape(__version__)
    assert re.fullmatch(rf"cycle-exec {version}( \([0-9a-f]{{12}}(-modified)?\))?\n", said)


@pytest.mark.parametrize("name", PAGES)
def test_the_short_flag(name):
    """-h is --help, first and last."""
    words = name.split()
    assert calls.page(*words, "-h") == calls.page(*words, "--help")


def test_help_needs_nothing():
    """No token, no platform, no good setting."""
    environ = {"CYCLE_EXEC_MANIFEST": "/none", "CYCLE_EXEC_DEADLINE": "soon"}
    for words in (["--help"], ["plan", "--help"], ["--version"]):
        done = subprocess.run([str(SCRIPT), *words], env=environ, capture_output=True, check=True)
        assert done.stderr == b""
        assert done.stdout


@pytest.mark.parametrize("name", PAGES)
def test_examples_are_understood(name):
    """Every example that a page shows is a command line that the program takes."""
    section = calls.page(*name.split(), "--help").partition("\nExamples:\n")[2]
    lines = section.splitlines()
    assert lines
    for line in lines:
        words = shlex.split(line.strip().removeprefix('eval "$(').replace(')"', ""), comments=True)
        assert words.pop(0) == "cycle-exec"
        if ">" in words:
            words = words[: words.index(">")]
        assert calls.call(*words).function
        assert name in ("", "run") or words[: len(name.split())] in (
            name.split(),
            *(["certificates"], ["template"]),
        )
