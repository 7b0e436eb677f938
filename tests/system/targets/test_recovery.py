"""Whose journals are believed, and what stands in the way of working one off."""

import errno
import fcntl
import os
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.errors import Refused
from cycle_exec.planning.model import FileWrite
from cycle_exec.system.targets import journal, leftovers, locks, recovery, stage, temporary_names
from cycle_exec.system.targets.calls import Calls
from cycle_exec.system.targets.journal import Step

NAME = ".cycle-exec-forward-0123456789abcdef"
BACK = ".cycle-exec-back-0123456789abcdef"
SPARE = b".target.cycle-exec-0123456789abcdef"
OLD = b".target.cycle-exec-fedcba9876543210"


def step(folder, **more):
    given = {"name": b"target", "staged": SPARE, "backup": b"", "fresh": False, "inode": 0, **more}
    found = os.stat(folder) if os.path.exists(folder) else os.stat("/proc")
    return Step(folder=os.fsencode(folder), place=(found.st_dev, found.st_ino), **given)


def leave(folder, *steps, name=NAME, mode=0o600):
    """A journal as a killed run leaves it."""
    path = folder / name
    path.write_bytes(journal.encode(steps))
    path.chmod(mode)
    return path


def half_done(folder):
    (folder / "target").write_bytes(b"old")
    (folder / os.fsdecode(SPARE)).write_bytes(b"new")


names = st.binary(min_size=1, max_size=20).filter(lambda name: not {0, 47} & set(name))
plain = names.filter(lambda name: name not in (b".", b".."))
steps = st.builds(
    Step,
    folder=st.lists(names, max_size=4).map(lambda parts: b"/" + b"/".join(parts)),
    place=st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)),
    name=plain,
    staged=plain.map(temporary_names.temporary),
    backup=st.one_of(st.just(b""), plain.map(temporary_names.temporary)),
    fresh=st.booleans(),
    inode=st.integers(0, 2**64 - 1),
)


@given(st.lists(steps, max_size=8))
def test_a_journal_says_what_was_written_down(found):
    """Any bytes that a path can have."""
    assert journal.decode(journal.encode(found)) == tuple(found)


@given(st.lists(steps, min_size=1, max_size=4), st.data())
def test_a_journal_that_is_cut_or_changed_says_nothing_or_the_like(found, data):
    """Cut anywhere it is none; whatever is changed, its names never leave their folder."""
    content = journal.encode(found)
    cut = data.draw(st.integers(0, len(content) - 1))
    assert journal.decode(content[:cut]) is None
    at = data.draw(st.integers(0, len(content) - 1))
    changed = content[:at] + data.draw(st.binary(max_size=3)) + content[at + 1 :]
    for each in journal.decode(changed) or ():
        assert each.folder.startswith(b"/")
        for name in (each.name, each.staged, each.backup):
            assert b"/" not in name
            assert name not in (b".", b"..")
        assert temporary_names.is_temporary(each.staged)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_journal_or_none(content):
    """Never an exception."""
    found = journal.decode(content)
    assert found is None or journal.encode(found) == content or found == ()


def test_it_goes_forward_in_every_folder(tmp_path):
    """The journal is in one folder, the files in two."""
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        half_done(folder)
    leave(folders[0], *(step(folder) for folder in folders))
    told = leftovers.recover([f"{folder}/target" for folder in folders])
    assert told == [
        "a start was killed while it replaced 2 files: the journal was replayed, the "
        "replacement is finished now"
    ]
    for folder in folders:
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"target": b"new"}
    assert leftovers.recover([f"{folders[0]}/target"]) == []


def test_it_goes_back(tmp_path):
    """The old file returns; one that was not there before goes, if it is the one that was made."""
    (tmp_path / "target").write_bytes(b"new")
    (tmp_path / os.fsdecode(OLD)).write_bytes(b"old")
    for name in ("fresh", "theirs"):
        (tmp_path / name).write_bytes(b"x")
    inode = (tmp_path / "fresh").stat().st_ino
    leave(
        tmp_path,
        step(tmp_path, backup=OLD),
        step(tmp_path, name=b"fresh", fresh=True, inode=inode),
        step(tmp_path, name=b"theirs", fresh=True, inode=inode),
        name=BACK,
    )
    told = leftovers.recover([f"{tmp_path}/target"])
    assert told == [
        "a start was killed while it replaced 3 files: the journal was replayed, the "
        "replacement is undone now"
    ]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "target": b"old",
        "theirs": b"x",
    }


def test_a_folder_that_is_gone_is_passed_over(tmp_path):
    """A volume that is not mounted any more."""
    half_done(tmp_path)
    leave(tmp_path, step(tmp_path / "gone"), step(tmp_path))
    leftovers.recover([f"{tmp_path}/target"])
    assert (tmp_path / "target").read_bytes() == b"new"


@pytest.mark.parametrize("how", ["wide", "linked", "symlink", "fifo", "garbage", "name", "empty"])
def test_what_is_not_our_journal_is_left_alone(tmp_path, how):
    """Only a private regular file with one name, under exactly such a name, is believed."""
    half_done(tmp_path)
    path = leave(tmp_path, step(tmp_path))
    if how == "wide":
        path.chmod(0o640)
    elif how == "linked":
        os.link(path, tmp_path / "second")
    elif how == "symlink":
        path.rename(tmp_path / "elsewhere")
        path.symlink_to("elsewhere")
    elif how == "fifo":
        path.unlink()
        os.mkfifo(path)
    elif how == "garbage":
        path.write_bytes(path.read_bytes()[:-1])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        path.rename(f"{path}0")
    before = sorted(os.listdir(tmp_path))
    assert leftovers.recover([f"{tmp_path}/target"]) == []
    assert (tmp_path / "target").read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_the_journal_of_another_user_is_not_believed(tmp_path):
    """Whoever may write in the folder could have made it."""
    half_done(tmp_path)
    os.chown(leave(tmp_path, step(tmp_path)), 1234, 1234)
    assert leftovers.recover([f"{tmp_path}/target"]) == []
    assert (tmp_path / "target").read_bytes() == b"old"


def test_a_run_that_is_at_work_is_not_disturbed(tmp_path, monkeypatch):
    """It holds its folders; who comes meanwhile waits, then refuses, and changes nothing."""
    monkeypatch.setattr(recovery, "_PATIENCE", 3)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    half_done(tmp_path / "b")
    leave(tmp_path / "a", step(tmp_path / "b"))
    targets = [f"{tmp_path}/a/target", f"{tmp_path}/b/target"]
    at = os.open(tmp_path / "b", os.O_RDONLY)
    held = locks.taken(Calls(), at)
    assert held is not None
    with pytest.raises(Refused) as caught:
        leftovers.recover(targets)
    locks.release(Calls(), at, held)
    os.close(at)
    [problem] = caught.value.problems
    assert (problem.kind, problem.subject) == ("target-failed", f"directory {tmp_path}/b")
    assert "another process is at work" in problem.reason
    assert (tmp_path / "b/target").read_bytes() == b"old"
    assert leftovers.recover(targets)
    assert (tmp_path / "b/target").read_bytes() == b"new"


def test_what_cannot_be_mended_refuses(tmp_path):
    """Going on could bring the old set back later. Once the way is free it is mended."""
    half_done(tmp_path)
    path = leave(tmp_path, step(tmp_path))
    (tmp_path / "target").unlink()
    (tmp_path / "target").mkdir()
    with pytest.raises(Refused) as caught:
        leftovers.recover([f"{tmp_path}/target"])
    [problem] = caught.value.problems
    assert (caught.value.code, problem.kind) == (73, "target-failed")
    assert "this cannot be recovered: it is a directory" in problem.reason
    assert path.exists()
    (tmp_path / "target").rmdir()
    leftovers.recover([f"{tmp_path}/target"])
    assert (tmp_path / "target").read_bytes() == b"new"


def test_nothing_is_opened_where_there_is_no_journal(tmp_path, monkeypatch):
    """Nearly every start: a look into each folder, and no more."""
    monkeypatch.setattr(recovery, "Recovery", lambda *_: pytest.fail("there is nothing to do"))
    (tmp_path / "target").write_bytes(b"old")
    assert leftovers.recover([f"{tmp_path}/target", f"{tmp_path}/no/such/folder", "x"]) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
@pytest.mark.parametrize("who", ["owner", "group", "everybody", "above"])
def test_a_journal_where_others_can_move_it_is_not_believed(tmp_path, who):
    """A genuine one could have been kept for later."""
    folder = tmp_path / "above/here"
    folder.mkdir(parents=True)
    half_done(folder)
    path = leave(folder, step(folder))
    if who == "above":
        folder.parent.chmod(0o777)
    elif who == "owner":
        os.chown(folder, 1234, 1234)
    else:
        folder.chmod(0o770 if who == "group" else 0o707)
    assert leftovers.recover([f"{folder}/target"]) == []
    assert (folder / "target").read_bytes() == b"old"
    assert path.exists()


def test_a_journal_reaches_only_folders_of_the_targets(tmp_path):
    """Whatever it says, of another one nothing is done; once all targets are known it goes."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        half_done(tmp_path / name)
    path = leave(tmp_path / "a", step(tmp_path / "a"), step(tmp_path / "b"))
    targets = [f"{tmp_path}/a/target"]
    assert leftovers.recover(targets, whole=False) == []
    assert (path.exists(), (tmp_path / "a/target").read_bytes()) == (True, b"old")
    assert len(leftovers.recover(targets)) == 1
    assert (tmp_path / "a/target").read_bytes() == b"new"
    assert (tmp_path / "b/target").read_bytes() == b"old"
    assert not path.exists()


def test_another_folder_of_the_same_name_is_another_one(tmp_path):
    """Folders are known by device and inode."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        half_done(tmp_path / name)
    leave(tmp_path / "a", step(tmp_path / "a"), step(tmp_path / "b"))
    (tmp_path / "b").rename(tmp_path / "c")
    (tmp_path / "b").mkdir()
    half_done(tmp_path / "b")
    leftovers.recover([f"{tmp_path}/a/target", f"{tmp_path}/b/target"])
    assert (tmp_path / "a/target").read_bytes() == b"new"
    assert (tmp_path / "b/target").read_bytes() == (tmp_path / "c/target").read_bytes() == b"old"


ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has what others have not")


@ROOT
@pytest.mark.parametrize("name", [NAME, BACK])
def test_what_others_put_under_the_name_of_a_staged_file_is_not_believed(tmp_path, name):
    """In a sticky directory they cannot replace a target, and the start does not do it for them."""
    tmp_path.chmod(0o755)
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "target").write_bytes(b"new")
    spare = SPARE if name == NAME else OLD
    mine = step(shared, inode=(shared / "target").stat().st_ino, backup=OLD)
    path = leave(tmp_path, mine, name=name)
    theirs = shared / os.fsdecode(spare)
    theirs.write_bytes(b"theirs")
    os.chown(theirs, 1234, 1234)
    leftovers.recover([f"{tmp_path}/x", f"{shared}/target"])
    assert (shared / "target").read_bytes() == b"new"
    assert not path.exists()


@ROOT
@pytest.mark.parametrize("name", [NAME, BACK])
def test_what_the_run_has_left_in_the_directory_of_another_user_counts(tmp_path, name):
    """Its own staged file, or the old one of whoever owns the directory."""
    tmp_path.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 1234, 1234)
    for spare, content in ((SPARE, b"new"), (OLD, b"old"), (b"target", b"present")):
        (home / os.fsdecode(spare)).write_bytes(content)
        os.chown(home / os.fsdecode(spare), 1234, 1234)
    inode = (home / os.fsdecode(SPARE)).stat().st_ino
    leave(tmp_path, step(home, inode=inode, backup=OLD), name=name)
    leftovers.recover([f"{tmp_path}/x", f"{home}/target"])
    assert (home / "target").read_bytes() == (b"new" if name == NAME else b"old")


@ROOT
def test_a_mount_point_in_the_directory_of_another_user_is_not_rewritten(tmp_path):
    """He cannot replace it, but what it would be rewritten with."""
    tmp_path.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    half_done(home)
    os.chown(home, 1234, 1234)

    class Mounted(Calls):
        @staticmethod
        def replace(*positional, **named):
            raise OSError(errno.EBUSY, "mounted")

    inode = (home / os.fsdecode(SPARE)).stat().st_ino
    leave(tmp_path, step(home, inode=inode))
    leftovers.recover([f"{tmp_path}/x", f"{home}/target"], Mounted())
    assert (home / "target").read_bytes() == b"old"


def test_the_folders_of_a_certificate_directory_are_reached(tmp_path):
    """Where a domain has a plain folder, its files go one by one."""
    folder = tmp_path / "www.example.com"
    folder.mkdir()
    half_done(folder)
    leave(tmp_path, step(folder))
    leftovers.recover([], directories=[str(tmp_path)], whole=False)
    assert (folder / "target").read_bytes() == b"new"


def test_the_journal_of_a_run_that_is_alive_is_waited_for(tmp_path, monkeypatch):
    """It holds a lock on it, which nobody else can take."""
    monkeypatch.setattr(recovery, "_PATIENCE", 3)
    half_done(tmp_path)
    held = os.open(leave(tmp_path, step(tmp_path)), os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(Refused):
        leftovers.recover([f"{tmp_path}/target"])
    os.close(held)
    assert (tmp_path / "target").read_bytes() == b"old"
    assert leftovers.recover([f"{tmp_path}/target"])


def test_a_lock_on_the_directory_is_not_waited_for(tmp_path):
    """Anybody who can read it can have one."""
    half_done(tmp_path)
    leave(tmp_path, step(tmp_path))
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    assert leftovers.recover([f"{tmp_path}/target"])
    os.close(held)
    assert (tmp_path / "target").read_bytes() == b"new"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_a_journal_is_written_where_nobody_else_can_change_anything(tmp_path):
    """In the first such folder of the targets, or nowhere."""
    seen = []

    calls = Calls()

    def replace(source, target, **named):
        if temporary_names.is_journal(target):
            seen.append(os.readlink(f"/proc/self/fd/{named['dst_dir_fd']}"))
        os.replace(source, target, **named)

    setattr(calls, "replace", replace)  # noqa: B010 - its type is narrower

    def run(*folders):
        seen.clear()
        targets = [
            FileWrite(path=f"{folder}/{name}", content=os.urandom(4), mode=0o600, kind="t")
            for folder in folders
            for name in "ab"
        ]
        with stage.Staged(targets, calls) as staged:
            staged.commit()
        return seen

    for name, owner, mode in (("app", 1234, 0o755), ("group", 0, 0o775), ("root", 0, 0o755)):
        (tmp_path / name).mkdir()
        os.chown(tmp_path / name, owner, owner)
        (tmp_path / name).chmod(mode)
    assert run(tmp_path / "app", tmp_path / "group") == []
    assert run(tmp_path / "app", tmp_path / "root") == [f"{tmp_path}/root"]


def test_a_run_that_writes_a_part_knows_what_else_there_is(tmp_path):
    """As in reload mode; one that does not know lets a journal about others wait."""

    def target(name, content):
        return FileWrite(path=f"{tmp_path}/{name}/new", content=content, mode=0o600, kind="t")

    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        half_done(tmp_path / name)
    path = leave(tmp_path / "a", step(tmp_path / "a"), step(tmp_path / "b"))
    with stage.Staged([target("a", b"1")], targets=None) as staged:
        staged.commit()
    assert (path.exists(), (tmp_path / "a/target").read_bytes()) == (True, b"old")
    with stage.Staged([target("a", b"2")], targets=[target("b", b"")]) as staged:
        assert "the journal was replayed" in staged.commit().warnings[0]
    assert not path.exists()
    for name in ("a", "b"):
        assert (tmp_path / name / "target").read_bytes() == b"new"


def test_of_many_folders_only_those_of_the_journal_are_kept_open(tmp_path):
    """Whoever owns a directory of certificates can make more of them than there are descriptors,
    and a file that looks like a journal.
    """
    pems, other = tmp_path / "pems", tmp_path / "other"
    for number in range(300):
        (pems / f"{number}.test").mkdir(parents=True)
    other.mkdir()
    (pems / NAME).write_bytes(b"")
    half_done(pems / "7.test")
    leave(other, step(pems / "7.test"))
    targets, directories = [f"{other}/x"], [str(pems)]
    few = len(os.listdir("/proc/self/fd")) + 10
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, before[1]))
    try:
        said = leftovers.recover(targets, directories=directories, whole=False)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert len(said) == 1
    assert (pems / "7.test/target").read_bytes() == b"new"
