"""What every builtin template says of itself is true: manifest, command, variables, the table."""

from __future__ import annotations

import pwd
import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.test_reference import rows
from tests.support import machine
from tests.support.emulated import Emulated, emulated
from tests.support.launching import PATH, SCRIPT
from tests.templates import headers
from tests.templates.serving import HOST, state

HOME = headers.FOLDER.parent
# For the templates that cannot do without them.
NEEDED = {
    "UPSTREAM_URL": "http://127.0.0.1:1",
    "HAPROXY_CONTAINER": "app",
    "POSTGRES_HOST": "db",
    "APP_DATABASE_PASSWORD": "p",
    "REDIS_PASSWORD": "p",
    "PROMETHEUS_JOBS": "app:1",
    "KEYSTORE_PASSWORD": "p",
    "POSTGRES_PASSWORD": "p",
    "DATABASE_PASSWORD": "p",
    "SIGNING_KEY": "cGFzcw==",
}


@pytest.mark.parametrize("name", headers.NAMES)
def test_its_manifest_is_valid(name, tmp_path):
    """`manifest check` says ok, it names the template, and the secrets of no target are public."""
    text = headers.manifest(name)
    path = tmp_path / "m.toml"
    path.write_text(text)
    done = subprocess.run(
        [SCRIPT, "manifest", "check", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    folder = name.rpartition("/")[0]
    assert f'source = "builtin:{name}"' in text or f'source = "builtin:{folder}"' in text


@pytest.mark.parametrize("name", headers.NAMES)
def test_its_command_is_a_program_or_another_headers(name):
    """What the header starts is there."""
    if name == "java/application.properties.j2":
        assert headers.command(name)[:2] == ["java", "-jar"]
    [line] = [line for line in headers.lines(name) if line.startswith("The command is")]
    other = re.fullmatch(r"The command is that of builtin:(\S+)\.", line)
    if other:
        assert other[1] in headers.NAMES
        return
    assert machine.program(headers.command(name)[0])


@pytest.mark.parametrize("name", headers.NAMES)
def test_every_variable_is_in_the_header(name):
    """And nothing is there that the template, or its manifest, does not use."""
    body = _body(name)
    used = set(re.findall(r"variables\.([A-Z_0-9]+)", body))
    told = headers.variables(name)
    in_manifest = set(re.findall(r"[A-Z_0-9]{4,}", headers.manifest(name)))
    assert used - set(told) == set()
    assert set(told) - used <= in_manifest


@pytest.fixture(scope="module")
def platform():
    """One that knows what templates cannot do without."""
    with emulated(state(NEEDED, HOST)) as running:
        yield running


@pytest.fixture(scope="module")
def bare():
    """One that knows no variable."""
    with emulated(state({}, HOST)) as running:
        yield running


@pytest.mark.parametrize("name", headers.NAMES)
def test_it_renders_with_no_more_than_what_it_needs(name, platform, bare, tmp_path):
    """Every other variable has a default; one that is missing refuses by its name."""
    path = tmp_path / "m.toml"
    path.write_text(headers.manifest(name, tmp_path))
    user = re.search(r'(?m)^user = "(\w+):', path.read_text())
    if user and not _is_there(user[1]):
        machine.missing(headers.command(name)[0])  # whose package makes the user
    needed = [word for word in headers.variables(name) if word in NEEDED]
    found = _rendered(name, platform, path)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip()
    without = _rendered(name, bare, path)
    assert without.returncode == (65 if needed else 0)
    assert not needed or any(word in without.stderr for word in needed)


@pytest.mark.parametrize("name", headers.NAMES)
def test_what_is_empty_is_as_if_it_were_not_set(name, tmp_path):
    """The platform makes empty values itself: an empty variable has its default, or refuses."""
    path = tmp_path / "m.toml"
    path.write_text(headers.manifest(name, tmp_path))
    user = re.search(r'(?m)^user = "(\w+):', path.read_text())
    if user and not _is_there(user[1]):
        machine.missing(headers.command(name)[0])
    told = headers.variables(name)
    empty = dict.fromkeys(told, "")
    with emulated(state({**empty, **NEEDED}, HOST)) as platform:
        found = _rendered(name, platform, path)
        assert found.returncode == 0, found.stderr
        platform.state.write_text(state(NEEDED, HOST))
        assert found.stdout == _rendered(name, platform, path).stdout
        for word in told:
            if word in NEEDED and f"variables.{word}" in _body(name):
                platform.state.write_text(state({**NEEDED, word: ""}, HOST))
                found = _rendered(name, platform, path)
                assert found.returncode == 65
                assert f"{word} is missing or empty (template-failed)" in found.stderr


def _body(name: str) -> str:
    text = (headers.FOLDER / name).read_text()
    return text[text.index("#}") :] if text.startswith("{#") else text


def _is_there(user: str) -> bool:
    try:
        return bool(pwd.getpwnam(user))
    except KeyError:
        return False


def _rendered(name: str, platform: Emulated, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, "render", f"builtin:{name}"],
        env={
            "PATH": PATH,
            "CYCLE_API_TOKEN": platform.token,
            "CYCLE_EXEC_SOCKET": platform.socket,
            "CYCLE_EXEC_MANIFEST": str(path),
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_page_lists_all_of_them():
    """Name, and the variables that have no default."""
    cells = rows(HOME / "docs" / "templates.md", "builtin")
    assert [row[0].strip("`") for row in cells] == headers.NAMES
    for row in cells:
        name = row[0].strip("`")
        needed = {word for word in headers.variables(name) if word in NEEDED}
        assert set(re.findall(r"`([A-Z_]{4,})`", row[2])) == needed, name
