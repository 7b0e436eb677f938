"""What we ship for other people's tests, used as they would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec import Client, testing


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


_CONFTEST = """
import pytest

@pytest.fixture
def platform_state():
    return '[variables]\\nA = "1"\\n'

@pytest.fixture(scope="session")
def session_platform_state():
    return '[variables]\\nB = "2"\\n'
"""
_TESTS = """
import os
from cycle_exec import Client

def test_mine(emulated_platform):
    with Client() as client:
        assert client.scoped_variables() == {"A": "1"}

def test_shared(session_platform):
    session_platform.write('[variables]\\nB = "3"\\n')

def test_shared_again(session_platform):
    assert os.environ["CYCLE_EXEC_SOCKET"] == session_platform.socket
    with Client() as client:
        assert client.scoped_variables() == {"B": "3"}

def test_both(session_platform, emulated_platform):
    with Client() as client:
        assert client.scoped_variables() == {"A": "1"}
    with session_platform.client() as client:
        assert client.scoped_variables() == {"B": "3"}
"""


@pytest.mark.parametrize("imported", ["", "from cycle_exec.testing import emulated_platform\n"])
def test_in_a_project_of_its_own(tmp_path, imported):
    """The package is a plugin, so that nothing has to be imported, and may be."""
    (tmp_path / "conftest.py").write_text(imported + _CONFTEST)
    (tmp_path / "test_mine.py").write_text(_TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
