"""Help pages: complete, narrow, and their examples are real."""

from __future__ import annotations

import shlex

import pytest

from cycle_exec import __version__, cli
from cycle_exec.settings.options import OPTIONS
from cycle_exec.settings.verbs import EXAMPLES, GROUPS, VERBS

WITH_EXAMPLES = [(line, verb.name) for verb in VERBS for line, _ in verb.examples]


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
        assert option.variable in joined
        assert option.key in joined
    assert page(verb, "-h") == text


@pytest.mark.parametrize("each", VERBS, ids=lambda each: each.name)
def test_a_page_for_each_verb(verb, each):
    """With its own flags, the launch's if it takes them, and its examples."""
    text = page(verb, *each.name.split(), "--help")
    joined = " ".join(text.split())
    for flag in each.flags:
        assert flag.flag in text
    for option in OPTIONS:
        taken = each.launch and option.name not in each.without
        assert (option.variable in joined) == taken, option.name
    for line, _ in each.examples:
        assert " ".join(line.split()) in joined


@pytest.mark.parametrize("group", GROUPS)
def test_a_page_for_each_group(verb, group):
    """Its verbs."""
    text = page(verb, group, "--help")
    for each in VERBS:
        if each.name.startswith(group + " "):
            assert each.name in text


def test_the_version(verb):
    """One line."""
    assert page(verb, "--version") == f"cycle-exec {__version__}\n"


@pytest.mark.parametrize(
    "line", [line for line, _ in EXAMPLES] + [line for line, _ in WITH_EXAMPLES]
)
def test_examples_are_understood(line):
    """Every example of the pages is a command line that the program takes."""
    words = shlex.split(line.removeprefix('eval "$(').removesuffix(')"'))
    assert words.pop(0) == "cycle-exec"
    if ">" in words:
        words = words[: words.index(">")]
    call = cli.parse(words)
    assert call.verb in {each.name for each in VERBS}
