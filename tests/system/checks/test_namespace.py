"""A mount namespace for one check."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cycle_exec.planning.model import Swap
from cycle_exec.system.checks import namespace
from cycle_exec.system.clock import Deadline
from cycle_exec.system.exec import capabilities
from cycle_exec.system.init import commands
from tests.support import machine

SYS_ADMIN = capabilities.mask(("SYS_ADMIN",))


def sets(**more: int) -> capabilities.Sets:
    none = dict.fromkeys(("effective", "permitted", "inheritable", "bounding", "ambient"), 0)
    return capabilities.Sets(**{**none, **more})


def swap(path: Path, content: bytes = b"new") -> Swap:
    """A staged file beside its target."""
    staged = path.with_name(f".{path.name}.cycle-exec-0123456789abcdef")
    staged.write_bytes(content)
    folder, name = os.fsencode(path.parent), os.fsencode(path.name)
    return Swap(folder=folder, name=name, staged=os.fsencode(staged.name), content=content)


def seen(swaps: list[Swap], script: str, cwd: str = "/") -> str:
    """What a script prints in a namespace."""
    machine.need_mounts()
    enter = namespace.entering(swaps, "/bin/sh", os.fsencode(cwd))
    assert enter is not None
    words = ("sh", "-c", script)
    found = commands.run("/bin/sh", words, {}, Deadline.after(60), enter=enter)
    assert (found.code, found.outside) == (0, False), found.output
    return found.output.decode()


def test_directories_in_each_other(tmp_path):
    """Each is as it will be; the rest of them is the same as outside."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/kept").write_text("kept")
    (tmp_path / "a/link").symlink_to("b/new")
    os.mkfifo(tmp_path / "a/pipe")
    (tmp_path / "a").chmod(0o750)
    swaps = [swap(tmp_path / "a/one"), swap(tmp_path / "a/b/new")]
    script = f"cd {tmp_path}/a; ls -A . b; stat -c %a .; cat one link b/kept; test -p pipe"
    assert seen(swaps, script) == ".:\nb\nlink\none\npipe\n\nb:\nkept\nnew\n750\nnewnewkept"
    assert sorted(os.listdir(tmp_path / "a/b")) == [".new.cycle-exec-0123456789abcdef", "kept"]


def test_the_current_directory(tmp_path):
    """It is the covered one."""
    assert seen([swap(tmp_path / "x")], "cat x", str(tmp_path)) == "new"


def test_what_is_written_beside_a_target_goes_nowhere(tmp_path):
    """A process ID file, say; elsewhere it is really written."""
    (tmp_path / "a").mkdir()
    script = f"echo 1 >{tmp_path}/a/pid; cat {tmp_path}/a/pid; echo 1 >{tmp_path}/pid"
    assert seen([swap(tmp_path / "a/x")], script) == "1\n"
    assert not (tmp_path / "a/pid").exists()
    assert (tmp_path / "pid").exists()


def test_a_directory_that_is_gone(tmp_path):
    """Then there is no namespace, and nothing runs."""
    machine.need_mounts()
    one = swap(tmp_path / "x").replace(folder=os.fsencode(tmp_path / "none"))
    enter = namespace.entering([one], "/bin/sh", b"/")
    words = ("touch", f"{tmp_path}/ran")
    found = commands.run("/bin/touch", words, {}, Deadline.after(60), enter=enter)
    assert found.outside
    assert not (tmp_path / "ran").exists()


def test_a_process_that_is_killed_on_the_way_in():
    """As by a sandbox: the command did not run."""
    enter = lambda: os.kill(os.getpid(), 9)  # noqa: E731
    found = commands.run("/bin/true", ("true",), {}, Deadline.after(60), enter=enter)
    assert found.outside


@pytest.mark.parametrize(
    ("uid", "held", "possible"),
    [
        (0, sets(effective=SYS_ADMIN), True),
        (0, sets(effective=1), False),
        (1000, sets(bounding=1), True),
        # What it has would not count in there.
        (1000, sets(ambient=1), False),
        (1000, None, False),
    ],
)
def test_who_can_make_one(monkeypatch, uid, held, possible):
    """Root with CAP_SYS_ADMIN, or a user who loses nothing by it."""
    monkeypatch.setattr(capabilities, "held", lambda: held)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    assert (namespace.entering([], "/bin/sh", b"/") is not None) == possible


def test_programs_with_privileges_of_their_own(monkeypatch, tmp_path):
    """They would not have them in a user namespace."""
    monkeypatch.setattr(capabilities, "held", sets)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    program = tmp_path / "program"
    program.write_bytes(b"")
    assert namespace.entering([], str(program), b"/") is not None
    program.chmod(0o4755)
    assert program.stat().st_mode & stat.S_ISUID
    assert namespace.entering([], str(program), b"/") is None
    program.chmod(0o755)
    monkeypatch.setattr(os, "getxattr", lambda *_: b"capability")
    assert namespace.entering([], str(program), b"/") is None
