"""Directories whose files change at one moment."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec.errors import Refused
from cycle_exec.planning.model import FileWrite
from cycle_exec.system.targets import stage, temporary_names
from cycle_exec.system.targets.calls import Calls
from tests.support.leftovers import leftovers

ROOT = str(Path(__file__).parents[3])


def pem(folder, path, content=b"new", mode=0o600):
    return FileWrite(
        path=f"{folder}/{path}",
        content=content,
        mode=mode,
        kind="certificate",
        directory=str(folder),
        domain=path.partition("/")[0],
        member=path.partition("/")[2],
    )


def apply(*writes, calls=None):
    with stage.Staged(writes, calls) as staged:
        return staged.commit()


def refused(*writes):
    with pytest.raises(Refused) as caught:
        apply(*writes)
    return [(problem.kind, problem.reason) for problem in caught.value.problems]


def names(folder):
    return sorted(
        name for name in os.listdir(folder) if not temporary_names.is_generation(name.encode())
    )


def generation(folder):
    return os.readlink(folder / "..data")


def test_each_name_leads_through_one_link(tmp_path):
    """The layout of Kubernetes' secret volumes, with links that work wherever it is mounted."""
    folder, moved = tmp_path / "here", tmp_path / "moved"
    apply(pem(folder, "a.test/key"), pem(folder, "b.test/key"))
    assert names(folder) == ["..data", "a.test", "b.test"]
    assert os.readlink(folder / "a.test") == "..data/a.test"
    assert temporary_names.is_generation(generation(folder).encode())
    folder.rename(moved)
    assert (moved / "b.test/key").read_bytes() == b"new"


def test_all_files_change_at_one_rename(tmp_path):
    """Seen between any two calls, every file is old or every file is new."""
    everything = [f"{domain}.test/{name}" for domain in "abc" for name in ("key", "cert")]
    apply(*(pem(tmp_path, path, b"old") for path in everything))
    seen = []

    class Watched(Calls):
        @staticmethod
        def replace(*positional, **named):
            os.replace(*positional, **named)
            seen.append({(tmp_path / path).read_bytes() for path in everything})

        @staticmethod
        def unlink(*positional, **named):
            seen.append({(tmp_path / path).read_bytes() for path in everything})
            os.unlink(*positional, **named)

    apply(*(pem(tmp_path, path, b"new") for path in everything), calls=Watched())
    assert seen[0] == {b"new"}
    assert all(found == {b"new"} for found in seen)


def test_what_is_equal_keeps_its_inode_and_what_is_not_asked_for_stays(tmp_path):
    """A certificate of an earlier run, and what somebody put beside one, are carried over."""
    apply(pem(tmp_path, "a.test/key", b"old"), pem(tmp_path, "a.test/cert", b"same"))
    apply(pem(tmp_path, "gone.test/key", b"still here"))
    (tmp_path / "a.test/dhparam.pem").write_bytes(b"theirs")
    (tmp_path / "a.test/more").mkdir(mode=0o750)
    (tmp_path / "a.test/more/file").write_bytes(b"theirs, too")
    (tmp_path / "a.test/link").symlink_to("key")
    before = (tmp_path / "a.test/cert").stat().st_ino
    applied = apply(pem(tmp_path, "a.test/key"), pem(tmp_path, "a.test/cert", b"same"))
    assert applied.written == (f"{tmp_path}/a.test/key",)
    assert applied.unchanged == (f"{tmp_path}/a.test/cert",)
    assert (tmp_path / "a.test/cert").stat().st_ino == before
    assert (tmp_path / "a.test/link").read_bytes() == b"new"
    assert (tmp_path / "a.test/dhparam.pem").read_bytes() == b"theirs"
    assert (tmp_path / "a.test/more/file").read_bytes() == b"theirs, too"
    assert (tmp_path / "a.test/more").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "gone.test/key").read_bytes() == b"still here"


def test_what_is_obsolete_ends_with_a_swap(tmp_path):
    """Whether anything else is new or not; what nobody calls obsolete stays."""
    apply(*(pem(tmp_path, f"a.test/{name}") for name in ("key", "key.rsa", "more.rsa")))
    both = pem(tmp_path, "a.test/key").replace(obsolete=("a.test/key.rsa", "a.test/other"))
    applied = apply(both)
    assert (applied.written, applied.unchanged) == ((), (f"{tmp_path}/a.test/key",))
    assert sorted(os.listdir(tmp_path / "a.test")) == ["key", "more.rsa"]
    before = generation(tmp_path)
    apply(both)
    assert generation(tmp_path) == before
    changed = pem(tmp_path, "a.test/key", b"newer").replace(obsolete=("a.test/more.rsa",))
    assert apply(changed).written == (f"{tmp_path}/a.test/key",)
    assert os.listdir(tmp_path / "a.test") == ["key"]
    assert leftovers(tmp_path) == []


def test_an_obsolete_file_of_a_flat_directory_takes_its_name_with_it(tmp_path):
    """HAProxy reads whatever the directory lists."""
    apply(pem(tmp_path, "a.test.pem"), pem(tmp_path, "a.test.pem.rsa"))
    apply(pem(tmp_path, "a.test.pem").replace(obsolete=("a.test.pem.rsa", "a.test.pem.ecdsa")))
    assert names(tmp_path) == ["..data", "a.test.pem"]


def test_an_obsolete_name_of_others_stays(tmp_path):
    """A file, a folder or a link that is not ours."""
    apply(pem(tmp_path, "a.test.pem"))
    (tmp_path / "a.test.pem.rsa").write_bytes(b"theirs")
    (tmp_path / "a.test.pem.ecdsa").symlink_to("elsewhere")
    obsolete = ("a.test.pem.rsa", "a.test.pem.ecdsa", "a.test.pem/none")
    apply(pem(tmp_path, "a.test.pem", b"newer").replace(obsolete=obsolete))
    assert names(tmp_path) == ["..data", "a.test.pem", "a.test.pem.ecdsa", "a.test.pem.rsa"]


def test_a_swap_that_fails_leaves_what_is_obsolete(tmp_path):
    """Everything is as it was."""
    apply(pem(tmp_path, "a.test/key"), pem(tmp_path, "a.test/key.rsa"))
    write = pem(tmp_path, "a.test/key", b"newer").replace(obsolete=("a.test/key.rsa",))

    class Failing(Calls):
        @staticmethod
        def replace(*positional, **named):
            raise OSError(errno.EIO, "broken")

    with pytest.raises(Refused):
        apply(write, calls=Failing())
    assert sorted(os.listdir(tmp_path / "a.test")) == ["key", "key.rsa"]


def test_nothing_is_made_when_all_is_equal(tmp_path):
    """The same generation, the same link, not even a time is new."""
    apply(pem(tmp_path, "a.test/key"))
    before = (generation(tmp_path), tmp_path.stat().st_mtime_ns)
    assert apply(pem(tmp_path, "a.test/key")).written == ()
    assert (generation(tmp_path), tmp_path.stat().st_mtime_ns) == before


def test_a_name_that_was_removed_comes_back(tmp_path):
    """The file is the same, but nobody finds it."""
    apply(pem(tmp_path, "a.test/key"))
    (tmp_path / "a.test").unlink()
    apply(pem(tmp_path, "a.test/key"))
    assert (tmp_path / "a.test/key").read_bytes() == b"new"


def test_a_folder_that_was_there_is_written_file_by_file(tmp_path):
    """An image may have the folder already: it stays one, with all that is in it."""
    (tmp_path / "a.test").mkdir()
    (tmp_path / "a.test/other").write_bytes(b"theirs")
    apply(pem(tmp_path, "a.test/key"), pem(tmp_path, "b.test/key"))
    assert not (tmp_path / "a.test").is_symlink()
    assert sorted(os.listdir(tmp_path / "a.test")) == ["key", "other"]
    assert (tmp_path / "b.test").is_symlink()


def test_a_directory_that_is_somebody_elses_generation_is_written_file_by_file(tmp_path):
    """`..data` of a volume is not ours to replace."""
    (tmp_path / "..2026_11_28").mkdir()
    (tmp_path / "..data").symlink_to("..2026_11_28")
    apply(pem(tmp_path, "a.test/key"))
    assert generation(tmp_path) == "..2026_11_28"
    assert (tmp_path / "a.test/key").read_bytes() == b"new"
    assert not (tmp_path / "a.test").is_symlink()


@pytest.mark.parametrize("text", ["elsewhere", "..data/b.test", "../..data/a.test"])
def test_a_foreign_link_at_a_name_refuses(tmp_path, text):
    """Only the link that we would make ourselves is followed."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a.test").symlink_to(text)
    assert [kind for kind, _ in refused(pem(tmp_path, "a.test/key"))] == ["target-refused"]
    assert sorted(os.listdir(tmp_path)) == ["a.test", "elsewhere"]


def make_fifo(path):
    path.unlink()
    os.mkfifo(path)


def make_link(path):
    path.unlink()
    path.symlink_to("cert")


@pytest.mark.parametrize("make", [make_fifo, make_link])
def test_a_target_that_turned_odd_refuses(tmp_path, make):
    """As anywhere else, and the generation stays."""
    apply(pem(tmp_path, "a.test/key", b"old"), pem(tmp_path, "a.test/cert", b"old"))
    make(tmp_path / "a.test/key")
    before = generation(tmp_path)
    found = refused(pem(tmp_path, "a.test/key"), pem(tmp_path, "a.test/cert"))
    assert [kind for kind, _ in found] == ["target-refused"]
    assert generation(tmp_path) == before
    assert (tmp_path / "a.test/cert").read_bytes() == b"old"


@pytest.mark.parametrize("error", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_without_links_is_written_file_by_file(tmp_path, error):
    """FAT, for one, has none."""
    calls = Calls()

    def symlink(*_, **__):
        raise OSError(error, "injected")

    calls.symlink = symlink
    apply(pem(tmp_path, "a.test/key"), pem(tmp_path, "b.test/key"), calls=calls)
    assert sorted(os.listdir(tmp_path)) == ["a.test", "b.test"]
    assert (tmp_path / "a.test/key").read_bytes() == b"new"


def test_another_target_beside_a_certificate_changes_with_it(tmp_path):
    """A template that goes there is in the generation, or it would be lost with the old one."""

    def beside(content):
        write = pem(tmp_path, "a.test/nginx.conf", content, 0o644)
        return write.replace(kind="template", check=("true",))

    for content in (b"one", b"two"):
        with stage.Staged([pem(tmp_path, "a.test/key", content), beside(content)]) as staged:
            shown = Path(staged.paths[f"{tmp_path}/a.test/nginx.conf"])
            assert (shown.read_bytes(), shown.stat().st_mode & 0o777) == (content, 0o644)
            staged.commit()
        assert (tmp_path / "a.test/nginx.conf").read_bytes() == content
        assert (tmp_path / "a.test/key").read_bytes() == content
    apply(beside(b"alone").replace(directory="", domain="", member=""))
    apply(pem(tmp_path, "a.test/key", b"three"))
    assert (tmp_path / "a.test/nginx.conf").read_bytes() == b"alone"
    assert sorted(os.listdir(tmp_path / "a.test")) == ["key", "nginx.conf"]


def test_a_directory_with_nothing_for_it(tmp_path):
    """Only a file beside a certificate that is not written now."""
    apply(pem(tmp_path, "a.test/key"))
    path = f"{tmp_path}/a.test/note"
    apply(FileWrite(path=path, content=b"x", mode=0o644, kind="t"))
    assert Path(path).read_bytes() == b"x"


def test_folders_let_in_whom_the_files_let_read(tmp_path):
    """0700, unless a file is for others."""
    apply(pem(tmp_path / "private", "a.test/key"))
    apply(pem(tmp_path / "open", "a.test/key"), pem(tmp_path / "open", "a.test/cert", mode=0o644))
    for folder, mode in (("private", 0o700), ("open", 0o755)):
        for place in (".", "..data/", "a.test/"):
            assert os.stat(f"{tmp_path}/{folder}/{place}").st_mode & 0o777 == mode
    assert (tmp_path / "open/a.test/key").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_folders_belong_to_the_owner_of_the_files(tmp_path):
    """So that the one who reads the files can come to them."""
    write = pem(tmp_path / "d", "a.test/key").replace(uid=1234, gid=2345)
    with stage.Staged([write]) as staged:
        staged.commit()
    for place in ("", "..data/", "a.test/", "a.test/key"):
        found = os.stat(f"{tmp_path}/d/{place}")
        assert (found.st_uid, found.st_gid) == (1234, 2345)


def test_five_hundred_of_them(tmp_path):
    """One more certificate costs one folder: the others are second names of the same files."""
    writes = [pem(tmp_path, f"{number}.test/key", b"%d" % number) for number in range(500)]
    apply(*writes[:-1])
    before = (tmp_path / "7.test/key").stat().st_ino
    assert apply(*writes).written == (writes[-1].path,)
    assert (tmp_path / "7.test/key").stat().st_ino == before
    assert (tmp_path / "499.test/key").read_bytes() == b"499"
    assert len(os.listdir(tmp_path)) == 502


def killed_before(call, *writes):
    """Apply in a child that is killed when it comes to this call for the first time."""

    class Dying(Calls):
        pass

    setattr(Dying, call, staticmethod(lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)))
    child = os.fork()
    if child == 0:
        try:
            apply(*writes, calls=Dying())
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)


def generations(folder):
    return {name for name in os.listdir(folder) if temporary_names.is_generation(name.encode())}


@pytest.mark.parametrize(
    ("mode", "call"),
    [
        *((mode, call) for mode in (0o777, 0o770, 0o1777) for call in ("setxattr", "replace")),
        *((mode, "fsync") for mode in (0o777, 0o770, 0o1777, 0o755)),
        (0o755, "replace"),
    ],
)
def test_a_killed_run_leaves_no_generation_to_anybody(tmp_path, mode, call):
    """Also in a directory that others can write to: the next run knows its own by a mark."""
    tmp_path.chmod(mode)
    apply(pem(tmp_path, "a.test/key", b"old"))
    killed_before(call, pem(tmp_path, "a.test/key"))
    assert len(generations(tmp_path)) == 2
    apply(pem(tmp_path, "a.test/key", b"newer"))
    assert generations(tmp_path) == {generation(tmp_path)}
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("kind", ["unmarked", "another's name", "writable"])
def test_what_others_may_have_given_that_name_stays(tmp_path, kind):
    """In a directory of many anybody can rename what root has in it."""
    tmp_path.chmod(0o777)
    apply(pem(tmp_path, "a.test/key", b"old"))
    forged = tmp_path / temporary_names.generation().decode()
    killed_before("replace", pem(tmp_path, "a.test/key"))
    (stale,) = generations(tmp_path) - {generation(tmp_path)}
    if kind == "another's name":
        (tmp_path / stale).rename(forged)
    else:
        forged.mkdir()
        (forged / "kept").touch()
    if kind == "writable":
        os.setxattr(forged, "user.cycle-exec", forged.name.encode())
        forged.chmod(0o777)
    apply(pem(tmp_path, "a.test/key", b"newer"))
    assert generations(tmp_path) == {generation(tmp_path), forged.name}
    assert os.listdir(forged)


WITH_FEW = f"""
import resource, sys
sys.path.insert(0, {ROOT!r})
from cycle_exec.errors import Refused
from cycle_exec.planning.model import FileWrite
from cycle_exec.system.targets import recovery, stage
folder, limit = sys.argv[1], int(sys.argv[2])
def write(path, **more):
    return FileWrite(path=f"{{folder}}/{{path}}", content=b"new", mode=0o600, kind="t", **more)
pems = [
    write(f"pems/{{name}}/key", directory=f"{{folder}}/pems", domain=name, member="key")
    for name in ("a.test", "b.test", "c.test")
]
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
try:
    with stage.Staged([*pems, write("more/x"), write("y")]) as staged:
        staged.commit()
    print("done")
except Refused as refused:
    print(*sorted({{problem.reason for problem in refused.problems}}), sep=",")
"""


def test_a_run_without_descriptors_leaves_nothing_behind(tmp_path):
    """Whichever it is that cannot be had: no key stays in a staged folder."""
    said = set()
    for limit in range(3, 40):
        folder = tmp_path / str(limit)
        folder.mkdir()
        words = [sys.executable, "-c", WITH_FEW, str(folder), str(limit)]
        done = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
        said.add(done)
        if done == "done":
            assert (folder / "pems/c.test/key").read_bytes() == b"new"
            assert leftovers(folder) == []
        else:
            assert os.listdir(folder) == [], (limit, done)
    assert said == {"done", "too many files are open"}


@pytest.fixture
def deep():
    """Directories in each other, more than a path can name, or Python removes."""
    made = []

    def make(folder, depth=2000):
        made.append(folder)
        folder.mkdir(parents=True)
        at = os.open(folder, os.O_RDONLY)
        for _ in range(depth):
            os.mkdir("a", dir_fd=at)
            below = os.open("a", os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        os.close(at)

    yield make
    subprocess.run(["rm", "-rf", *made], check=True)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("limit", [200, 20_000])
def test_what_is_too_deep_to_remove_is_left(tmp_path, deep, limit):
    """Who owns the directory can put anything there under a name of ours, and no start waits for
    it: there are more directories than descriptors, or than a recursion may have.
    """
    left = tmp_path / "pems/..cycle-exec-0123456789abcdef"
    deep(left)
    for _ in range(2):
        words = [sys.executable, "-c", WITH_FEW, str(tmp_path), str(limit)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr) == ("done\n", "")
        assert (tmp_path / "pems/a.test/key").read_bytes() == b"new"
    assert left.exists()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("limit", [200, 20_000])
def test_what_is_too_deep_to_carry_over_is_refused(tmp_path, deep, limit):
    """In words, and the present files stay."""
    apply(pem(tmp_path / "pems", "a.test/key", b"old"))
    deep(tmp_path / "pems" / generation(tmp_path / "pems") / "a.test/more")
    words = [sys.executable, "-c", WITH_FEW, str(tmp_path), str(limit)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    said = "it has more than 20000 files, or 16 directories in each other\n"
    assert (done.stdout, done.stderr) == (said, "")
    assert (tmp_path / "pems/a.test/key").read_bytes() == b"old"
    assert names(tmp_path / "pems") == ["..data", "a.test"]
    assert len(os.listdir(tmp_path / "pems")) == 3


def test_an_old_generation_that_grows_is_left_for_the_next_run(tmp_path, deep):
    """What is put there after it was carried over ends neither the run nor is it waited for."""
    apply(pem(tmp_path, "a.test/key", b"old"))
    old = tmp_path / generation(tmp_path)

    class Slow(Calls):
        @staticmethod
        def replace(*positional, **named):
            os.replace(*positional, **named)
            deep(old / "a.test/more")

    applied = apply(pem(tmp_path, "a.test/key"), calls=Slow())
    assert len(applied.warnings) == 1
    assert "still has an old generation; the next run tries again" in applied.warnings[0]
    assert (tmp_path / "a.test/key").read_bytes() == b"new"
    assert not (old / "a.test/key").exists()
