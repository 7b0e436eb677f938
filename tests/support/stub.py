"""`.ci/stub/main.c`: the program that starts Python, compiled here, and an installation with it.

program = compiled(folder, "aarch64")
script = installed(folder / "installation", compiled(folder))
"""

from __future__ import annotations

import os
import platform
import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.support import machine

HOME = Path(__file__).parent.parent.parent
OWN = platform.machine()


def compiled(folder: Path, processor: str = OWN) -> Path:
    """Return the program for a processor, made as the build hook makes it, by Debian's compiler."""
    flags = runpy.run_path(str(HOME / ".ci" / "build_hook.py"))["FLAGS"]
    compiler = "gcc" if processor == OWN else f"{processor}-linux-gnu-gcc"
    made = folder / f"cycle-exec.{processor}"
    words = [machine.program(compiler), *flags, ".ci/stub/main.c", "-o", str(made)]
    subprocess.run(words, cwd=HOME, check=True)
    return made


def installed(root: Path, program: Path) -> Path:
    """Return bin/cycle-exec of a virtual environment that has it and the packages of the tests.

    Its folder of packages is its own, so that a test can put a .pth file there.
    """
    ours = Path(sys.prefix)
    folder = root / Path(sysconfig.get_path("purelib")).relative_to(ours)
    folder.mkdir(parents=True)
    share_packages(folder)
    share_packages(folder, "cycle_exec")
    (root / "bin").mkdir()
    name = f"python3.{sys.version_info[1]}"
    (root / "bin" / name).symlink_to(os.path.realpath(sys.executable))
    shutil.copy(ours / "pyvenv.cfg", root)
    return Path(shutil.copy(program, root / "bin" / "cycle-exec"))


def share_packages(folder: Path, *names: str) -> None:
    """Put links to the packages of the tests there, all but cycle-exec; or to those named.

    A .pth file would be simpler, and is what the program does not read.
    """
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        ours = each.name.startswith("cycle_exec")
        if each.name in names or not (names or ours or each.suffix in (".pth", ".virtualenv")):
            (folder / each.name).symlink_to(each)
