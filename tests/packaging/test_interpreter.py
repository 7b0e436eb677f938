"""`.ci/interpreter/build` ends at the first step that fails, and shows what that step has said."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.packaging.conftest import HOME

# What it calls of others; the first word that they are given tells what is made.
PROGRAMS = ("gcc", "make", "perl", "dpkg-source", "dpkg-parsechangelog", "xz", "strip")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The script in a tree of its own, without a network: its sources are one word."""
    shutil.copytree(HOME / ".ci" / "interpreter", tmp_path / ".ci" / "interpreter")
    (tmp_path / "tests").mkdir()
    shutil.copy(HOME / "tests" / "environment.sh", tmp_path / "tests")
    fetch = tmp_path / ".ci" / "interpreter" / "fetch"
    fetch.write_text('#!/bin/sh\nmkdir -p "$1" && echo musl 1.2 >"$1/versions"\n')
    (tmp_path / "bin").mkdir()
    for name in PROGRAMS:
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\necho {name} was called\n")
        program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("failing", ["dpkg-source", "dpkg-parsechangelog"])
def test_it_ends_at_the_first_failure(tree, failing):
    """Nothing is built of sources that could not be unpacked."""
    (tree / "bin" / failing).write_text(f"#!/bin/sh\necho {failing} has failed >&2\nexit 3\n")
    done = subprocess.run(
        [tree / ".ci" / "interpreter" / "build"],
        env={"PATH": f"{tree}/bin:{os.defpath}", "FOLDER_CACHE": str(tree / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1] == f"{failing} has failed"
    assert not list((tree / "cache").glob("interpreter-*"))
