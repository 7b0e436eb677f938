"""The locks of .ci/requirements: whole, hashed, in agreement with pyproject.toml and each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

HOME = Path(__file__).parent.parent.parent
LOCKS = HOME / ".ci" / "requirements"
PROJECT = tomllib.loads((HOME / "pyproject.toml").read_text())
NAMES = sorted(path.stem for path in LOCKS.glob("*.txt"))
# Beside the dependencies, which extras of the project a lock is made of. A group has its own name.
EXTRAS = {
    "container": (),
    "container-reload": ("reload",),
    "container-last-good": ("last-good",),
    "emulator": ("emulator",),
    "dev": ("bcrypt", "emulator", "last-good", "pkcs12", "reload", "yaml"),
    "fuzz": ("emulator", "last-good", "reload"),
}
GROUPS = PROJECT["dependency-groups"]
_PIN = re.compile(r"([a-z0-9-]+)==([^ ]+)( ; .+)? \\")
_HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
_COMMENT = re.compile(r" *#.*")


def pins(name: str) -> dict[str, Version]:
    """The packages of a lock with their versions; a line of any other kind fails."""
    found: dict[str, Version] = {}
    hashes: dict[str, int] = {}
    package = ""
    for line in (LOCKS / f"{name}.txt").read_text().splitlines():
        if pin := _PIN.fullmatch(line):
            package = pin[1]
            assert package not in found, f"{name} has {package} twice"
            found[package], hashes[package] = Version(pin[2]), 0
        elif _HASH.fullmatch(line):
            hashes[package] += 1
        else:
            assert _COMMENT.fullmatch(line), f"{name}: {line}"
    assert [package for package, count in hashes.items() if not count] == []
    return found


def asked(name: str) -> list[Requirement]:
    """What the lock has to hold: requirements of pyproject.toml and of the file beside it."""
    words: list[str] = []
    source = LOCKS / f"{name}.in"
    if source.exists():
        lines = source.read_text().splitlines()
        words.extend(line for line in lines if line and not line.startswith("#"))
    if name in EXTRAS:
        words.extend(PROJECT["project"]["dependencies"])
        extras = PROJECT["project"]["optional-dependencies"]
        words.extend(word for extra in EXTRAS[name] for word in extras[extra])
        words.extend(GROUPS.get(name, ()))
    if name == "build":
        words.extend(PROJECT["build-system"]["requires"])
    assert words, f"nothing is known of {name}"
    return [Requirement(word) for word in words]


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_holds_what_is_asked_for(name):
    """Every direct requirement is there, at a version that its specifier allows."""
    found = pins(name)
    for requirement in asked(name):
        version = found.get(canonicalize_name(requirement.name))
        assert version is not None, f"{name} lacks {requirement}, run .ci/lock"
        assert requirement.specifier.contains(version), f"{requirement}: {version}, run .ci/lock"


def test_the_environment_of_the_tests_has_every_extra():
    """No test is left out because a package is not there."""
    assert set(EXTRAS["dev"]) == set(PROJECT["project"]["optional-dependencies"])
    assert set(GROUPS) <= set(EXTRAS)


@pytest.mark.parametrize(
    "together",
    [{"build", "dev", *EXTRAS}, {"build", "sbom", "stub"}, {"build", "audit"}, {"build", "site"}],
)
def test_locks_of_one_environment_agree(together):
    """No package has two versions in locks that are installed one after the other."""
    versions: dict[str, set[Version]] = {}
    for name in together:
        for package, version in pins(name).items():
            versions.setdefault(package, set()).add(version)
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}


def test_a_container_needs_no_more_than_the_emulator():
    """What the bill of materials lists is a part of every other lock of the project."""
    for name in EXTRAS:
        assert pins("container").items() <= pins(name).items()


def test_scripts_install_locked_packages_alone():
    """pip is called in one place, and every list it is given has hashes."""
    ours = [*(HOME / ".ci").iterdir(), *(HOME / ".ci" / "site").iterdir()]
    scripts = [*HOME.glob("tests/**/*.sh"), *HOME.glob("examples/*.sh"), *ours]
    called, given = [], []
    for script in filter(Path.is_file, scripts):
        for line in script.read_text().splitlines():
            if "pip install" in line and not line.lstrip().startswith(("#", '"', "not")):
                called.append(line.strip())
            if line.lstrip().startswith("install_into ") and script.name != "environment.sh":
                given.append(line.strip())
    assert len(called) == 1, called
    assert [line for line in given if "--require-hashes" not in line] == []
