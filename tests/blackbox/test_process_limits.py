"""A limit of processes that a supervisor meets: known before the swap, or said truly after it."""

from __future__ import annotations

import itertools
import os
import resource
import sys

import pytest

from tests.support import machine
from tests.support.launching import PATH, SCRIPT, Ran, Running

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes a user of its own")
# Users that nobody else is, so that all their processes are known.
USERS = itertools.count(61_000 + os.getpid() % 1_000 * 10)
# Wherever the interpreter of the tests is.
RIGHTS = ("--clear-groups", "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
# The limit of its grandparent, the supervisor, while the launch prepares the app.
LIMIT = """
import os, resource, sys
open(sys.argv[1]).read()
with open(f"/proc/{os.getppid()}/stat") as file:
    supervisor = int(file.read().rpartition(")")[2].split()[1])
resource.prlimit(supervisor, resource.RLIMIT_NPROC, (1, 1))
"""


def launched(api, public, *options: str, limit: int = 50, check: str = "") -> Ran:
    """A launch that writes a file, as a user with so many processes at most."""
    user = next(USERS)
    (public / "out").mkdir()
    os.chown(public / "out", user, user)
    (public / "page.j2").write_text("{{ variables.PLAIN }}")
    (public / "check").write_text(check)
    words = f'"{sys.executable}", "-I", "-S", "{public}/check", "{{{{ staged }}}}"'
    checks = f"check = [{words}]\n" if check else ""
    (public / "manifest.toml").write_text(
        f'[[templates]]\nsource = "{public}/page.j2"\ntarget = "{public}/out/page"\n{checks}'
    )
    through = (machine.program("setpriv"), f"--reuid={user}", f"--regid={user}", *RIGHTS)
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    arguments = ("--manifest", str(public / "manifest.toml"), *options, "--", "echo", "started")
    before = lambda: resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))  # noqa: E731
    return Running(arguments, environ, through=(*through, str(SCRIPT)), before=before).finish()


@pytest.mark.parametrize(("options", "limit"), [("--init", 1), ("--reload", 1), ("--reload", 2)])
def test_no_process_for_the_app(api, public, options, limit):
    """Nothing is written: neither where the launch cannot be a child, nor where it has no room for
    the app beside it.
    """
    ran = launched(api, public, options, limit=limit)
    assert (ran.code, ran.kinds, ran.out) == (73, ["target-failed"], ""), ran
    assert "the app's process: " in ran.err
    assert "limit of processes" in ran.err
    assert os.listdir(public / "out") == []


@pytest.mark.parametrize(("options", "limit"), [("--init", 2), ("--reload", 3)])
def test_just_enough_of_them(api, public, options, limit):
    """The supervisor, the watcher, and the app."""
    ran = launched(api, public, options, limit=limit)
    assert (ran.code, ran.out) == (0, "started\n"), ran
    assert (public / "out" / "page").read_text() == "x"


def test_no_process_for_the_app_any_more(api, public):
    """What comes after the swap is told, with what has been done already."""
    ran = launched(api, public, "--reload", check=LIMIT)
    assert (ran.code, ran.out) == (73, ""), ran
    assert "the app could not be started: no process can be made for it; its files" in ran.err
    assert (public / "out" / "page").read_text() == "x"
