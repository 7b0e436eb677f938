import errno
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec.errors import Refused, Stopped
from cycle_exec.planning.model import FileWrite
from cycle_exec.system import signals
from cycle_exec.system.targets import stage
from cycle_exec.system.targets.calls import Calls
from cycle_exec.system.targets.temporary_names import is_temporary, temporary
from tests.support import machine, probe

ROOT = str(Path(__file__).parents[3])
STALE = ".app.conf.cycle-exec-0123456789abcdef"


def write(path, content=b"new", mode=0o600, uid=-1, gid=-1):
    return FileWrite(path=str(path), content=content, mode=mode, uid=uid, gid=gid, kind="a test")


def apply(*writes, calls=None):
    with stage.Staged(writes, calls) as staged:
        return staged.commit()


def refused(*writes, calls=None):
    with pytest.raises(Refused) as caught:
        apply(*writes, calls=calls)
    return [(problem.kind, problem.subject) for problem in caught.value.problems]


def picture(folder):
    """Every path below, with kind, mode, owner and bytes."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        info = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(info.st_mode) else b""
        found[str(path)] = (info.st_mode, info.st_uid, info.st_gid, content)
    return found


@pytest.fixture(params=[0o000, 0o077, 0o777])
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode_of(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_modes_are_exact_under_any_umask(tmp_path, umask):
    """Files have the mode asked for, and new folders let in only whom the mode lets read."""
    apply(
        write(tmp_path / "a/b/secret"),
        write(tmp_path / "group/file", mode=0o640),
        write(tmp_path / "all/file", mode=0o644),
        write(tmp_path / "tool", mode=0o755),
    )
    assert mode_of(tmp_path / "a/b/secret") == 0o600
    assert mode_of(tmp_path / "a") == mode_of(tmp_path / "a/b") == 0o700
    assert (mode_of(tmp_path / "group"), mode_of(tmp_path / "group/file")) == (0o750, 0o640)
    assert (mode_of(tmp_path / "all"), mode_of(tmp_path / "all/file")) == (0o755, 0o644)
    assert mode_of(tmp_path / "tool") == 0o755


def test_a_new_folder_serves_each_of_its_targets(tmp_path):
    """A key and a readable certificate in one new folder: the folder can be entered, the key not
    be read."""
    apply(write(tmp_path / "d/key"), write(tmp_path / "d/cert", mode=0o644))
    assert (mode_of(tmp_path / "d"), mode_of(tmp_path / "d/key")) == (0o755, 0o600)


@pytest.mark.parametrize("slashes", ["//", "///"])
def test_a_path_with_more_than_one_slash_at_its_beginning(tmp_path, slashes):
    """Two of them are a root of their own to POSIX, and the same one to Linux."""
    target = f"{slashes}{str(tmp_path).lstrip('/')}/new/target"
    with stage.Staged([write(target, mode=0o644)]) as staged:
        staged.commit()
    assert (tmp_path / "new" / "target").read_bytes() == b"new"
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o755


def test_an_old_wide_mode_is_not_inherited(tmp_path):
    """The mode is the one asked for, not the one the old file had."""
    target = tmp_path / "app.conf"
    target.write_bytes(b"old")
    target.chmod(0o666)
    apply(write(target))
    assert (mode_of(target), target.read_bytes()) == (0o600, b"new")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owner_is_set_on_files_and_new_folders(tmp_path):
    """Both ids, on the target and on folders made for it; -1 leaves what a new file gets."""
    apply(
        write(tmp_path / "d/file", uid=1234, gid=2345),
        write(tmp_path / "user", uid=1234),
    )
    for path in (tmp_path / "d", tmp_path / "d/file"):
        assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)
    assert (tmp_path / "user").stat().st_uid == 1234
    assert (tmp_path / "user").stat().st_gid == os.getegid()


def test_equal_targets_are_not_touched(tmp_path):
    """Same bytes, mode and owner: no new inode, no new time, and the path stays the target's."""
    target = tmp_path / "app.conf"
    apply(write(target))
    before = target.stat()
    with stage.Staged([write(target)]) as staged:
        assert dict(staged.paths) == {str(target): str(target)}
        applied = staged.commit()
    assert (applied.written, applied.unchanged) == ((), (str(target),))
    after = target.stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


@pytest.mark.parametrize("change", [{"content": b"neu"}, {"mode": 0o640}])
def test_a_difference_in_bytes_or_mode_is_written(tmp_path, change):
    """Equal means equal in all of bytes, mode and owner."""
    target = tmp_path / "app.conf"
    apply(write(target))
    assert apply(write(target, **change)).written == (str(target),)


def test_a_staged_file_has_its_final_bytes_mode_and_a_name_of_ours(tmp_path):
    """A check command sees the file as it will be, beside its target, which is still the old."""
    target = tmp_path / "app.conf"
    target.write_bytes(b"old")
    with stage.Staged([write(target, mode=0o640)]) as staged:
        path = Path(staged.paths[str(target)])
        assert (path.read_bytes(), mode_of(path)) == (b"new", 0o640)
        assert path.parent == tmp_path
        assert is_temporary(os.fsencode(path.name))
        assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["app.conf"]


def test_what_is_not_committed_leaves_nothing_behind(tmp_path):
    """Neither staged files nor folders that were made; a folder that existed stays."""
    (tmp_path / "there").mkdir()
    before = picture(tmp_path)
    with stage.Staged([write(tmp_path / "a/b/c"), write(tmp_path / "there/d")]):
        pass
    assert picture(tmp_path) == before


def test_a_folder_somebody_else_used_meanwhile_stays(tmp_path):
    """Only empty folders of ours are removed."""
    with stage.Staged([write(tmp_path / "a/b")]):
        (tmp_path / "a/other").write_bytes(b"theirs")
    assert (tmp_path / "a/other").read_bytes() == b"theirs"


@pytest.mark.parametrize("length", [1, 200, 250, 255])
def test_long_names_are_staged_too(tmp_path, length):
    """The staged name is never longer than a file system takes."""
    target = tmp_path / ("n" * length)
    apply(write(target))
    assert os.listdir(tmp_path) == [target.name]


def test_bytes_that_are_not_utf8_are_a_name(tmp_path):
    """A path is bytes; the locale does not matter."""
    target = os.fsencode(tmp_path) + b"/caf\xe9"
    apply(write(target.decode("utf-8", "surrogateescape")))
    assert os.listdir(os.fsencode(tmp_path)) == [b"caf\xe9"]


def make_link(path, other):
    path.symlink_to(other)


def make_dangling_link(path, other):
    path.symlink_to(other.parent / "nowhere")


def make_fifo(path, other):
    os.mkfifo(path)


def make_folder(path, other):
    path.mkdir()


ODD = [make_link, make_dangling_link, make_fifo, make_folder]


@pytest.mark.parametrize("make", ODD)
def test_odd_targets_are_refused_and_never_followed(tmp_path, make):
    """Links, pipes and folders stay what they are, and so does what a link points to."""
    other = tmp_path / "other"
    other.write_bytes(b"other")
    make(tmp_path / "target", other)
    before = picture(tmp_path)
    good = tmp_path / "a/good"
    assert refused(write(good), write(tmp_path / "target")) == [
        ("target-refused", str(tmp_path / "target"))
    ]
    assert picture(tmp_path) == before


@pytest.mark.parametrize("make", ODD)
def test_a_target_that_turned_odd_before_the_commit_is_refused(tmp_path, make):
    """It is looked at once more right before the swap, and nothing else is swapped either."""
    first, target, other = (tmp_path / name for name in ("first", "target", "other"))
    for path in (first, other):
        path.write_bytes(b"old")
    with stage.Staged([write(first), write(target)]) as staged:
        make(target, other)
        with pytest.raises(Refused) as caught:
            staged.commit()
    assert [problem.kind for problem in caught.value.problems] == ["target-refused"]
    assert first.read_bytes() == other.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["first", "other", "target"]


def test_the_other_name_of_a_hard_link_keeps_its_bytes(tmp_path):
    """A target with two names is replaced under the one that was named."""
    target, other = tmp_path / "target", tmp_path / "other"
    other.write_bytes(b"old")
    os.link(other, target)
    apply(write(target))
    assert (target.read_bytes(), other.read_bytes()) == (b"new", b"old")


def test_a_swapped_parent_folder_does_not_redirect_the_write(tmp_path):
    """Folders are held open: who replaces one by a link gains nothing."""
    folder, trap = tmp_path / "folder", tmp_path / "trap"
    folder.mkdir()
    trap.mkdir()
    with stage.Staged([write(folder / "file")]) as staged:
        folder.rename(tmp_path / "moved")
        folder.symlink_to(trap)
        staged.commit()
    assert os.listdir(trap) == []
    assert (tmp_path / "moved/file").read_bytes() == b"new"


def test_two_targets_at_one_place_are_refused(tmp_path):
    """However differently they are spelled."""
    (tmp_path / "link").symlink_to(tmp_path)
    same = tmp_path / "link/file"
    assert refused(write(tmp_path / "file"), write(same)) == [("target-refused", str(same))]
    assert os.listdir(tmp_path) == ["link"]


def test_every_target_that_fails_is_told_at_once(tmp_path):
    """All problems of the staging come in one refusal."""
    (tmp_path / "file").write_bytes(b"")
    bad = [tmp_path / "file/below", tmp_path / ("n" * 300)]
    assert refused(*map(write, bad)) == [("target-failed", str(path)) for path in bad]


def test_stale_files_of_a_killed_run_are_removed_and_nothing_else(tmp_path):
    """Only regular files whose name is exactly of our making."""
    for name in (STALE, STALE[:-1], f"{STALE}0", f"x{STALE}", STALE.upper(), ".app.conf.swp"):
        (tmp_path / name).write_bytes(b"secret")
    fifo = STALE.replace("0", "f")
    os.mkfifo(tmp_path / fifo)
    apply(write(tmp_path / "app.conf"))
    left = {STALE[:-1], f"{STALE}0", f"x{STALE}", STALE.upper(), ".app.conf.swp", fifo}
    assert set(os.listdir(tmp_path)) == left | {"app.conf"}


def test_files_of_a_run_that_is_alive_are_not_removed(tmp_path):
    """Two runs on one folder leave each other's staged files alone."""
    with stage.Staged([write(tmp_path / "one")]) as first:
        with stage.Staged([write(tmp_path / "two")]) as second:
            second.commit()
        first.commit()
    assert sorted(os.listdir(tmp_path)) == ["one", "two"]


def test_a_lock_on_the_folder_costs_nothing(tmp_path):
    """Anybody who can read a folder can lock it, so it says nothing."""
    (tmp_path / STALE).write_bytes(b"")
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    apply(write(tmp_path / "app.conf"))
    os.close(held)
    assert os.listdir(tmp_path) == ["app.conf"]


def test_no_descriptor_stays_open(tmp_path):
    """The app must not find folders of ours open, nor must a long run gather them."""
    before = os.listdir("/proc/self/fd")
    apply(write(tmp_path / "a/b"), write(tmp_path / "c"))
    assert os.listdir("/proc/self/fd") == before


def test_temporary_names_are_recognised():
    """What the next run takes for ours is what this run makes."""
    assert all(is_temporary(temporary(b"n" * length)) for length in (1, 100, 255))
    assert len(temporary(b"n" * 255)) == 255
    assert temporary(b"a") != temporary(b"a")


# Each system call broken once, at each of its uses.


class Broken(Calls):
    """Calls of which the k-th use of one fails; `used` counts."""

    def __init__(self, name, at, error):
        self.used = 0
        original = getattr(self, name)

        def call(*positional, **named):
            self.used += 1
            if self.used == at:
                raise OSError(error, "injected")
            return original(*positional, **named)

        setattr(self, name, call)


def certificate(folder, domain, name, content):
    return FileWrite(
        path=f"{folder}/{domain}/{name}",
        content=content,
        mode=0o600,
        kind="certificate",
        name=domain,
        directory=str(folder),
        domain=domain,
        member=name,
    )


def scene(folder):
    """Two old targets, an equal one, one in a folder that is to be made, a stale file, and a
    directory of certificates: one is renewed, one is equal, one is new, one is not asked for."""
    (folder / "old").write_bytes(b"old bytes")
    (folder / "old").chmod(0o640)
    (folder / "sub").mkdir()
    (folder / "sub/older").write_bytes(b"older bytes")
    (folder / "equal").write_bytes(b"equal")
    (folder / "equal").chmod(0o600)
    if os.geteuid() == 0:
        os.chown(folder / "old", 1234, 2345)
    pems = folder / "pems"
    apply(
        certificate(pems, "renewed", "key", b"old key"),
        certificate(pems, "renewed", "cert", b"old cert"),
        certificate(pems, "equal", "key", b"equal key"),
        certificate(pems, "gone", "key", b"gone key"),
    )
    return (
        write(folder / "old", b"new bytes"),
        write(folder / "made/deep/fresh", b"fresh", 0o644),
        write(folder / "equal", b"equal"),
        write(folder / "sub/older", b"newer", 0o644),
        certificate(pems, "renewed", "key", b"new key"),
        certificate(pems, "renewed", "cert", b"new cert"),
        certificate(pems, "equal", "key", b"equal key"),
        certificate(pems, "new", "key", b"first key"),
    )


CALLS = sorted(name for name in vars(Calls) if not name.startswith("_"))


def outcome(writes, calls):
    """The kinds of the refusal, empty for success."""
    try:
        apply(*writes, calls=calls)
    except Refused as caught:
        return {problem.kind for problem in caught.problems}
    return set()


def is_new(folder, writes):
    """Every target is new, what was not asked for is as it was, and nothing is left over."""
    counts = os.readlink(folder / "pems/..data")
    left = [
        path.name
        for path in folder.rglob("*")
        if "cycle-exec" in path.name and path != folder / "pems" / counts
    ]
    assert (folder / "pems/gone/key").read_bytes() == b"gone key"
    return left == [] and all(
        (Path(one.path).read_bytes(), mode_of(one.path)) == (one.content, one.mode)
        for one in writes
    )


@pytest.mark.parametrize(
    "error",
    [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EBUSY, errno.EINTR, errno.EPERM],
)
@pytest.mark.parametrize("name", CALLS)
def test_any_call_may_fail_once_anywhere(tmp_path, name, error):
    """Either all targets are new or the run refuses and all is as before; nothing is left over."""
    at = 0
    calls = None
    while calls is None or calls.used >= at:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        writes = scene(folder)
        before = picture(folder)
        calls = Broken(name, at, error)
        kinds = outcome(writes, calls)
        assert kinds <= {"target-failed", "target-refused"}
        assert picture(folder) == before if kinds else is_new(folder, writes), (name, at)


@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES])
@pytest.mark.parametrize("name", [name for name in CALLS if name != "replace"])
def test_a_second_failure_while_putting_back_changes_nothing(tmp_path, name, error):
    """A swap fails, and one call of the way back as well: all is as before all the same."""
    at = 0
    calls = None
    while calls is None or calls.used >= at:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        writes = scene(folder)
        before = picture(folder)
        calls = Broken(name, at, error)

        def replace(source, target, **named):
            if target == b"older":
                raise OSError(errno.EIO, "injected")
            os.replace(source, target, **named)

        setattr(calls, "replace", replace)  # noqa: B010 - its type is narrower
        assert outcome(writes, calls)
        assert picture(folder) == before, (name, at)


@pytest.mark.parametrize("name", CALLS)
def test_a_kill_at_any_call_leaves_whole_files_and_the_next_run_cleans_up(tmp_path, name):
    """Each target is old or new with all its bytes; our leftovers are gone after the next run."""
    at = 0
    status = -1
    while status != 0:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        writes = scene(folder)
        before = picture(folder)
        status = killed(writes, name, at)
        for one in writes:
            found = picture(folder).get(one.path)
            new = found is not None and (found[3], found[0] & 0o777) == (one.content, one.mode)
            assert new or found == before.get(one.path)
        apply(*writes)
        assert is_new(folder, writes)
    # The last two belong to directories of certificates, which have a test of their own.
    assert at > 1 or name in ("fchown", "ftruncate", "getxattr", "setxattr")


def killed(writes, name, at):
    """Apply in a child that gets SIGKILL right after its at-th use of a call; its status."""
    child = os.fork()
    if child == 0:
        try:
            calls = Calls()
            original = getattr(calls, name)
            used = iter(range(1, 10_000))

            def call(*positional, **named):
                found = original(*positional, **named)
                if next(used) == at:
                    os.kill(os.getpid(), signal.SIGKILL)
                return found

            setattr(calls, name, call)
            apply(*writes, calls=calls)
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("at", [1, 2, 3])
def test_targets_keep_their_inode_when_a_swap_is_undone(tmp_path, at):
    """What goes back is the old file itself, not a copy of it."""
    writes = scene(tmp_path)
    before = (tmp_path / "old").stat().st_ino
    assert refused(*writes, calls=Broken("replace", at, errno.EIO))
    assert (tmp_path / "old").stat().st_ino == before


def test_a_file_system_without_hard_links_is_rolled_back_from_copies(tmp_path):
    """Bytes, mode and owner return where a second name cannot be had."""
    writes = scene(tmp_path)
    before = picture(tmp_path)
    calls = Broken("replace", 3, errno.EIO)

    def no_link(*_, **__):
        raise OSError(errno.EPERM, "injected")

    calls.link = no_link
    assert refused(*writes, calls=calls)
    assert picture(tmp_path) == before


def test_short_writes_and_interruptions_are_survived(tmp_path):
    """A write that takes one byte, or none for a signal, is gone on with."""
    calls = Calls()
    turns = iter(range(10_000))

    def stingy(descriptor, data):
        if next(turns) % 3 == 0:
            raise InterruptedError
        return os.write(descriptor, data[:1])

    calls.write = stingy
    apply(write(tmp_path / "file", b"0123456789" * 20), calls=calls)
    assert (tmp_path / "file").read_bytes() == b"0123456789" * 20


def test_owner_and_mode_are_final_before_the_first_byte(tmp_path):
    """No moment in which somebody else could read the new content."""
    calls = Calls()
    seen = []

    def watched(descriptor, data):
        info = os.fstat(descriptor)
        seen.append((stat.S_IMODE(info.st_mode), info.st_uid, info.st_size))
        return os.write(descriptor, data)

    calls.write = watched
    uid = 1234 if os.geteuid() == 0 else os.geteuid()
    apply(write(tmp_path / "f", mode=0o640, uid=uid), calls=calls)
    assert seen == [(0o640, uid, 0)]


def test_a_file_system_that_cannot_keep_modes_is_refused(tmp_path):
    """A staged file is never wider than its target."""
    calls = Calls()
    calls.fchmod = lambda fd, mode: os.fchmod(fd, 0o777)
    assert refused(write(tmp_path / "f"), calls=calls) == [("target-failed", str(tmp_path / "f"))]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["open", "mkdir", "write", "fsync", "fchmod", "stat", "flock"])
def test_a_stop_at_any_call_leaves_nothing_behind(tmp_path, name):
    """Stopped comes between any two calls while staging; all is as before."""
    for at in range(1, 12):
        folder = tmp_path / str(at)
        folder.mkdir()
        writes = scene(folder)
        before = picture(folder)
        calls = Calls()
        original = getattr(calls, name)
        used = 0

        def call(*positional, original=original, at=at, **named):
            nonlocal used
            used += 1
            found = original(*positional, **named)
            if used == at:
                signal.raise_signal(signal.SIGTERM)
            return found

        setattr(calls, name, call)
        armed = signals.arm()
        try:
            with stage.Staged(writes, calls):
                pass
        except Stopped:
            pass
        finally:
            armed.disarm()
        assert picture(folder) == before


def test_a_stop_during_the_commit_waits_for_its_end(tmp_path):
    """A commit is never half done."""
    calls = Calls()

    def replace(*positional, **named):
        signal.raise_signal(signal.SIGTERM)
        os.replace(*positional, **named)

    calls.replace = replace
    writes = scene(tmp_path)
    armed = signals.arm()
    try:
        with pytest.raises(Stopped):
            apply(*writes, calls=calls)
    finally:
        armed.disarm()
    assert [Path(one.path).read_bytes() for one in writes] == [one.content for one in writes]


def links_are_protected():
    path = Path("/proc/sys/fs/protected_hardlinks")
    return path.exists() and path.read_text().strip() == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
@pytest.mark.skipif(not links_are_protected(), reason="here anybody may link anything")
@pytest.mark.parametrize(
    ("foreign", "expected"),
    [
        (["a"], "done"),
        (["a", "b"], "[('target-refused', 'a'), ('target-refused', 'b')]"),
    ],
)
def test_files_of_another_user_are_replaced_only_if_the_run_stays_undoable(
    tmp_path, foreign, expected
):
    """One that could not be made again is swapped last; two of them could be left half done."""
    os.chown(tmp_path, 1234, 1234)
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(b"old")
        if name not in foreign:
            os.chown(tmp_path / name, 1234, 1234)

    def body():
        try:
            apply(write("a"), write("b"), write("c"))
        except Refused as caught:
            return [(problem.kind, problem.subject) for problem in caught.problems]
        return "done"

    assert probe.as_user(1234, tmp_path, body) == expected
    content = b"new" if expected == "done" else b"old"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == dict.fromkeys(
        ("a", "b", "c"), content
    )


# A bind mount, as container platforms mount single files.

MOUNTED = f"""
import json, os, subprocess, sys
sys.path.insert(0, {ROOT!r})
from cycle_exec.errors import Refused
from cycle_exec.planning.model import FileWrite
from cycle_exec.system.targets import stage
folder, last = sys.argv[1:]
source, target, plain = (os.path.join(folder, name) for name in ("source", "target", "plain"))
for path in (source, target, plain):
    with open(path, "w") as file:
        file.write("old, and longer than the new")
    os.chmod(path, 0o644)
subprocess.run(["mount", "--bind", source, target], check=True)
writes = [FileWrite(path=target, content=b"new", mode=0o600, kind="t")]
if last == "fails":
    os.link(plain, plain + "2")
    class Calls(stage.Calls):
        def replace(self, a, b, **k):
            if b == b"plain":
                raise OSError(5, "injected")
            os.replace(a, b, **k)
    writes.append(FileWrite(path=plain, content=b"new", mode=0o600, kind="t"))
    calls = Calls()
else:
    calls = None
told = []
try:
    with stage.Staged(writes, calls) as staged:
        told = list(staged.commit().warnings)
except Refused as refused:
    told = [problem.kind for problem in refused.problems]
print(json.dumps([told, open(target).read(), open(source).read(),
    oct(os.stat(source).st_mode & 0o777), sorted(os.listdir(folder))]))
"""


@pytest.mark.parametrize("last", ["works", "fails"])
def test_a_bind_mounted_target_is_rewritten_in_place(tmp_path, last):
    """It refuses a rename, so its own bytes change, and return if a later target fails."""
    machine.need_mounts()
    words = [*machine.MOUNTS, sys.executable, "-I", "-c", MOUNTED, str(tmp_path), last]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    old = "old, and longer than the new"
    names = ["plain", "source", "target"]
    expected = {
        "works": (
            [f"{tmp_path}/target is a mount point, so it was rewritten in place"],
            *("new", "new", "0o600", names),
        ),
        "fails": (["target-failed"], old, old, "0o644", ["plain", "plain2", "source", "target"]),
    }
    assert tuple(json.loads(ran.stdout)) == expected[last]


def test_a_target_that_grows_while_it_is_compared_is_not_read_to_its_end(tmp_path):
    """Whoever may write it could let it grow without end between two looks."""
    path, seen = tmp_path / "app.conf", []
    apply(write(path))

    class Growing(Calls):
        @staticmethod
        def stat(*positional, **named):
            found = os.stat(*positional, **named)
            os.truncate(path, 1 << 30)
            return found

        @staticmethod
        def read(descriptor, size):
            part = os.read(descriptor, size)
            seen.append(len(part))
            return part

    apply(write(path), calls=Growing())
    assert path.read_bytes() == b"new"
    assert sum(seen) <= 1 << 21
