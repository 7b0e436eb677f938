"""How runs in one directory know of each other, and what others there can do about it."""

import errno
import fcntl
import os

import pytest

from cycle_exec.planning.model import FileWrite
from cycle_exec.system.targets import locks, stage, temporary_names
from cycle_exec.system.targets.calls import Calls

APP = 1234
STALE = ".app.conf.cycle-exec-0123456789abcdef"
JOURNAL = ".cycle-exec-forward-0123456789abcdef"
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")


def write(path, content=b"new"):
    return FileWrite(path=str(path), content=content, mode=0o600, kind="a test")


def apply(*writes, calls=None):
    with stage.Staged(writes, calls) as staged:
        return staged.commit()


def taken(at, calls=None):
    held = locks.taken(calls or Calls(), at)
    assert held is not None
    return held


@pytest.fixture
def at(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_a_lock_is_a_private_file_and_goes_with_the_run(tmp_path):
    """It is there while something of ours is, and not where nothing has to be written."""
    with stage.Staged([write(tmp_path / "app.conf")]) as staged:
        [lock] = [name for name in os.listdir(tmp_path) if temporary_names.is_lock(name.encode())]
        found = os.stat(tmp_path / lock)
        assert (found.st_mode & 0o777, found.st_uid, found.st_size) == (0o600, os.geteuid(), 0)
        staged.commit()
    assert os.listdir(tmp_path) == ["app.conf"]
    before = tmp_path.stat().st_mtime_ns
    apply(write(tmp_path / "app.conf"))
    assert tmp_path.stat().st_mtime_ns == before


def test_the_lock_of_a_run_that_was_killed_goes(tmp_path, at):
    """A lock does not outlive its process."""
    name, descriptor = taken(at)
    os.close(descriptor)
    (tmp_path / STALE).write_bytes(b"secret")
    apply(write(tmp_path / "app.conf"))
    assert not (tmp_path / os.fsdecode(name)).exists()
    assert os.listdir(tmp_path) == ["app.conf"]


def test_files_of_a_run_that_is_at_work_stay(tmp_path, at):
    """Nothing of it is removed, whoever else it is."""
    held = taken(at)
    (tmp_path / STALE).write_bytes(b"secret")
    apply(write(tmp_path / "app.conf"))
    assert (tmp_path / STALE).exists()
    locks.release(Calls(), at, held)
    apply(write(tmp_path / "app.conf", b"newer"))
    assert os.listdir(tmp_path) == ["app.conf"]


@as_root
@pytest.mark.parametrize("how", ["file", "link", "fifo", "folder"])
def test_what_others_put_there_is_no_lock(tmp_path, how):
    """In a directory such as /tmp anybody can make a file of that name, and lock it."""
    tmp_path.chmod(0o1777)
    path = tmp_path / os.fsdecode(temporary_names.lock())
    if how == "link":
        path.symlink_to("elsewhere")
    elif how == "fifo":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"")
    os.lchown(path, APP, APP)
    held = os.open(path, os.O_RDONLY) if how == "file" else -1
    if how == "file":
        fcntl.flock(held, fcntl.LOCK_EX)
    (tmp_path / STALE).write_bytes(b"secret")
    apply(write(tmp_path / "app.conf"))
    if how == "file":
        os.close(held)
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, "app.conf"])


@as_root
@pytest.mark.parametrize("content", [b"", b"cycle-exec journal 2\0end"])
def test_what_looks_like_a_journal_does_not_stop_the_cleaning(tmp_path, content):
    """Where others can put files none of them is a journal: secrets do not stay for it."""
    tmp_path.chmod(0o1777)
    (tmp_path / JOURNAL).write_bytes(content)
    (tmp_path / JOURNAL).chmod(0o600)
    os.chown(tmp_path / JOURNAL, APP, APP)
    (tmp_path / STALE).write_bytes(b"secret")
    apply(write(tmp_path / "app.conf"))
    assert sorted(os.listdir(tmp_path)) == sorted([JOURNAL, "app.conf"])


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_without_locks_nothing_is_cleaned_and_no_journal_written(tmp_path, error):
    """Nobody would know who is at work."""
    calls, seen = Calls(), []

    def flock(*_):
        raise OSError(error, "injected")

    def replace(source, target, **named):
        seen.append(target)
        os.replace(source, target, **named)

    calls.flock = flock
    setattr(calls, "replace", replace)  # noqa: B010 - its type is narrower
    (tmp_path / STALE).write_bytes(b"secret")
    apply(write(tmp_path / "a"), write(tmp_path / "b"), calls=calls)
    assert seen == [b"a", b"b"]
    assert sorted(os.listdir(tmp_path)) == sorted([STALE, "a", "b"])


def test_a_lock_is_looked_at_by_one_who_cleans_while_it_is_made(tmp_path, at):
    """Another name is taken, and then the lock is ours."""
    calls, tries = Calls(), []

    def flock(descriptor, operation):
        tries.append(descriptor)
        if len(tries) == 1:
            raise BlockingIOError
        if len(tries) == 2:
            [name] = os.listdir(tmp_path)
            os.unlink(tmp_path / name)
        fcntl.flock(descriptor, operation)

    calls.flock = flock
    name, descriptor = taken(at, calls)
    assert len(tries) == 3
    assert os.listdir(tmp_path) == [os.fsdecode(name)]
    assert locks.others(Calls(), at, [name])
    locks.release(calls, at, (name, descriptor))
    assert os.listdir(tmp_path) == []
