"""Ids that a user namespace does not have, as in rootless containers: said before the fetch."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.support import machine, mapped
from tests.support.launching import PATH, SCRIPT, Ran, Running

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can map more than itself")


@pytest.fixture
def public(public):
    """With a template."""
    (public / "page.j2").write_text("x")
    return public


# One id, and setgroups forbidden; a group that is not mapped is left.
ONE = ("setpriv", "--groups=1000", "unshare", "--user", "--map-root-user")


def launched(api, *words: str, through=mapped.THROUGH) -> Ran:
    """A launch in such a namespace."""
    machine.program("unshare")
    done = subprocess.run([*through, "true"], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("no such user namespace can be made here")
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    return Running(words, environ, through=(*through, str(SCRIPT))).finish()


@pytest.mark.parametrize("verb", [(), ("plan",)])
@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("nobody", "user nobody: user ID 65534, group ID 65534 are not mapped"),
        ("5000:5000", "user 5000:5000: user ID 5000, group ID 5000 are not mapped"),
        ("500:5000", "user 500:5000: group ID 5000 is not mapped in the user namespace"),
    ],
)
def test_a_user_that_is_not_mapped(api, verb, user, words):
    """Its numbers are named, and nothing is asked."""
    before = len(api.requests)
    ran = launched(api, *verb, "--user", user, "--", "true")
    assert ran.code == 78, ran
    assert words in ran.err
    assert ran.kinds == ["owner-unknown"]
    assert len(api.requests) == before


def test_a_user_that_is_mapped(api):
    """It works as ever."""
    ran = launched(api, "--user", "500:500", "--", "id", "-u")
    assert (ran.code, ran.out) == (0, "500\n"), ran


@pytest.mark.parametrize("verb", [(), ("plan",), ("doctor",)])
def test_an_owner_that_is_not_mapped(api, public, verb):
    """Of a target."""
    manifest = public / "m.toml"
    manifest.write_text(
        f'[[templates]]\nsource = "{public}/page.j2"\ntarget = "{public}/page"\n'
        'owner = "5000:5000"\n'
    )
    ran = launched(api, *verb, "--manifest", str(manifest), "--", "true")
    assert ran.code == (78 if verb != ("doctor",) else ran.code) != 0
    said = " ".join((ran.out + ran.err).split())
    assert "owner 5000:5000: user ID 5000, group ID 5000 are not mapped" in said
    assert not (public / "page").exists()


def test_groups_that_cannot_be_changed(api):
    """The namespace forbids it, not a missing capability."""
    ran = launched(api, "--user", "0:0", "--", "true", through=ONE)
    assert ran.code == 78, ran
    assert "does not let a process change its groups (user-refused)" in ran.err
