"""`cycle-exec completion`: what a shell offers, asked of a real bash."""

from __future__ import annotations

import os
import subprocess
from functools import cache

import pytest

from cycle_exec.cli.verbs import root
from cycle_exec.settings.options import OPTIONS
from tests.support import machine
from tests.support.launching import PATH, SCRIPT

# Calls what `complete` has bound, as Tab would, and prints what it found.
_TAB = r"""
eval "$SCRIPT"
bound=$(complete -p cycle-exec) || exit 9
function=${bound##*-F }; function=${function%% *}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
COMPREPLY=()
compopt() { printf '<%s>\n' "$2"; }
"$function" cycle-exec "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


@cache
def script(shell: str) -> str:
    """What the verb prints."""
    environ = {"PATH": os.defpath}
    words = [str(SCRIPT), "completion", shell]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def tab(*words: str) -> set[str]:
    """What Tab offers at the end of these words."""
    done = subprocess.run(
        [machine.program("bash"), "-c", _TAB, "bash", "cycle-exec", *words],
        env={"PATH": f"{SCRIPT.parent}:{PATH}", "SCRIPT": script("bash")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return set(done.stdout.split())


def test_verbs():
    """The first word."""
    assert tab("") == set(root.commands)
    assert tab("pl") == {"plan"}
    assert tab("manifest", "") == {"check", "schema", "new"}


def test_flags():
    """Of the launch itself and of each verb."""
    flags = {option.flag for option in OPTIONS}
    assert tab("--") >= flags
    assert tab("run", "--") >= flags
    assert {"--latency", "--fail", "--socket"} <= tab("emulator", "--")
    assert tab("emulator", "--lat") == {"--latency"}


def test_choices():
    """Values that can only be some."""
    assert tab("env", "--format", "") == {"dotenv", "json", "shell", "yaml"}
    assert tab("--log-level", "de") == {"debug"}
    assert tab("completion", "") == {"bash", "zsh", "fish"}
    assert tab("certificates", "write", "--dir") == {"--directory"}
    # bash parts a word at its equals sign.
    assert tab("env", "--format", "=") == {"dotenv", "json", "shell", "yaml"}


@pytest.mark.parametrize(
    "words",
    [
        ("render", ""),
        ("render", "-o", ""),
        ("--manifest", ""),
        ("certificates", "write", "--directory", ""),
        ("dev", "--env-file", ""),
    ],
)
def test_files(words):
    """Where a file or a folder is meant, the shell's own completion."""
    assert tab(*words) == {"<default>"}


@pytest.mark.parametrize(
    "words",
    [
        ("--", ""),
        ("--", "pl"),
        ("run", "--", "app", "--so"),
        ("plan", "--json", "--", "app", "--js"),
        ("dev", "--log-level", "debug", "--", "env", "--format", ""),
    ],
)
def test_the_commands_own_words(words):
    """Behind -- nothing of ours is offered, files are."""
    assert tab(*words) == {"<default>"}


@pytest.mark.parametrize("words", [("explain", ""), ("emulator", "--fail", ""), ("plan", "x")])
def test_nothing_to_offer(words):
    """No word where any word could stand."""
    assert tab(*words) == set()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell):
    """It names the command and asks it with its own variable."""
    assert "cycle-exec" in script(shell)
    assert f"_CYCLE_EXEC_COMPLETE={shell}_complete" in script(shell)
