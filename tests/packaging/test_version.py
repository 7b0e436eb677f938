"""`cycle-exec --version` names the commit, wherever the build could know it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from cycle_exec import __version__
from tests.packaging.conftest import git

pytestmark = pytest.mark.timeout(600)


def said_by_wheel_of(source: Path, python: str, folder: Path, **environ: str) -> str:
    """What `--version` prints once pip has made a wheel of a folder or an sdist."""
    wheels = str(folder / "wheels")
    words = [python, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", wheels]
    subprocess.run([*words, str(source)], env={**os.environ, **environ}, check=True, timeout=120)
    (wheel,) = Path(wheels).iterdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    done = subprocess.run(
        [python, "-c", "from cycle_exec.cli.verbs import version_line; print(version_line())"],
        cwd=folder / "installed",
        env={**os.environ, "PYTHONPATH": str(Path(str(pytest.__file__)).parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.removeprefix(f"cycle-exec {__version__}")


def test_of_a_checkout(built, checkout, tmp_path):
    """`pip install .` of a git checkout; the tree is as it was."""
    assert said_by_wheel_of(checkout, built.python, tmp_path) == f" ({built.commit[:12]})\n"
    # Where nothing forbids it, Python keeps the bytecode of the build hook.
    assert git(checkout, "status", "--porcelain", "--ignored") in ("", "!! .ci/__pycache__/")


@pytest.mark.parametrize("name", ["README.md", "cycle_exec/new.py"])
def test_of_a_checkout_with_changes(built, checkout, tmp_path, name):
    """A commit that is not the whole truth is not given as such."""
    with (checkout / name).open("a") as file:
        file.write("\n# A change.\n")
    said = said_by_wheel_of(checkout, built.python, tmp_path)
    assert said == f" ({built.commit[:12]}-modified)\n"


def test_of_a_checkout_inside_a_hook_of_git(built, checkout, tmp_path):
    """Variables that git sets for its hooks point elsewhere."""
    said = said_by_wheel_of(checkout, built.python, tmp_path, GIT_DIR=str(tmp_path / "none"))
    assert said == f" ({built.commit[:12]})\n"


def test_of_an_sdist(built, tmp_path):
    """The sdist remembers, without git."""
    said = said_by_wheel_of(built.file(".tar.gz"), built.python, tmp_path, PATH="/nowhere")
    assert said == f" ({built.commit[:12]})\n"


def test_of_an_sdist_inside_another_repository(built, tmp_path):
    """Whoever keeps the sources in a repository of their own does not lend it their commit."""
    git(tmp_path, "init", "--quiet")
    with tarfile.open(built.file(".tar.gz")) as sdist:
        sdist.extractall(tmp_path, filter="data")
    source = tmp_path / f"cycle_exec-{__version__}"
    said = said_by_wheel_of(source, built.python, tmp_path)
    assert said == f" ({built.commit[:12]})\n"


@pytest.mark.parametrize("around", [False, True], ids=["no repository", "somebody else's"])
def test_of_sources_without_a_commit(built, checkout, tmp_path, around):
    """Nothing is known, nothing is said."""
    shutil.rmtree(checkout / ".git")
    if around:
        git(tmp_path, "init", "--quiet")
    assert said_by_wheel_of(checkout, built.python, tmp_path) == "\n"


def test_of_a_machine_without_git(built, checkout, tmp_path):
    """A missing git is no reason to fail."""
    assert said_by_wheel_of(checkout, built.python, tmp_path, PATH="/nowhere") == "\n"
