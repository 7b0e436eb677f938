import os
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec.system import files
from cycle_exec.system.targets import obstacles
from tests.support import machine, probe

ROOT = str(Path(__file__).parents[2])


def reason(call, *arguments):
    with pytest.raises(files.Unreadable) as caught:
        call(*arguments)
    return caught.value.reason


def test_a_regular_file_is_read_whole(tmp_path):
    """Also through a link, for operators mount their files that way."""
    (tmp_path / "file").write_bytes(b"\0\r\n\xff" * 100_000)
    (tmp_path / "link").symlink_to("file")
    assert files.read(str(tmp_path / "link")) == b"\0\r\n\xff" * 100_000


def test_files_of_proc_are_read_though_their_size_is_zero():
    """The end is where nothing more comes, not where the size says."""
    assert b"Pid:" in files.read("/proc/self/status")


def test_the_limit_is_the_last_size_that_is_read(tmp_path):
    """A byte more is refused."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 10)
    assert len(files.read(str(path), 10)) == 10
    assert reason(files.read, str(path), 9) == "it is larger than 9 bytes"


def test_what_is_no_file_is_refused_without_waiting(tmp_path):
    """A pipe without a writer, a device and a folder are told apart and never waited for."""
    os.mkfifo(tmp_path / "fifo")
    assert reason(files.read, str(tmp_path / "fifo")) == "it is a named pipe"
    assert reason(files.read, "/dev/null") == "it is a device"
    assert reason(files.read, str(tmp_path)) == "it is a directory"
    assert reason(files.read, str(tmp_path / "fifo/x")) == f"{tmp_path}/fifo is not a directory"
    assert reason(files.read, "a\0b") == reason(files.read, "") == "its path is invalid"


def test_an_absent_file_says_so():
    """A default manifest need not be there."""
    with pytest.raises(files.Unreadable) as caught:
        files.read("/no-such-file")
    assert (caught.value.absent, caught.value.reason) == (True, "it does not exist")
    with pytest.raises(files.Unreadable) as caught:
        files.read("/no/such/file")
    assert (caught.value.absent, caught.value.reason) == (True, "there is no directory /no")


def test_a_tree_is_every_template_below_in_the_order_of_bytes(tmp_path):
    """Folders are entered, links to files count, links to folders and other names do not."""
    for name in ("b.j2", "a/x.conf.j2", "a/.hidden.j2", "a/readme", "B.j2", "..data/v.j2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "link.j2").symlink_to("a/readme")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "folder.j2").mkdir()
    assert files.tree(str(tmp_path)) == ("B.j2", "a/.hidden.j2", "a/x.conf.j2", "b.j2", "link.j2")


def test_a_tree_of_a_file_is_empty_and_of_nothing_is_refused(tmp_path):
    """The caller takes a file as it is; an empty folder is surely a mistake."""
    (tmp_path / "file.j2").write_text("")
    (tmp_path / "empty").mkdir()
    assert files.tree(str(tmp_path / "file.j2")) == ()
    assert reason(files.tree, str(tmp_path / "empty")) == "the directory has no *.j2 file"
    assert reason(files.tree, str(tmp_path / "none")) == "it does not exist"


def test_disk_tells_what_is_at_a_target_and_follows_no_link(tmp_path):
    """Kind, mode, owner and bytes, for the plan's comparison."""
    path = tmp_path / "file"
    path.write_bytes(b"secret")
    path.chmod(0o640)
    found = files.disk(str(path))
    assert (found.kind, found.mode, found.uid) == ("file", 0o640, os.geteuid())
    assert found.content is not None
    assert found.content.reveal() == b"secret"
    assert "secret'" not in repr(found)
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "fifo")
    kinds = {name: files.disk(str(tmp_path / name)).kind for name in ("link", "fifo", "", "none")}
    assert kinds == {"link": "link", "fifo": "other", "": "directory", "none": "absent"}
    assert files.disk(str(path / "below")).kind == "absent"


def test_a_target_may_lie_behind_the_link_of_a_generation(tmp_path):
    """Ours alone is followed, whose text nobody else's has."""
    (tmp_path / "..cycle-exec-0123456789abcdef").mkdir()
    (tmp_path / "..data").symlink_to("..cycle-exec-0123456789abcdef")
    (tmp_path / "..data" / "a.pem").write_bytes(b"chain")
    (tmp_path / "..data" / "a.pem").chmod(0o640)
    for name, text in (("a.pem", "..data/a.pem"), ("b.pem", "..data/a.pem"), ("c", "..data/c")):
        (tmp_path / name).symlink_to(text)
    found = files.target(str(tmp_path / "a.pem"))
    assert (found.kind, found.mode) == ("file", 0o640)
    assert found.content is not None
    assert found.content.reveal() == b"chain"
    kinds = [files.target(str(tmp_path / name)).kind for name in ("b.pem", "c", "..data")]
    assert kinds == ["link", "absent", "link"]
    with pytest.raises(files.Unreadable):
        files.target("a\0b")


def test_targets_that_can_be_written_pass(tmp_path):
    """New or old, in a folder that is there or to be made, over a link to a folder."""
    (tmp_path / "old").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    good = ["old", "new", "a/b/c/new", "link/new", "link/x/new"]
    assert obstacles.of([str(tmp_path / name) for name in good]) == []


def test_targets_that_cannot_be_written_are_told_at_once(tmp_path):
    """Each with its own reason, and nothing is touched."""
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "nowhere").symlink_to("none")
    os.mkfifo(tmp_path / "fifo")
    bad = {
        f"{tmp_path}/link": "it is a symbolic link",
        f"{tmp_path}/fifo": "it is a named pipe",
        f"{tmp_path}": "it is a directory",
        f"{tmp_path}/a/": "it does not end in a file name",
        f"{tmp_path}/file/a/b": "a part of its path is not a directory",
        f"{tmp_path}/nowhere/a": f"{tmp_path}/nowhere is a dangling symbolic link",
        f"{tmp_path}/{'n' * 256}": "its name is too long",
        "/dev/null": "it is a device",
        "a\0b": "it does not end in a file name",
    }
    before = sorted(os.listdir(tmp_path))
    problems = obstacles.of(list(bad))
    assert {problem.subject: problem.reason for problem in problems} == bad
    assert {problem.kind for problem in problems} == {"target-refused"}
    assert sorted(os.listdir(tmp_path)) == before


def test_a_directory_of_files_that_nobody_knows_yet_is_named_itself(tmp_path):
    """Whatever is in it: none of its files is looked at."""
    (tmp_path / "file").write_text("")
    (tmp_path / "nowhere").symlink_to("none")
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "any.pem").symlink_to("none")
    bad = {
        f"{tmp_path}/file": "it is not a directory",
        f"{tmp_path}/nowhere": f"{tmp_path}/nowhere is a dangling symbolic link",
        f"{tmp_path}/file/a": "a part of its path is not a directory",
    }
    problems = obstacles.of([], [*bad, f"{tmp_path}/good", f"{tmp_path}/new/one/"])
    assert {problem.subject: problem.reason for problem in problems} == bad
    assert {problem.kind for problem in problems} == {"target-refused"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_folder_of_another_user_is_refused(tmp_path):
    """The nearest folder that exists must be writable for the effective user."""
    tmp_path.chmod(0o755)
    (tmp_path / "mine").mkdir()
    os.chown(tmp_path / "mine", 1234, 1234)

    def body():
        return [problem.reason for problem in obstacles.of(["mine/a/b", "b/c"])]

    assert probe.as_user(1234, tmp_path, body) == "['. is not writable for user 1234']"


READ_ONLY = f"""
import subprocess, sys
sys.path.insert(0, {ROOT!r})
from cycle_exec.system.targets import obstacles
subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", sys.argv[1]], check=True)
print([problem.reason for problem in obstacles.of([sys.argv[1] + "/a/b"])])
"""


def test_a_read_only_file_system_is_refused(tmp_path):
    """Also for root, before anything was tried."""
    machine.need_mounts()
    words = [*machine.MOUNTS, sys.executable, "-I", "-S", "-c", READ_ONLY, str(tmp_path)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.stdout == f"['{tmp_path} is on a read-only file system']\n", ran.stderr


def test_a_file_is_overwritten_in_its_place(tmp_path):
    """Whatever was in it, and it is never made."""
    path = tmp_path / "control"
    with pytest.raises(FileNotFoundError):
        files.overwrite(str(path), b"1")
    path.write_bytes(b"longer")
    before = path.stat().st_ino
    files.overwrite(str(path), b"1")
    assert (path.read_bytes(), path.stat().st_ino) == (b"1", before)


def test_what_is_no_file_of_its_own_is_not_touched(tmp_path):
    """A second name of a file elsewhere, a link, a pipe: not a byte of them goes."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"kept")
    (tmp_path / "name").hardlink_to(elsewhere)
    files.overwrite(str(tmp_path / "name"), b"1")
    assert elsewhere.read_bytes() == b"kept"
    (tmp_path / "link").symlink_to(elsewhere)
    with pytest.raises(OSError, match="symbolic"):
        files.overwrite(str(tmp_path / "link"), b"1")
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    files.overwrite(str(tmp_path / "pipe"), b"1")
    assert os.read(reading, 1) == b""
    os.close(reading)
    assert elsewhere.read_bytes() == b"kept"


def test_every_errno_has_words():
    """Also one that the table does not know, and never the system's own text."""
    assert files.words(OSError(28, "x")) == "no space is left on the file system"
    assert files.words(OSError(9999, "x")) == "the operation failed (error 9999)"


def test_only_a_file_with_one_name_is_overwritten(tmp_path):
    """One that another user linked to a file of ours is as little his as a symbolic link."""
    path, other = tmp_path / "control", tmp_path / "ours"
    path.write_bytes(b"longer than that")
    files.overwrite(str(path), b"1")
    assert path.read_bytes() == b"1"
    other.write_bytes(b"ours")
    path.unlink()
    os.link(other, path)
    files.overwrite(str(path), b"1")
    path.unlink()
    path.symlink_to("ours")
    with pytest.raises(OSError, match="symbolic"):
        files.overwrite(str(path), b"1")
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="No such device"):
        files.overwrite(str(path), b"1")
    assert other.read_bytes() == b"ours"
