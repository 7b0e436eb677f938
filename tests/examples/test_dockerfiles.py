"""Every Dockerfile of the project: linted, and made of the very files that the tests run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import cycle_exec
from tests.packaging.test_locks import pins
from tests.support.dockerfile import Dockerfile
from tests.support.image import Image

HOME = Path(__file__).parent.parent.parent
FILES = sorted(HOME.glob("examples/*/Dockerfile"))
SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|KEY|DATABASE_URL", re.IGNORECASE)
PIN = re.compile(r"\b([a-z-]+)(?:\[[a-z,-]+\])?==([0-9.]+)")

every = pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)


def test_hadolint_finds_nothing():
    """Nor does shellcheck, which it brings, in the commands of RUN."""
    assert len(FILES) >= 6
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, *FILES], cwd=HOME, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@every
def test_it_copies_what_is_there_and_what_matters(path):
    """Each source lies beside it, and each file of the example is copied, if it is an image's."""
    found = Dockerfile(path)
    sources = {source for source, _, _ in found.copies}
    beside = {each.name for each in path.parent.iterdir() if each.is_file()}
    only_here = {"Dockerfile", "state.toml", "before.sh", "app.conf.tmpl"}
    assert sources == beside - only_here


@every
def test_the_build_checks_every_manifest(path):
    """With the very words of its RUN, in the image's places."""
    with Image(path.parent) as image:
        manifests = [target for _, target, _ in image.dockerfile.copies if target.endswith(".toml")]
        for check in image.dockerfile.checks:
            done = image.run("sh", "-euc", check)
            assert done.returncode == 0, f"{check}: {done.stderr}"
            words = check.split()
            manifests.remove(words[3] if len(words) > 3 else "/etc/cycle-exec.toml")
        assert manifests == []


@every
def test_it_starts_with_cycle_exec_and_no_shell(path):
    """ENTRYPOINT and CMD are JSON; what is launched stands behind --."""
    found = Dockerfile(path)
    program, *options = found.words("ENTRYPOINT")
    assert program in ("cycle-exec", "/opt/cycle-exec/bin/cycle-exec")
    assert options[-1] == "--"
    assert found.words("CMD")[0] not in ("sh", "bash", "/bin/sh", "/bin/bash")


@every
def test_nothing_in_it_is_secret_or_left_to_chance(path):
    """Base images have a version, packages come without others, no secret stays in a layer."""
    found = Dockerfile(path)
    for image in found.all("FROM"):
        assert re.fullmatch(r"[a-z/]+:[0-9][0-9.]*(-[a-z]+)*", image), image
    for name, value in found.instructions:
        if name in ("ENV", "ARG"):
            assert not SECRET.search(value), value
        if name == "RUN" and "apt-get install" in value:
            assert "--no-install-recommends" in value, value
            assert "rm -rf /var/lib/apt/lists/*" in value, value
        if name == "RUN" and "pip install" in value:
            assert "--no-cache-dir" in value, value
            assert "-m compileall" in value, value


@every
def test_its_versions_are_those_that_the_tests_run(path):
    """Of cycle-exec, and of what the locks have."""
    requirements = path.with_name("requirements.txt")
    text = path.read_text() + (requirements.read_text() if requirements.exists() else "")
    found = dict(PIN.findall(text))
    known = {name: str(version) for name, version in pins("dev").items()}
    known["cycle-exec"] = cycle_exec.__version__
    assert "cycle-exec" in found
    assert found == {name: known[name] for name in found}
