"""Clones of this tree, what `.ci/build` makes of two of them, and the tools it uses.

Made once for all workers of a run, which is what the lock is for.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import containers

# They build, install and start other systems, which takes minutes; test_locks reads files alone,
# and test_stub starts what a compiler makes at once.
_SLOW = (
    "test_audit",
    "test_build",
    "test_dockerfiles",
    "test_folder",
    "test_install_page",
    "test_installed",
    "test_installers",
    "test_metadata",
    "test_version",
)

HOME = Path(__file__).parent.parent.parent
_TOOLS = HOME / ".cache" / "build"
_AUTHOR = ("-c", "user.name=Test", "-c", "user.email=test@example.test")
# Two machines that have as little in common as two users may have.
_MACHINES = {
    "one": (0o077, {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
    "an other": (0o002, {"TZ": "America/St_Johns", "LANG": "tr_TR.UTF-8", "LC_ALL": ""}),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `.ci/run` runs as a step of its own: `sh tests/run.sh -m packaging`."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.stem in _SLOW:
            item.add_marker(pytest.mark.packaging)


class Built(NamedTuple):
    """The output of two builds of one commit, and the builder's interpreter."""

    one: Path
    other: Path
    commit: str
    python: str

    def file(self, ending: str) -> Path:
        """The file of the first build with this ending."""
        (found,) = self.one.glob(f"cycle_exec-*{ending}")
        return found


def git(folder: Path, *words: str) -> str:
    """git's answer; it fails where git does."""
    done = subprocess.run(
        ["git", "-C", folder, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def alone() -> Iterator[None]:
    """One process at a time, of all that test this tree."""
    (HOME / ".cache").mkdir(exist_ok=True)
    with (HOME / ".cache" / "packaging.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Built:
    """What `.ci/build` makes of this tree, changes that are not committed included."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "packaging"
    with alone():
        if not (shared / "done").exists():
            shutil.rmtree(shared, ignore_errors=True)
            for name, (umask, environ) in _MACHINES.items():
                _build(shared / name, umask, environ)
            (shared / "done").touch()
    one, other = (shared / name for name in _MACHINES)
    commit = git(one, "rev-parse", "HEAD")
    return Built(one / "dist", other / "dist", commit, str(_TOOLS / "bin" / "python"))


@pytest.fixture(scope="session")
def archive(built: Built) -> Path:
    """The archive that `.ci/folder` makes of the wheel of this tree."""
    folder = built.one.parent.parent / "folder"
    with alone():
        if not (folder / "done").exists():
            environ = {**os.environ, "WHEEL": str(built.file("any.whl"))}
            done = subprocess.run(
                [HOME / ".ci" / "folder", "--allow-older", folder],
                env=environ,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            (folder / "done").touch()
    return folder / "cycle-exec-folder.tar.gz"


@pytest.fixture(scope="session")
def wheel_index(built: Built) -> Path:
    """What pip's --find-links takes for an index: the wheels of this tree, and what is locked."""
    folder = built.one.parent.parent / "index" / "wheels"
    with alone():
        if not (folder.parent / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            containers.wheels(folder, ("container-reload", "emulator", "build"), ("gunicorn",))
            for wheel in built.one.glob("*.whl"):
                shutil.copy(wheel, folder)
            (folder.parent / "done").touch()
    return folder


def _build(folder: Path, umask: int, environ: dict[str, str]) -> None:
    folder.parent.mkdir(exist_ok=True)
    marker = folder.parent / "commit"
    if not marker.exists():
        made = git(HOME, *_AUTHOR, "stash", "create") or git(HOME, "rev-parse", "HEAD")
        marker.write_text(made)
    environ = {**os.environ, "BUILD_ENVIRONMENT": str(_TOOLS), **environ}
    steps: list[list[str | Path]] = [
        ["git", "clone", "--quiet", "--shared", "--no-checkout", HOME, folder],
        ["git", "-C", folder, "checkout", "--quiet", "--detach", marker.read_text()],
        [folder / ".ci" / "build"],
    ]
    for words in steps:
        done = subprocess.run(
            words, umask=umask, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"


@pytest.fixture
def checkout(built, tmp_path) -> Path:
    """A clone of the tree that was built, to be changed."""
    folder: Path = tmp_path / "checkout"
    git(tmp_path, "clone", "--quiet", "--no-checkout", str(built.one.parent), str(folder))
    git(folder, "checkout", "--quiet", "--detach", built.commit)
    return folder
