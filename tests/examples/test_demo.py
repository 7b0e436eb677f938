"""examples/demo.sh: the first command of the README."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_the_demo_does_the_main_job_and_shows_no_value():
    """From its own virtual environment to a TLS handshake with the certificate it got."""
    done = subprocess.run(
        ["sh", "examples/demo.sh"], cwd=HOME, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    plan, _, launch = done.stdout.partition("--- cycle-exec -- app")
    assert "DB_PASSWORD      scoped variable db-password" in plan
    assert "'hello over TLS'" in launch
    assert "the token    was removed" in launch
    for secret in ("s3cret", "correct horse", "wJalrXUtnFEMI", "demo-token"):
        assert secret not in done.stdout + done.stderr
