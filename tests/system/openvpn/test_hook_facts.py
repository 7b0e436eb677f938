"""Which OpenVPN is installed, and which file systems keep nothing."""

from __future__ import annotations

import os

import pytest

from cycle_exec.system import surroundings
from cycle_exec.system.openvpn import hook_facts
from tests.support.launching import PATH


@pytest.mark.parametrize(
    ("line", "version"),
    [
        (b"OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)]\n", (2, 6)),
        (b"OpenVPN 2.8_git [git:master/x] x86_64", (2, 8)),
        (b"OpenVPN 2.7_alpha1", (2, 7)),
        (b"OpenVPN", None),
        (b"OpenVPN next", None),
        (b"openvpn: not found", None),
        (b"", None),
    ],
)
def test_what_it_says_of_itself(line, version):
    """Two numbers, or nothing."""
    assert hook_facts.parsed_version(line) == version


@pytest.mark.needs("openvpn")
def test_the_one_that_is_here():
    """tests/run.sh installs one."""
    found = hook_facts.version("openvpn", PATH, "/")
    assert found is not None
    assert found >= (2, 5)
    assert hook_facts.version("openvpn", "/none", "/") is None
    assert hook_facts.version("/bin/true", PATH, "/") is None


def test_where_nothing_reaches_a_disk():
    """A tmpfs, also for what is not there yet."""
    assert surroundings.in_memory(b"/dev/shm") is True
    assert surroundings.in_memory(b"/dev/shm/none/none") is True
    here = surroundings.in_memory(os.fsencode(os.path.dirname(__file__)))
    assert here in (True, False)
