"""What the child of a fork finds above it."""

from __future__ import annotations

import subprocess
import sys

_CHILD = """
import os
from cycle_exec.settings.model import Log, Process
from cycle_exec.system.init import fork

above = fork.fork_supervisor(Process(), Log(), None)
with open(f"/proc/{above.pid}/environ", "rb") as file:
    print(len(file.read()), flush=True)
os._exit(7)
"""


def test_the_supervisor_has_forgotten_its_environment_before_the_child_goes_on():
    """However busy the machine is, an app that looks at once finds nothing; its code passes."""
    for _ in range(10):
        ran = subprocess.run(
            [sys.executable, "-c", _CHILD],
            env={"CYCLE_API_TOKEN": "not-for-the-app"},
            capture_output=True,
            check=False,
        )
        assert (ran.stdout, ran.returncode) == (b"0\n", 7), ran
