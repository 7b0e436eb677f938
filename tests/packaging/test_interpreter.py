"""`.ci/interpreter/build` ends at the first step that fails, and shows what that step has said; its
sources are the newest, unless older ones are allowed.
"""

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


APT_GET = """#!/bin/sh
case "$*" in
*indextargets*) printf 'Debian %s\\n' http://mirror.test ;;
*" source "*openssl=3.5.9*) echo 'E: 404 Not Found' >&2; exit 100 ;;
esac
"""
APT_CACHE = """#!/bin/sh
for name; do :; done
for version in 3.5.7 3.5.9; do
    printf 'Package: %s\\nVersion: %s\\n' "$name" "$version"
done
"""


def fetch(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Fetch from a mirror that lists OpenSSL 3.5.9 and has only 3.5.7."""
    (place / "bin").mkdir(exist_ok=True)
    for name, text in (("apt-get", APT_GET), ("apt-cache", APT_CACHE)):
        (place / "bin" / name).write_text(text)
        (place / "bin" / name).chmod(0o755)
    return subprocess.run(
        [HOME / ".ci" / "interpreter" / "fetch", *words, place / "sources"],
        env={"PATH": f"{place}/bin:{os.defpath}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_older_openssl_fails(tmp_path):
    """Nothing is left that a build could take, and the flag is named."""
    done = fetch(tmp_path)
    assert done.returncode != 0
    assert "openssl 3.5.9 CANNOT BE FETCHED" in done.stderr
    assert "--allow-older" in done.stderr
    assert not (tmp_path / "sources" / "versions").exists()


def test_an_older_openssl_is_taken_where_it_is_allowed(tmp_path):
    """It is said all the same."""
    done = fetch(tmp_path, "--allow-older")
    assert done.returncode == 0, done.stderr
    assert "openssl 3.5.9 CANNOT BE FETCHED" in done.stderr
    versions = (tmp_path / "sources" / "versions").read_text()
    assert versions == "musl 3.5.9\nzlib 3.5.9\nopenssl 3.5.7\npython3.13 3.5.9\n"


def test_the_flag_reaches_the_sources(tree):
    """Of the build, as it was given."""
    fetch = tree / ".ci" / "interpreter" / "fetch"
    fetch.write_text('#!/bin/sh\necho "asked: $*" >&2\nexit 3\n')
    for words in ([], ["--allow-older"]):
        done = subprocess.run(
            [tree / ".ci" / "interpreter" / "build", *words],
            env={"PATH": f"{tree}/bin:{os.defpath}", "FOLDER_CACHE": str(tree / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 3
        asked = " ".join(["asked:", *words, str(tree / "cache" / "sources")])
        assert done.stderr.splitlines()[-1] == asked
