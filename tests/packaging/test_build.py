"""`.ci/build`: the same commit gives the same files, and they hold what they should."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import zipfile

import pytest

from cycle_exec import __version__
from tests.packaging.test_locks import PROJECT, pins

pytestmark = pytest.mark.timeout(600)
FILES = [
    "SHA256SUMS",
    f"cycle_exec-{__version__}-py3-none-any.whl",
    *(
        f"cycle_exec-{__version__}-py3-none-manylinux_2_17_{each}.musllinux_1_1_{each}.whl"
        for each in ("aarch64", "x86_64")
    ),
    f"cycle_exec-{__version__}.cdx.json",
    f"cycle_exec-{__version__}.tar.gz",
]

# The wheels, with the number of their processor in a program's header.
ENDINGS = {"any.whl": 0, "x86_64.whl": 62, "aarch64.whl": 183}


def test_two_builds_are_equal(built):
    """Another folder, umask, time zone and locale: the same bytes."""
    for folder in (built.one, built.other):
        assert sorted(path.name for path in folder.iterdir()) == FILES
    for name in FILES:
        assert (built.one / name).read_bytes() == (built.other / name).read_bytes(), name


def test_the_checksums_are_those_of_the_files(built):
    """sha256sum agrees, and no file is left out."""
    said = dict(
        reversed(line.split()) for line in (built.one / "SHA256SUMS").read_text().splitlines()
    )
    assert said == {
        name: hashlib.sha256((built.one / name).read_bytes()).hexdigest() for name in FILES[1:]
    }
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=built.one, check=True)


def test_the_wheel_is_what_the_sdist_gives(built, tmp_path):
    """Whoever builds the wheel from the sdist, with the locked builder, gets the same bytes."""
    moment = subprocess.run(
        ["git", "-C", built.one.parent, "log", "-1", "--format=%ct"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    words = ["wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path]
    subprocess.run(
        [built.python, "-m", "pip", *words, built.file(".tar.gz")],
        env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": moment},
        check=True,
    )
    wheel = built.file("any.whl")
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_bill_lists_the_lock(built):
    """cycle-exec at the root, every package of a container with all its hashes, and their graph."""
    bill = json.loads(built.file(".cdx.json").read_bytes())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    root = bill["metadata"]["component"]
    assert (root["name"], root["version"]) == ("cycle-exec", __version__)
    assert root["purl"] == f"pkg:pypi/cycle-exec@{__version__}"
    listed = {each["name"]: each["version"] for each in bill["components"]}
    assert listed == {name: str(version) for name, version in pins("container").items()}
    assert all(each["externalReferences"][0]["hashes"] for each in bill["components"])
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    direct = [reference.partition("==")[0] for reference in needs["cycle-exec"]]
    assert len(direct) == len(PROJECT["project"]["dependencies"])
    assert f"markupsafe=={listed['markupsafe']}" in needs[f"jinja2=={listed['jinja2']}"]


def test_the_wheel_carries_the_bill(built):
    """As PEP 770 has it, in .dist-info/sboms."""
    for ending in ENDINGS:
        with zipfile.ZipFile(built.file(ending)) as wheel:
            inside = wheel.read(f"cycle_exec-{__version__}.dist-info/sboms/cycle-exec.cdx.json")
        assert inside == built.file(".cdx.json").read_bytes()


def test_the_wheels_differ_in_their_program(built):
    """Everything else is the same; each program is small, and for its processor."""
    script = f"cycle_exec-{__version__}.data/scripts/cycle-exec"
    contents = []
    for ending, machine in ENDINGS.items():
        with zipfile.ZipFile(built.file(ending)) as wheel:
            program = wheel.read(script)
            contents.append({name: wheel.read(name) for name in wheel.namelist()})
            assert wheel.getinfo(script).external_attr >> 16 & 0o777 == 0o755
        if machine:
            assert program[:4] == b"\x7fELF"
            assert program[18] == machine
            assert len(program) < 8_000
            assert contents[-1][f"{script}-python"].startswith(b"#!python\n")
        else:
            assert program.startswith(b"#!python\n")
            assert f"{script}-python" not in contents[-1]
    for name in contents[0]:
        if not name.endswith(("/cycle-exec", "/WHEEL", "/RECORD")):
            assert [each[name] for each in contents] == [contents[0][name]] * 3


def test_the_sdist_has_the_tests(built):
    """And all that they read, but the repository which those of this folder need."""
    with tarfile.open(built.file(".tar.gz")) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {".ci/requirements/dev.txt", "tests/run.sh", "docs/index.md", "pyproject.toml"} <= names


def test_a_changed_tree_is_not_built(built, checkout):
    """What no commit has could not be built again."""
    (checkout / "notes.txt").write_text("not committed")
    done = subprocess.run([checkout / ".ci" / "build"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no commit has" in done.stderr
    assert not (checkout / "dist").exists()
