"""Roots of other systems, without a Python, and runs of the relocatable folder inside them.

root = debian("trixie")
ran = Inside(root, folder, work, socket).run("/opt/cycle-exec/bin/cycle-exec", "--version")
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support import machine

HOME = Path(__file__).parent.parent.parent
CACHE = HOME / ".cache" / "roots"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE = 60.0
FOLDER = "/opt/cycle-exec"
WORK = "/job"
SOCKET = "/run/cycle/api"  # /var/run is a link to it everywhere
# In namespaces of its own, so that nothing stays mounted; the command is PID 1 there.
_ENTER = """
mount --make-rprivate /
mount --bind "$2" "$1$3"
mount -o remount,ro,bind "$1$3"
mount --bind "$4" "$1/job"
mount --bind "$5" "$1/run/cycle/api"
mount -t proc proc "$1/proc"
[ -e "$1/dev/null" ] || mount --bind /dev "$1/dev"
root=$1
shift 5
exec chroot "$root" "$@"
"""


class Ran(NamedTuple):
    """How a run ended."""

    code: int
    out: str
    err: str


class Inside(NamedTuple):
    """A root with the folder at /opt/cycle-exec, files at /job, and the platform's socket.

    root: the system's folder. folder: what `.ci/folder` built. socket: where the emulator listens.
    at: where the folder is seen.
    """

    root: Path
    folder: Path
    work: Path
    socket: Path
    at: str = FOLDER

    def run(self, *argv: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run a command of that root as its PID 1, with this environment and PATH."""
        done = subprocess.run(
            [*self._entering(), *argv],
            env={"PATH": PATH, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def launch(self, *argv: str, environ: Mapping[str, str] | None = None) -> Ran:
        """Run its cycle-exec."""
        return self.run(f"{self.at}/bin/cycle-exec", *argv, environ=environ)

    def _entering(self) -> Sequence[str]:
        places = [str(each) for each in (self.root, self.folder)]
        places += [self.at, str(self.work), str(self.socket.parent)]
        machine.need_mounts()
        unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return [*unshare, "sh", "-euc", _ENTER, "sh", *places]


def debian(suite: str, *packages: str) -> Path:
    """The smallest Debian that debootstrap makes with these packages, made once."""
    name = "-".join((suite, *packages))
    root = CACHE / name
    with _alone(name):
        if not (root / "made").exists():
            shutil.rmtree(root, ignore_errors=True)
            words = [machine.program("debootstrap"), "--variant=minbase", suite, str(root)]
            if packages:
                words.insert(1, f"--include={','.join(packages)}")
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr
            _places(root)
            (root / "made").touch()
    return root


def foreign(suite: str, processor: str, *packages: str) -> Path:
    """A Debian for another processor, unpacked and not set up, which nothing here needs."""
    name = "-".join((suite, processor, *packages))
    root = CACHE / name
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[processor]
    with _alone(name):
        if not (root / "made").exists():
            shutil.rmtree(root, ignore_errors=True)
            words = [machine.program("debootstrap"), "--foreign", "--variant=minbase"]
            words += [f"--arch={architecture}", f"--include={','.join(packages)}"]
            subprocess.run([*words, suite, str(root)], check=True, capture_output=True)
            for archive in sorted(root.glob("var/cache/apt/archives/*.deb")):
                subprocess.run(["dpkg-deb", "-x", archive, root], check=True)
            _places(root)
            (root / "made").touch()
    return root


def empty(root: Path) -> Path:
    """Nothing at all: what an image made from scratch has."""
    for name in ("dev", "proc"):
        (root / name).mkdir(parents=True)
    (root / "var").mkdir()
    (root / "var" / "run").symlink_to("../run")
    _places(root)
    return root


def _places(root: Path) -> None:
    for place in (FOLDER, "/elsewhere/below", WORK, SOCKET):
        os.makedirs(f"{root}{place}", exist_ok=True)


class _alone:
    """One process at a time makes a root of this name."""

    def __init__(self, name: str) -> None:
        CACHE.mkdir(parents=True, exist_ok=True)
        self._file = (CACHE / f"{name}.lock").open("w")

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()
