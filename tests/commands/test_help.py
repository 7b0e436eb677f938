"""Help pages: complete, narrow, and their examples are real."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from cycle_exec import __version__
from cycle_exec.cli.layout import DOCUMENTATION
from cycle_exec.cli.syntax import Group, LaunchOption
from cycle_exec.cli.verbs import root
from cycle_exec.errors import KINDS, Refused
from cycle_exec.settings.options import OPTIONS
from tests.support import calls
from tests.support.launching import SCRIPT

HOME = Path(__file__).parents[2]
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
    # A hidden option leaves no line behind.
    assert not re.search(r"^ +$", text, re.MULTILINE)


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
    params = [param for param in each.params if not getattr(param, "hidden", False)]
    for param in params:
        assert param.opts[0] in text or param.human_readable_name.upper() in text
        assert all(choice in joined for choice in getattr(param.type, "choices", ()))
    launch = [param.row for param in params if isinstance(param, LaunchOption)]
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


def test_dev_shows_no_option_that_it_refuses(verb):
    """It makes socket and metadata file itself, and is there to have a platform."""
    text = page(verb, "dev", "--help")
    assert "--socket" not in text
    assert "--metadata" not in text
    assert "--offline" not in text
    assert "--deadline" in text


def test_the_version(verb):
    """One line, with the commit where the build knew it."""
    said = page(verb, "--version")
    version = re.escape(__version__)
    assert re.fullmatch(rf"cycle-exec {version}( \([0-9a-f]{{12}}(-modified)?\))?\n", said)


@pytest.mark.parametrize("name", PAGES)
def test_the_short_page(name):
    """-h fits a screen: synopsis, example, the five most used flags, and where to read on."""
    text = calls.page(*name.split(), "-h")
    lines = text.splitlines()
    assert len(lines) <= 24
    assert all(len(line) <= 80 for line in lines)
    long = calls.page(*name.split(), "--help")
    assert lines[0] == long.splitlines()[0]
    assert re.search(r'\n\nExample:\n  (eval "\$\()?cycle-exec ', text)
    command = VERBS.get(name) or root.commands.get(name) or root
    flags = [word for line in lines for word in re.findall(r"^  (?:-\w, )?(--[a-z-]+)", line)]
    offered = [param for param in command.params if isinstance(param, click.Option)]
    offered = [param for param in offered if "--version" not in param.opts]
    assert len(flags) == min(5, len(offered))
    assert set(flags) <= {param.opts[-1] for param in offered}
    own = [param.opts[-1] for param in offered if not isinstance(param, LaunchOption)]
    assert flags[: len(own)] == own[:5]
    if isinstance(command, Group):
        below = text.partition("\nVerbs:\n")[2].partition("\n\n")[0]
        assert " ".join(below.split()).split(", ") == list(command.commands)
    words = " ".join(["cycle-exec help", *name.split()])
    assert lines[-3:] == ["", f"{words} prints every option, with examples.", DOCUMENTATION]


def test_the_short_pages_lead_to_the_documentation():
    """Where the package index says it is."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    assert project["urls"]["Documentation"] == DOCUMENTATION


@pytest.mark.parametrize("name", PAGES)
def test_help_is_a_verb(name):
    """It prints the long page."""
    words = name.split()
    assert calls.page("help", *words) == calls.page(*words, "--help")


@pytest.mark.parametrize(
    ("words", "reason", "fix"),
    [
        ("pla", "pla is not a verb of cycle-exec, did you mean plan", "see cycle-exec --help"),
        ("manifest chek", "chek is not a verb of cycle-exec manifest, did you mean check", ""),
        ("plan x", "x is not a verb of cycle-exec plan", "see cycle-exec plan --help"),
        ("78", "78 is not a verb of cycle-exec", "codes and errors: cycle-exec explain"),
        ("\x1b[2J", "?[2J is not a verb of cycle-exec", ""),
    ],
)
def test_help_with_what_is_no_verb(words, reason, fix):
    """The nearest one is named, and where exit codes are explained."""
    with pytest.raises(Refused) as refused:
        calls.call("help", *words.split())
    (problem,) = refused.value.problems
    assert (problem.kind, problem.reason) == ("usage", reason)
    assert fix in problem.fix


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
