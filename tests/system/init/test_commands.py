"""Commands beside the app: how they end, what they print, where and as whom they run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cycle_exec.errors import refuse
from cycle_exec.system.clock import Deadline
from cycle_exec.system.exec.user import User
from cycle_exec.system.init.commands import run
from tests.support.waiting import until

ENVIRON = {"PATH": "/usr/bin:/bin", "WORD": "given"}


def shell(script: str, seconds: float = 60.0, **more):
    """Run a script."""
    words = ("sh", "-c", script)
    return run("/bin/sh", words, ENVIRON, Deadline.after(seconds), **more)


def test_its_code_and_its_output():
    """Both streams, in order, with the environment that was given and nothing else."""
    found = shell("echo out $WORD $HOME; echo err >&2; exit 3")
    assert (found.code, found.output, found.refusal) == (3, b"out given\nerr\n", "")
    assert shell("kill -TERM $$").code == -15


def test_of_much_output_the_end_is_kept():
    """A command that prints without end is no danger for our memory."""
    found = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done")
    assert found.code == 0
    assert found.output.endswith(b"line 19999\n")
    assert len(found.output) <= 65_536


def test_after_its_time_it_is_killed_with_its_group(tmp_path):
    """Nothing of it goes on."""
    found = shell(f"sleep 600 & echo $! >{tmp_path}/pid; wait", 0.3)
    assert found.code is None
    pid = int((tmp_path / "pid").read_text())
    assert until(lambda: not Path(f"/proc/{pid}/exe").exists())


def test_output_without_end_keeps_nobody():
    """Neither from the deadline, nor from the end of the command where a daemon prints on."""
    assert shell("yes", 0.3).code is None
    found = shell("setsid yes & echo $!; sleep 0.1; exit 3")
    assert found.code == 3
    found = shell("trap '' TERM; setsid yes & yes", 0.3, grace=0.3)
    assert found.code is None


def test_one_that_is_asked_to_end():
    """TERM for the group, and time for the last of it; what it prints then is heard."""
    heard: list[bytes] = []
    script = "(trap 'sleep 0.2; echo inner; exit' TERM; sleep 600 & wait; sleep 60) & echo up; wait"
    found = shell(script, 1.0, grace=60.0, heard=heard.append)
    assert found.code is None
    assert b"".join(heard) == b"up\ninner\n"
    found = shell("trap 'exit 7' TERM; kill -STOP $$; sleep 60", 0.3, grace=60.0)
    assert found.code is None


def test_one_that_does_not_end(tmp_path):
    """Is killed with its group when its time for that is over."""
    script = f"trap '' TERM; sleep 600 & echo $! >{tmp_path}/pid; wait; sleep 600"
    assert shell(script, 0.5, grace=0.3).code is None
    pid = int((tmp_path / "pid").read_text())
    assert until(lambda: not Path(f"/proc/{pid}/exe").exists())


def test_one_that_becomes_something_else():
    """By a way of its own, which may be refused."""

    def become() -> None:
        os.execv("/bin/sh", ["sh", "-c", "echo became; exit 5"])

    found = shell("exit 0", become=become)
    assert (found.code, found.output) == (5, b"became\n")

    def refused() -> None:
        raise refuse("limit-refused", "it", "for a reason")

    assert shell("exit 0", become=refused).refusal == "for a reason"


def test_one_that_prints_to_our_standard_error(capfd):
    """As it is; nothing of it is kept."""
    found = shell("echo out; echo err >&2", raw=True)
    assert (found.code, found.output) == (0, b"")
    assert capfd.readouterr() == ("", "out\nerr\n")


def test_one_that_closes_its_output_is_waited_for():
    """The end of its output is not its own."""
    assert shell("exec >&- 2>&-; sleep 0.1; exit 4").code == 4


def test_its_folder(tmp_path):
    """That of the app; one that is not there is said."""
    assert shell("pwd", directory=str(tmp_path)).output.decode().strip() == str(tmp_path)
    assert shell("pwd", directory="/nonexistent").refusal == "it does not exist"
    found = run("/nonexistent", ("x",), {}, Deadline.after(60))
    assert found.refusal == "it or its interpreter no longer exists"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_its_user():
    """Somebody else, with that one's groups."""
    user = User(name="x", uid=65534, gid=65534, groups=(65534,))
    assert shell("id -u; id -G", user=user).output == b"65534\n65534\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_its_folder_is_entered_as_its_user(tmp_path):
    """Root would also go where the user may not, led by a link."""
    (tmp_path / "closed").mkdir(mode=0o700)
    user = User(name="x", uid=65534, gid=65534, groups=(65534,))
    refused = shell("pwd", directory=str(tmp_path / "closed"), user=user)
    assert (refused.output, refused.refusal) == (b"", "permission denied")
