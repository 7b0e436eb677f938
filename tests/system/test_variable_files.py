"""Reading scoped variables from files: what is one, and whose files are believed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec.system import files, variable_files
from cycle_exec.system.variable_files import read
from tests.support import machine

NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory as the platform's, that can be written."""
    made = tmp_path / "variables"
    made.mkdir(mode=0o755)
    return made


def test_each_file_is_a_value_byte_for_byte(folder):
    """Line ends, an empty file, and bytes that are no text."""
    for name, content in {"A": b"1\n", "b-c": b"\r\n", "E": b"", "BIN": b"\xff\0"}.items():
        (folder / name).write_bytes(content)
    found = read(str(folder))
    assert found.values == {"A": "1\n", "b-c": "\r\n", "E": "", "BIN": "\udcff\0"}
    assert found.unfit == {}
    assert read(f"{folder}/") == found


def test_what_is_no_regular_file_has_no_value(folder):
    """Nothing is waited for: a pipe has no writer, a device no end."""
    os.mkfifo(folder / "FIFO")
    (folder / "DIRECTORY").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "S"))
    (folder / "DANGLING").symlink_to("nowhere")
    (folder / "LOOP").symlink_to("LOOP")
    (folder / "NULL").symlink_to("/dev/null")
    (folder / "OUT").symlink_to("/etc/hostname")
    (folder / "UP").symlink_to("../secret")
    (folder.parent / "secret").write_text("c4n4ry")
    out = "it is a symbolic link that leads out of the directory"
    found = read(str(folder))
    assert found.values == {}
    assert found.unfit == {
        "FIFO": "it is a named pipe",
        "DIRECTORY": "it is a directory",
        "S": "it is a socket or a device",
        "DANGLING": "it does not exist",
        "LOOP": "its path has a symbolic link where none may be",
        **dict.fromkeys(("NULL", "OUT", "UP"), out),
    }


def test_a_volume_of_kubernetes_has_its_links_inside(folder):
    """They are followed; names that begin with a dot are no variables."""
    version = folder / "..2026_11_29"
    version.mkdir()
    (version / "A").write_text("1")
    (folder / "..data").symlink_to(version.name)
    (folder / "A").symlink_to("..data/A")
    (folder / ".hidden").write_text("x")
    found = read(str(folder))
    assert (found.values, found.unfit) == ({"A": "1"}, {})
    version.chmod(0o777)
    assert read(str(folder)).unfit == {"A": "others can change the directory"}


def test_a_file_that_is_gone_before_it_is_opened_is_none(folder, monkeypatch):
    """As if it had been deleted a moment earlier; a link that leads nowhere stays a fault."""
    (folder / "A").write_text("a")
    (folder / "LINK").symlink_to("GONE")
    monkeypatch.setattr(os, "listdir", lambda _: ["A", "GONE", "LINK"])
    found = read(str(folder))
    assert (found.values, found.unfit) == ({"A": "a"}, {"LINK": "it does not exist"})


def test_huge_files_are_not_read(folder, monkeypatch):
    """One over the limit of a file, and more than all together may have; the others are there."""
    with (folder / "HUGE").open("wb") as file:
        file.truncate(variable_files.LIMIT + 1)
    (folder / "SMALL").write_text("1")
    found = read(str(folder))
    assert found.values == {"SMALL": "1"}
    assert found.unfit == {"HUGE": f"it is larger than {variable_files.LIMIT} bytes"}
    monkeypatch.setattr(variable_files, "LIMIT", 10)
    for name in "ABC":
        (folder / name).write_text("12345")
    found = read(str(folder))
    assert found.values == {"A": "12345", "B": "12345"}
    assert found.unfit["C"] == "all together are larger than 10 bytes"


def test_a_file_that_tells_no_size_is_bounded_as_well(folder, monkeypatch):
    """As those of /proc, which are regular and 0 bytes long."""
    (folder / "A").write_text("12345")
    real = os.fstat

    def lying(descriptor: int) -> os.stat_result:
        found = list(real(descriptor))
        found[6] = 0
        return os.stat_result(found)

    monkeypatch.setattr(os, "fstat", lying)
    monkeypatch.setattr(variable_files, "LIMIT", 3)
    assert read(str(folder)).unfit == {"A": "it is larger than 3 bytes"}


@pytest.mark.parametrize("mode", [0o602, 0o620, 0o666])
def test_a_file_that_others_can_write_is_not_believed(folder, mode):
    """Its value may be anybody's. Whoever can read it does not matter."""
    (folder / "A").write_text("c4n4ry")
    (folder / "B").write_text("2")
    (folder / "B").chmod(0o644)
    (folder / "A").chmod(mode)
    found = read(str(folder))
    assert (found.values, found.unfit) == ({"B": "2"}, {"A": "others can write it"})


def test_a_directory_that_others_can_change_is_not_believed(folder):
    """They could put another file there, or another directory in its place."""
    (folder / "A").write_text("c4n4ry")
    folder.chmod(0o777)
    exposed = {"A": "others can change the directory"}
    assert read(str(folder)).unfit == exposed
    folder.chmod(0o755)
    assert read(str(folder)).unfit == {}
    folder.parent.chmod(0o777)
    assert read(str(folder)).unfit == exposed


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_and_directories_of_another_user_are_not_believed(folder):
    """He can write them, whatever their mode is."""
    (folder / "A").write_text("c4n4ry")
    os.chown(folder / "A", NOBODY, NOBODY)
    assert read(str(folder)).unfit == {"A": "others can write it"}
    os.chown(folder / "A", 0, 0)
    os.chown(folder, NOBODY, NOBODY)
    assert read(str(folder)).unfit == {"A": "others can change the directory"}


def test_on_a_read_only_file_system_nobody_can_write(folder):
    """As the platform mounts it: the owners and modes that its users have chosen do not matter,
    but for the way there.
    """
    machine.need_mounts()
    (folder / "A").write_text("1")
    (folder / "A").chmod(0o666)
    folder.chmod(0o777)
    if os.geteuid() == 0:
        os.chown(folder / "A", NOBODY, NOBODY)
    program = "import sys; from cycle_exec.system.variable_files import read; "
    program += "found = read(sys.argv[1]); print(dict(found.values), dict(found.unfit))"
    script = f"""
mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}
"$0" -c '{program}' {folder}
chmod 777 {folder.parent}
"$0" -c '{program}' {folder}
"""
    done = subprocess.run(
        [*machine.MOUNTS, "sh", "-ec", script, sys.executable],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    exposed = "{} {'A': 'others can change the directory'}"
    assert done.stdout.splitlines() == ["{'A': '1'} {}", exposed]


def test_a_directory_that_cannot_be_read_is_an_error(folder, tmp_path):
    """Absent, a file, or a way that somebody else could lead elsewhere."""
    with pytest.raises(files.Unreadable) as error:
        read(str(tmp_path / "none"))
    assert (error.value.reason, error.value.absent) == ("it does not exist", True)
    (tmp_path / "file").write_text("")
    with pytest.raises(files.Unreadable) as error:
        read(str(tmp_path / "file"))
    assert error.value.reason == "a part of its path is not a directory"
    (tmp_path / "link").symlink_to(folder)
    assert read(str(tmp_path / "link")).unfit == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone is led astray")
def test_a_way_that_somebody_else_can_turn_is_not_gone(folder, tmp_path):
    """A link of another user leads to what is not his."""
    outside = tmp_path / "his"
    outside.mkdir()
    (outside / "link").symlink_to(folder)
    os.chown(outside, NOBODY, NOBODY)
    os.lchown(outside / "link", NOBODY, NOBODY)
    with pytest.raises(files.Unreadable) as error:
        read(str(outside / "link"))
    assert "is unsafe" in error.value.reason


def test_a_directory_that_may_not_be_listed(folder):
    """Root may be refused as well, by a network file system."""
    real = os.listdir

    def refused(_: object) -> list[str]:
        raise PermissionError(13, "no")

    os.listdir = refused  # type: ignore[assignment]
    try:
        with pytest.raises(files.Unreadable) as error:
            read(str(folder))
    finally:
        os.listdir = real
    assert error.value.reason == "permission denied"


def test_no_descriptor_is_left_open(folder):
    """Whatever became of each file."""
    (folder / "A").write_text("1")
    (folder / "d").mkdir()
    (folder / "d" / "B").write_text("2")
    (folder / "B").symlink_to("d/B")
    (folder / "OUT").symlink_to("/etc/hostname")
    os.mkfifo(folder / "FIFO")
    before = os.listdir("/proc/self/fd")
    assert read(str(folder)).values == {"A": "1", "B": "2"}
    assert len(os.listdir("/proc/self/fd")) == len(before)
