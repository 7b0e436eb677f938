"""Help pages: complete, narrow, and their examples are real."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest

from cycle_exec import __version__, cli
from cycle_exec.settings.options import OPTIONS
from cycle_exec.settings.verbs import GROUPS, VERBS
from tests.support.launching import SCRIPT

PAGES = ["", *GROUPS, *(each.name for each in VERBS)]


def shown(option):
    """How a page has the flag."""
    return f"--[no-]{option.name}" if option.kind == "switch" else option.flag


def page(verb, *words):
    said = verb(*words)
    assert (said.code, said.err) == (0, "")
    assert all(len(line) <= 80 for line in said.out.splitlines())
    return said.out


def test_the_first_page(verb):
    """Every verb and every launch option, with its variable and key."""
    text = page(verb, "--help")
    for each in VERBS:
        assert f"\n  {each.name} " in text
    joined = " ".join(text.split())
    for option in OPTIONS:
        assert f"\n  {shown(option)}" in text
        assert option.variable in joined
        assert option.key in joined


@pytest.mark.parametrize("each", VERBS, ids=lambda each: each.name)
def test_a_page_for_each_verb(verb, each):
    """With its own flags, the launch's if it takes them, and its examples."""
    text = page(verb, *each.name.split(), "--help")
    joined = " ".join(text.split())
    assert text.startswith(f"usage:\n  cycle-exec {each.name}")
    for flag in each.flags:
        assert f"{flag.flag} {flag.metavar}".rstrip() in text
        assert all(choice in joined for choice in flag.choices)
    for word in each.words:
        assert word.metavar in text
    for option in OPTIONS:
        taken = each.launch and option.name not in each.without
        assert (option.variable in joined) == taken, option.name
        assert not taken or f"\n  {shown(option)}" in text, option.name


@pytest.mark.parametrize("group", GROUPS)
def test_a_page_for_each_group(verb, group):
    """Its verbs."""
    text = page(verb, group, "--help")
    for each in VERBS:
        if each.name.startswith(group + " "):
            assert each.name in text


def test_the_version(verb):
    """One line, with the commit where the build knew it."""
    said = page(verb, "--version")
    version = re.escape(__version__)
    assert re.fullmatch(rf"cycle-exec {version}( \([0-9a-f]{{12}}(-modified)?\))?\n", said)


@pytest.mark.parametrize("name", PAGES)
def test_the_short_flag(name):
    """-h is --help, first and last."""
    words = name.split()
    wanted = cli.parse([*words, "--help"])
    assert wanted.verb == "print"
    assert cli.parse([*words, "-h"]) == wanted


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
    text = cli.parse([*name.split(), "--help"]).values["text"]
    section = text.partition("\nexamples:\n")[2].partition("\n\n")[0]
    lines = [line.strip() for line in section.splitlines() if not line.startswith("  #")]
    assert lines
    for line in lines:
        words = shlex.split(line.removeprefix('eval "$(').removesuffix(')"'))
        assert words.pop(0) == "cycle-exec"
        if ">" in words:
            words = words[: words.index(">")]
        call = cli.parse(words)
        assert call.verb in {each.name for each in VERBS}
        assert call.verb.startswith(name)
