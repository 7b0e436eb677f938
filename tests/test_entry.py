"""The boundary: each way into the package finds the packages that it depends on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import cycle_exec

PACKAGE = Path(cycle_exec.__file__).parent
# Who stays after the first process, and what it calls once it is there.
ENTRIES = {
    "watch": ("cycle_exec.launching.reload", "continue_watching"),
    "make_keystores": ("cycle_exec.system.crypto.keystore_process", "serve"),
}
PROGRAM = """
import sys
sys.path.append(sys.argv.pop(1))
import importlib
module = importlib.import_module(sys.argv.pop(1))
setattr(module, sys.argv.pop(1), lambda _: print(*sys.path, sep="\\n", flush=True))
from cycle_exec import entry
getattr(entry, sys.argv.pop(1))()
"""


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_later_process_finds_the_packages_of_the_first(entry, tmp_path):
    """Without site, what the package needs may be the system's, as where Debian's pip installs."""
    home = tmp_path / "venv" / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    home.mkdir(parents=True)
    (home / "cycle_exec").symlink_to(PACKAGE)
    words = [sys.executable, "-I", "-S", "-c", PROGRAM, str(home), *ENTRIES[entry], entry, "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    system = f"{sys.base_prefix}/lib/python3.{sys.version_info[1]}/site-packages"
    found = [os.path.normpath(path) for path in done.stdout.splitlines()]
    assert system in found, (done.stdout, done.stderr)
