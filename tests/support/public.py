"""Our program where everybody can run it: the tests' own Python may lie where only root goes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cycle_exec

# json is no frozen module: it tells whether the library can be read, too.
_RECENT = "import json, sys; sys.exit(sys.version_info < (3, 11))"
_SCRIPT = """\
#!{python} -I
import sys
sys.path.insert(0, {folder!r})
from cycle_exec.entry import main
main()
"""


def script(folder: Path) -> Path:
    """`folder`/cycle-exec, for any user; the launcher's dependencies are not with it."""
    source = Path(cycle_exec.__file__).parent
    shutil.copytree(source, folder / "cycle_exec", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "cycle-exec"
    path.write_text(_SCRIPT.format(python=python(), folder=str(folder)))
    path.chmod(0o755)
    subprocess.run(["chmod", "-R", "a+rX", folder / "cycle_exec"], check=True)
    return path


def python() -> str:
    """An interpreter that any user may start."""
    own = os.path.realpath(sys.executable)
    for candidate in (own, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            # Not setpriv: it still has its capabilities when it looks for the program.
            done = subprocess.run(
                [candidate, "-c", _RECENT],
                user=65534,
                group=65534,
                extra_groups=[],
                check=False,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    return pytest.fail("no Python of 3.11 or newer that nobody may run")
