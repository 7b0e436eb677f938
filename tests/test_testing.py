"""What we ship for other people's tests, used as they would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec import Client, testing
from cycle_exec.testing import emulated_platform, platform_state

__all__ = ["emulated_platform", "platform_state"]


def test_a_client_finds_the_platform(emulated_platform):
    """By the environment; a state that is written is served at once."""
    emulated_platform.write('token = "t"\n[variables]\nGREETING = "hello"\n')
    os.environ["CYCLE_API_TOKEN"] = emulated_platform.token
    with Client() as client:
        assert client.scoped_variables() == {"GREETING": "hello"}
        client.post_metrics([{"metric": "visits", "type": "count"}])
    assert emulated_platform.kept("metrics") == [{"metric": "visits", "type": "count"}]
    with pytest.raises(LookupError):
        emulated_platform.kept("nothing")
    assert "BEGIN CERTIFICATE" in Path(emulated_platform.ca).read_text()


def test_nothing_is_left_of_it():
    """Neither process nor folder."""
    with testing.platform("[variables]\nA = '1'\n", "--latency=1ms") as found:
        folder = os.path.dirname(found.socket)
        with found.client() as client:
            assert client.scoped_variables() == {"A": "1"}
    assert not os.path.exists(folder)


def test_a_state_that_cannot_be_used():
    """Its words are there."""
    with (
        pytest.raises(RuntimeError, match="variabels: unknown key, did you mean variables"),
        testing.platform("[variabels]\n"),
    ):
        pass


def test_in_a_project_of_its_own(tmp_path):
    """With a state of its own, as the documents show it."""
    (tmp_path / "conftest.py").write_text(
        "import pytest\n"
        "from cycle_exec.testing import emulated_platform\n"
        "@pytest.fixture\n"
        "def platform_state():\n"
        "    return '[variables]\\nA = \"1\"\\n'\n"
    )
    (tmp_path / "test_mine.py").write_text(
        "from cycle_exec import Client\n"
        "def test_mine(emulated_platform):\n"
        "    with Client() as client:\n"
        "        assert client.scoped_variables() == {'A': '1'}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
