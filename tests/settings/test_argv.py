"""The command line of a launch, read without click."""

from __future__ import annotations

import pytest

from cycle_exec.settings import argv


def _read(*words):
    parsed = argv.parse(words)
    assert parsed is not None
    overrides, command = parsed
    return dict(overrides), command


@pytest.mark.parametrize("verb", [(), ("run",)])
def test_launch(verb):
    """Flags stand before --, the command behind it, with the verb run or without a verb."""
    words = (*verb, "--socket", "/s", "--timeout=1s", "--", "app", "--help")
    assert _read(*words) == ({"socket": "/s", "timeout": "1s"}, ("app", "--help"))


def test_command_untouched():
    """Everything after the first -- is the command's, also another --, flags and empty words."""
    assert _read("--", "--", "--socket", "", "run") == ({}, ("--", "--socket", "", "run"))


def test_run_as_command():
    """A command may be called run."""
    assert _read("--", "run") == ({}, ("run",))


def test_repeats():
    """The last scalar and switch win, lists and names collect."""
    words = ["--socket", "a", "--socket=b", "--debug", "--no-debug"]
    words += ["--env-file", "x", "--env-file=y", "--preserve-env", "--preserve-env=A,B"]
    assert _read(*words, "--", "app")[0] == {
        "socket": "b",
        "debug": False,
        "env-file": ("x", "y"),
        "preserve-env": ("*", "A,B"),
    }


def test_raw_values():
    """Values stay raw text, also empty and unusable ones."""
    assert _read("--timeout=soon", "--socket=", "--log-level", "x=y", "--", "app")[0] == {
        "timeout": "soon",
        "socket": "",
        "log-level": "x=y",
    }


def test_optional_value_only_with_equals():
    """The word after --preserve-env is never its value."""
    assert argv.parse(["--preserve-env", "HOME", "--", "app"]) is None


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["app"],
        ["--"],
        ["run", "--"],
        ["--socket", "/s"],
        ["--sock", "/s", "--", "app"],
        ["--bogus", "--", "app"],
        ["--socket", "--", "app"],
        ["--socket", "--debug", "--", "app"],
        ["--socket", "-x", "--", "app"],
        ["--debug=1", "--", "app"],
        ["--no-socket", "--", "app"],
        ["--no-preserve-env", "--", "app"],
        ["--help", "--", "app"],
        ["--version", "--", "app"],
        ["plan", "--", "app"],
        ["run", "run", "--", "app"],
        ["stray", "--", "app"],
        ["--socket", "/s", "stray", "--", "app"],
        ["-v", "--", "app"],
        ["-", "--", "app"],
        ["", "--", "app"],
        ["--vpn-hlper", "--", "app"],
    ],
)
def test_uncertain(words):
    """Whatever is not certain is left to click."""
    assert argv.parse(words) is None
