"""What the guarantees are tried with: one emulated platform for a module, one fresh folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.emulated import Emulated, emulated

SCRIPT = Path(sys.executable).with_name("cycle-exec")

STATE = """
token = "t0ken-c4n4ry"
[variables]
PLAIN = "plain"
TRICKY = "line one\\nline two\\r\\n'\\"$HOME `id` {{ env.PLAIN }} =\\\\ é 𝄞 "
[[certificates]]
domains = ["app.example.test", "*.wild.example.test"]
"""


@pytest.fixture(scope="module")
def platform(request: pytest.FixtureRequest) -> Iterator[Emulated]:
    """The emulator with the module's STATE, else the one above."""
    with emulated(getattr(request.module, "STATE", STATE)) as running:
        yield running


@pytest.fixture
def environ(platform: Emulated) -> dict[str, str]:
    """The least environment of a launch."""
    return {
        "PATH": os.defpath + ":/usr/sbin:/sbin",
        "CYCLE_API_TOKEN": platform.token,
        "CYCLE_EXEC_SOCKET": platform.socket,
    }


class Ran(NamedTuple):
    """How a run of the installed script ended."""

    code: int
    out: str
    err: str

    @property
    def kinds(self) -> set[str]:
        """The kinds in brackets at the ends of the problems' lines."""
        return set(re.findall(r" \(([a-z-]+)\)$", self.err, re.MULTILINE))


def run(
    environ: Mapping[str, str],
    *words: str,
    cwd: str | os.PathLike[str] | None = None,
    timeout: float = 30,
) -> Ran:
    """Run the installed script; canaries must not be in what it says."""
    done = subprocess.run(
        [str(SCRIPT), *words],
        env=dict(environ),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode())


def manifest(folder: Path, text: str) -> str:
    """A manifest in the folder; @ stands for the folder."""
    path = folder / "manifest.toml"
    path.write_text(text.replace("@", str(folder)))
    return str(path)
