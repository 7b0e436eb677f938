"""What we take for a mistake in a configuration is one for the OpenVPN that is installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cycle_exec.vpn.config import _PARAMETERS, Unparsable, read
from tests.support import machine

pytestmark = pytest.mark.needs("openvpn")

# Nothing that is done while the file is read, and for every directive something.
_VALUE = "/tmp"


def refused_by_us(path: Path) -> bool:
    try:
        read(str(path), lambda name: Path(name).read_text())
    except Unparsable as unparsable:
        return unparsable.reason.startswith(f"{path}:1: ")
    return False


def refused_by_openvpn(path: Path) -> bool:
    """Whether it is the first line that it stops at; the last one is always wrong."""
    done = subprocess.run(
        [machine.program("openvpn"), "--config", path],
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert "Options error" in done.stdout
    if "at most 2 parameters" in done.stdout:
        return True
    return f"Options error: Unrecognized option or missing or extra parameter(s) in {path}:1:" in (
        done.stdout
    )


def written(path: Path, line: str) -> Path:
    path.write_text(f"{line}\nthere-is-no-such-directive\n")
    return path


# Those that send the rest of what is said elsewhere, read another file, or want a certain word.
_APART = {"auth-user-pass-verify", "config", "daemon", "log", "log-append", "syslog"}


@pytest.mark.parametrize("name", sorted(_PARAMETERS.keys() - _APART))
def test_the_number_of_parameters(tmp_path, name):
    """Of each directive that matters to the hook, from none to too many."""
    for count in range(4):
        path = written(tmp_path / "s.conf", " ".join([name, *[_VALUE] * count]))
        expected = refused_by_openvpn(path)
        assert refused_by_us(path) == expected, path.read_text()
        if not expected:
            continue
        path = written(path, f"setenv opt {path.read_text().splitlines()[0]}")
        assert refused_by_us(path) == refused_by_openvpn(path), path.read_text()


@pytest.mark.parametrize("name", sorted(_APART))
def test_too_many_parameters(tmp_path, name):
    """Of those that cannot be tried with the right number here."""
    most = _PARAMETERS[name][1]
    path = written(tmp_path / "s.conf", " ".join([name, *[_VALUE] * (most + 1)]))
    assert refused_by_us(path)
    assert refused_by_openvpn(path)


@pytest.mark.parametrize(
    "line",
    [
        "script-security 2;",
        "script-security 2 execve",
        "auth-user-pass-verify /bin/true via-file",
        "--user nobody",
        "setenv opt",
        "setenv opt setenv opt user x",
        "setenv opt --user nobody",
        "setenv opt script-security 2 execve",
        "setenv opt auth-user-pass-verify /bin/true via-env",
        "setenv opt auth-user-pass-verify /bin/true via-file x",
    ],
)
def test_other_forms(tmp_path, line):
    """As they are found in configurations."""
    path = written(tmp_path / "s.conf", line)
    assert refused_by_us(path) == refused_by_openvpn(path)
