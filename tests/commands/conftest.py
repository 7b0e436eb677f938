"""One platform for the verbs, and runs of the installed script against it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.emulated import emulated
from tests.support.launching import PATH, SCRIPT

# No two secrets are alike, and each can be searched for.
STATE = """
token = "c4n4ry-token"
[variables]
PLAIN = "c4n4ry-plain"
db-password = "c4n4ry-password"
TRICKY = "c4n4ry \\"a' $HOME `id` ${X} = \\\\ # é 𝄞"
[[integrations]]
identifier = "s3-backups"
vendor = "aws"
auth = { api_key = "c4n4ry-key", secret = "c4n4ry-secret" }
[[certificates]]
domains = ["app.example.test", "*.wild.example.test"]
"""


class Said(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str


Verb = Callable[..., Said]


@pytest.fixture(scope="session")
def platform():
    """The emulator, one for all: nobody changes its state."""
    with emulated(STATE) as running:
        yield running


@pytest.fixture
def verb(platform, tmp_path) -> Verb:
    """Run `cycle-exec` with these words in an empty folder."""

    def run(*words: str | Path, **environ: str) -> Said:
        done = subprocess.run(
            [str(SCRIPT), *map(str, words)],
            cwd=tmp_path,
            env={
                "PATH": PATH,
                "CYCLE_API_TOKEN": platform.token,
                "CYCLE_EXEC_SOCKET": platform.socket,
                "INHERITED": "c4n4ry-inherited",
                **environ,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return Said(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))

    return run
