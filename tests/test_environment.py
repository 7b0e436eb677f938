"""What runs the tests gives a failure a second chance, alone, and no third."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_TESTS = """
import os
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_one(number):
    seen = f"{{os.environ['SEEN']}}/{{number}}"
    if not {passes_later} or not os.path.exists(seen):
        open(seen, "w").close()
        raise AssertionError("busy")

def test_other():
    pass
"""


@pytest.fixture
def run(tmp_path):
    """Run that many failing tests and another one by the script; the code and the words."""

    def run(count: int, passes_later: bool, *words: str) -> tuple[int, str]:
        (tmp_path / "test_them.py").write_text(
            _TESTS.format(count=count, passes_later=passes_later)
        )
        environment = Path(sys.executable).parent.parent
        script = f'. {HERE}/environment.sh; run_tests {environment} "$@"'
        done = subprocess.run(
            ["sh", "-euc", script, "sh", "-p", "xdist", *words],
            cwd=tmp_path,
            env={
                "PATH": "/usr/bin:/bin",
                "SEEN": str(tmp_path),
                "TEST_PROCESSES": "2",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # starting them takes most of the time
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return run


def test_what_fails_beside_others_runs_again_alone(run):
    """It is named, and nothing else runs twice."""
    code, text = run(2, True)
    assert code == 0, text
    assert "2 failed, 1 passed" in text
    assert "FAILED BESIDE OTHERS: 2, now run again, alone" in text
    assert "2 passed" in text.splitlines()[-1]


def test_what_fails_again_fails_the_run(run):
    """A second chance is the last."""
    code, text = run(1, False)
    assert code == 1, text
    assert text.count("1 failed") == 2


def test_many_failures_are_no_accident(run):
    """They fail the run at once."""
    code, text = run(11, True)
    assert code == 1, text
    assert "11 failed, 1 passed" in text.splitlines()[-1]


def test_what_cannot_be_collected_fails_the_run(run, tmp_path):
    """It is as broken the second time."""
    (tmp_path / "test_broken.py").write_text("import no_such_module\n")
    code, text = run(0, True)
    assert code != 0, text
    assert "No module named 'no_such_module'" in text


def test_success_runs_once(run):
    """And arguments reach pytest."""
    code, text = run(3, True, "-k", "other")
    assert code == 0, text
    assert "1 passed" in text.splitlines()[-1]
    assert "BESIDE" not in text
