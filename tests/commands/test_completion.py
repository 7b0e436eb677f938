"""`cycle-exec completion`: what real shells offer on a terminal."""

from __future__ import annotations

import os
import subprocess

import pytest

from cycle_exec.cli.verbs import root
from cycle_exec.errors import KINDS
from cycle_exec.settings.options import OPTIONS
from cycle_exec.settings.rules import LIMITS
from cycle_exec.sources.operations import OPERATIONS
from cycle_exec.system import files
from tests.support import shells
from tests.support.launching import SCRIPT

pytestmark = pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
CODES = {str(kind.code) for kind in KINDS.values()} | {"130", "143"}
BUILTINS = {f"builtin:{name}" for name in files.tree(files.builtin(""))}


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("", set(root.commands)),
        ("pl", {"plan"}),
        ("manifest ", {"check", "schema", "new"}),
        ("help ", set(root.commands)),
        ("help cert", {"certificates"}),
        ("help certificates ", {"list", "write"}),
        ("help plan ", set()),
        ("plan ", set()),
        ("emulator --lat", {"--latency"}),
        ("certificates write --dir", {"--directory"}),
        ("env --format ", {"dotenv", "json", "shell", "yaml"}),
        ("env --format=j", {"--format=json"}),
        ("--log-level de", {"debug"}),
        ("completion ", {"bash", "zsh", "fish"}),
        ("explain ", CODES | set(KINDS)),
        ("explain 6", {"64", "65", "69"}),
        ("explain template-", {name for name in KINDS if name.startswith("template-")}),
        ("template show ", BUILTINS),
        # bash parts words at their colons, and click's own script does not know it.
        ("template show builtin:nginx/", {"builtin:nginx/tls.conf.j2"}),
        ('template show "builtin:nginx/', {"builtin:nginx/tls.conf.j2"}),
        ("--template builtin:nginx/", {"builtin:nginx/tls.conf.j2"}),
        ("api ", {"GET", "POST", "notifications"}),
        ("api post ", {row.path for row in OPERATIONS.values() if row.method == "POST"}),
        ("api GET /v1/hub", {"/v1/hub", "/v1/hub/integrations"}),
        ("api GET /v1/hub/integrations -q ", {"identifier=", "vendor="}),
        ("api notifications --topic hub.s", {"hub.state."}),
        ("emulator --fail-path /v1/hub", {"/v1/hub", "/v1/hub/integrations"}),
        ("emulator --fail ", set()),
        ("--limit no", {"nofile="}),
        ("dev --limit ", {f"{name}=" for name in LIMITS}),
        ("--wait ", {"tcp://", "http://", "unix:/", "file:/", "dns://", "container://"}),
        ("--wait c", {"container://"}),
        ("--wait=t", {"--wait=tcp://"}),
    ],
)
def test_words(shell, line, offered, tmp_path):
    """Verbs, options, and the values that are known."""
    assert shells.offered(shell, f"cycle-exec {line}", tmp_path) == offered


@pytest.mark.parametrize(
    ("verb", "wanted"),
    [
        ("", {option.flag for option in OPTIONS}),
        ("run ", {option.flag for option in OPTIONS}),
        ("emulator ", {"--latency", "--fail", "--socket", "--help"}),
    ],
)
def test_flags(shell, verb, wanted, tmp_path):
    """Of the launch itself and of each verb."""
    assert shells.offered(shell, f"cycle-exec {verb}--", tmp_path) >= wanted


@pytest.mark.parametrize(
    "line",
    [
        *("render t", "render -o t", "--manifest t", "certificates write --directory t"),
        *("dev --env-file t", "--template t"),
        # A word of the command to start.
        *("-- t", "run -- app t", "plan --json -- app t", "dev --log-level debug -- env t"),
    ],
)
def test_files(shell, line, tmp_path):
    """Where a file or a folder is meant, the shell's own completion."""
    (tmp_path / "there").touch()
    assert shells.offered(shell, f"cycle-exec {line}", tmp_path) == {"there"}


def test_files_behind_an_equals_sign(shell, tmp_path):
    """The flag stays before them."""
    (tmp_path / "there").touch()
    found = shells.offered(shell, "cycle-exec render --output=t", tmp_path)
    assert found == {"--output=there"}


def test_a_script_for_each_shell(shell):
    """It names the command and asks it with its own variable."""
    words = [str(SCRIPT), "completion", shell]
    environ = {"PATH": os.defpath}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "cycle-exec" in done.stdout
    assert f"_CYCLE_EXEC_COMPLETE={shell}_complete" in done.stdout
