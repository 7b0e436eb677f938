"""--user and /dev/stdout: what the app may open, and what keeps its owner."""

from __future__ import annotations

import os
import socket
import subprocess

import pytest

from tests.support import machine
from tests.support.launching import PATH, SCRIPT
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
USER = "65534:65534"
SAYS = "echo out >/dev/stdout && echo err >/dev/stderr"


def launched(api, descriptor, *options: str, through=(), app=("sh", "-c", SAYS)):
    """The launch's exit code and what it says, with this standard output and error."""
    words = [*through, str(SCRIPT), "--user", USER, "--log-level=error", *options, "--", *app]
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    return subprocess.run(
        words,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=descriptor,
        stderr=descriptor,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("options", [(), ("--init",)])
def test_pipes_can_be_opened(api, options):
    """As the logs of nginx and httpd are."""
    done = launched(api, subprocess.PIPE, *options)
    assert (done.returncode, done.stdout, done.stderr) == (0, "out\n", "err\n")


@pytest.mark.parametrize("kind", ["file", "fifo", "device", "socket"])
def test_what_has_an_owner_keeps_it(api, public, kind):
    """A regular file, a named pipe, a device, a socket."""
    path = public / "it"
    others = None
    if kind == "socket":
        ours, others = socket.socketpair()
        descriptor = ours.detach()
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
        descriptor = os.open(path, os.O_RDWR)
    elif kind == "file":
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    else:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 3))
        try:
            descriptor = os.open(path, os.O_RDWR)
        except PermissionError:
            pytest.skip("devices cannot be opened in this place")
    owner = os.fstat(descriptor).st_uid
    done = launched(api, descriptor)
    assert done.returncode != 0
    assert os.fstat(descriptor).st_uid == owner != 65534
    os.close(descriptor)
    if others is not None:
        others.close()


@pytest.mark.parametrize(("first", "options"), [(True, ()), (True, ("--init",)), (False, ())])
def test_a_terminal_is_given_to_the_app_of_pid_1(api, first, options):
    """There it is the container's own; elsewhere it is somebody's."""
    if first:
        machine.need_processes()
    ours, theirs = machine.terminal()
    os.fchmod(theirs, 0o600)
    through = machine.PROCESSES if first else ()
    done = launched(api, theirs, *options, through=through)
    owner = os.fstat(theirs).st_uid
    assert (done.returncode == 0, owner) == ((True, 65534) if first else (False, 0))
    os.close(ours)
    os.close(theirs)


def test_doctor_tells(api, public):
    """What the app will not be able to open."""
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    words = [str(SCRIPT), "doctor", "--user", USER, "--", "true"]
    with open(public / "log", "w+") as log:
        os.fchmod(log.fileno(), 0o600)
        subprocess.run(words, env=environ, stdout=log, stderr=log, check=False)
        log.seek(0)
        said = " ".join(log.read().split())
    assert "cannot open /dev/stdout (a file of user 0), /dev/stderr (a file of user 0)" in said
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert f"user {USER} can open /dev/stdout and /dev/stderr" in done.stdout
