"""Steps on the way to a target that somebody else could redirect, and those that nobody can."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cycle_exec.errors import Refused
from cycle_exec.launching import apply as apply_stage
from cycle_exec.planning.model import FileWrite, Plan
from cycle_exec.system import files
from cycle_exec.system.targets import obstacles, route, stage
from cycle_exec.system.targets.calls import Calls
from tests.support import machine

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root is led astray")
APP, OTHER = 1234, 4321


def write(path, content=b"new", **more):
    return FileWrite(path=str(path), content=content, mode=0o600, kind="a test", **more)


def pem(folder, domain, content=b"new", **more):
    path = f"{folder}/{domain}/key"
    names = {"directory": str(folder), "domain": domain, "member": "key"}
    return write(path, content, **names, **more).replace(kind="certificate")


def apply(*writes):
    with stage.Staged(writes) as staged:
        return staged.commit()


def refusal(*writes):
    with pytest.raises(Refused) as caught:
        apply(*writes)
    [problem] = caught.value.problems
    assert (problem.kind, caught.value.code) == ("target-refused", 73)
    return problem


def make(path, owner, mode=0o755):
    path.mkdir()
    os.chown(path, owner, owner)
    path.chmod(mode)
    return path


def link(path, text, owner):
    path.symlink_to(text)
    os.lchown(path, owner, owner)
    return path


@pytest.fixture
def home(tmp_path):
    tmp_path.chmod(0o755)
    return make(tmp_path / "home", APP)


@pytest.fixture
def secret(tmp_path):
    folder = make(tmp_path / "secret", 0, 0o700)
    (folder / "config").write_bytes(b"root's")
    return folder


def untouched(folder):
    assert os.listdir(folder) == ["config"]
    assert (folder / "config").read_bytes() == b"root's"
    found = folder.stat()
    assert (found.st_uid, found.st_mode & 0o777) == (0, 0o700)
    return True


@pytest.mark.parametrize("text", ["absolute", "../secret", "sub/../../secret", "hop"])
def test_a_link_in_a_directory_of_the_app_leads_root_nowhere(home, secret, text):
    """Neither a file nor a directory nor a generation is made behind it, and the step is named."""
    make(home / "sub", APP)
    if text == "hop":
        link(home / "hop", secret, APP)
    link(home / "conf", secret if text == "absolute" else text, APP)
    for target in ("conf/config", "conf/new", "conf/made/new"):
        problem = refusal(write(home / target, uid=APP, gid=APP))
        assert f"the step from {home}" in problem.reason
        assert f"user {APP} can redirect it to what belongs to root" in problem.reason
        assert problem.fix
    refusal(pem(home / "conf", "a.test", uid=APP, gid=APP))
    assert untouched(secret)


def test_a_link_of_the_app_in_a_directory_of_root_leads_nowhere(tmp_path, secret):
    """Anybody can make one in a sticky directory such as /tmp."""
    shared = make(tmp_path / "shared", 0, 0o1777)
    link(shared / "conf", secret, APP)
    problem = refusal(write(shared / "conf/config"))
    assert problem.reason.startswith(f"the step from {shared}/conf to / is unsafe")
    # Never that the root directory should be given away.
    assert problem.fix == (
        f"remove the symbolic link {shared}/conf, or use a path whose directories and links all "
        "belong to root"
    )
    assert untouched(secret)


def test_a_directory_of_root_below_one_of_the_app(home):
    """The app could have moved it there."""
    make(home / "roots", 0)
    problem = refusal(write(home / "roots/config"))
    assert problem.reason == (
        f"the step from {home} to {home}/roots is unsafe: user {APP} can redirect it to what "
        "belongs to root"
    )
    assert f"chown {home}/roots to user {APP}" in problem.fix
    os.chown(home / "roots", APP, APP)
    apply(write(home / "roots/config"))


BELOW_A_MOUNT = f"""
import subprocess, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from cycle_exec.errors import Refused
from cycle_exec.planning.model import FileWrite
from cycle_exec.system.targets import stage
folder, options = sys.argv[1:]
subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True)
write = FileWrite(path=f"{{folder}}/config", content=b"new", mode=0o600, kind="t")
try:
    with stage.Staged([write]) as staged:
        staged.commit()
    print("written")
except Refused as refused:
    print(*(f"{{problem.reason}}: {{problem.fix}}" for problem in refused.problems))
"""


def test_a_mount_of_root_below_a_directory_of_the_app(home):
    """The app cannot exchange a mount point here, but whoever can rename the directory below it in
    another container takes the mount along.
    """
    machine.need_mounts()
    make(home / "volume", APP)

    def told(options):
        words = [sys.executable, "-I", "-S", "-c", BELOW_A_MOUNT, home / "volume", options]
        done = subprocess.run([*machine.MOUNTS, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    refused = told("mode=755")
    assert refused.startswith(f"the step from {home} to {home}/volume is unsafe: user {APP} can")
    assert f"chown {home}/volume to user {APP}" in refused
    # What the fix says.
    assert told(f"mode=755,uid={APP}") == "written"


@pytest.mark.parametrize("mode", [0o775, 0o777, 0o1777])
def test_a_link_of_root_counts_where_only_root_can_change_it(tmp_path, mode):
    """In a directory that others can write to it may have been put there."""
    place = make(tmp_path / "etc", 0)
    make(tmp_path / "real", 0)
    (place / "conf").symlink_to("../real")
    apply(write(place / "conf/config"))
    assert (tmp_path / "real/config").read_bytes() == b"new"
    place.chmod(mode)
    problem = refusal(write(place / "conf/config", b"newer"))
    assert "a symbolic link in a directory that other users can change" in problem.reason
    assert (tmp_path / "real/config").read_bytes() == b"new"


def test_links_of_the_app_to_what_is_its_own_are_followed(home):
    """Nothing is there that it could not change itself."""
    make(home / "a", APP)
    link(home / "b", "a", APP)
    apply(write(home / "b/config", uid=APP, gid=APP))
    assert (home / "a/config").stat().st_uid == APP


def test_a_directory_that_is_made_in_one_of_the_app_belongs_to_it(home):
    """Or the next start could not enter it."""
    for content in (b"one", b"two"):
        apply(write(home / "made/deep/config", content))
        assert (home / "made/deep/config").read_bytes() == content
    assert [(home / name).stat().st_uid for name in ("made", "made/deep")] == [APP, APP]
    assert (home / "made").stat().st_mode & 0o777 == 0o700
    assert (home / "made/deep/config").stat().st_uid == 0
    assert "is unsafe" in refusal(write(home / "theirs/config", uid=OTHER)).reason
    assert not (home / "theirs").exists()


def test_a_certificate_directory_of_the_app_keeps_its_generations(home):
    """They belong to it like the directory, are carried over, and old ones go."""
    for number in range(3):
        apply(pem(home, "a.test", b"%d" % number))
        apply(pem(home, f"{number}.test"))
    assert (home / "a.test/key").read_bytes() == b"2"
    assert (home / "0.test/key").read_bytes() == b"new"
    generations = [path for path in home.iterdir() if path.name.startswith("..cycle-exec-")]
    assert [path.stat().st_uid for path in generations] == [APP]


def test_a_foreign_directory_is_no_generation(home, secret):
    """The app points the link of its directory to what it has no right to read or to remove."""
    victim = make(home / "..cycle-exec-0123456789abcdef", 0, 0o700)
    make(victim / "b.test", 0, 0o755)
    (victim / "b.test/key").write_bytes(b"root's")
    link(home / "..data", victim.name, APP)
    apply(pem(home, "a.test", uid=APP, gid=APP))
    assert (home / "a.test/key").read_bytes() == b"new"
    assert not (home / "..data/b.test").exists()
    assert (victim / "b.test/key").read_bytes() == b"root's"
    apply(pem(home, "a.test", b"newer", uid=APP, gid=APP))
    assert (victim / "b.test/key").read_bytes() == b"root's"


def test_what_the_app_moves_into_a_generation_of_its_own_is_not_removed(home):
    """A directory of root inside one of the app: it may move the outer one, no more."""
    apply(pem(home, "a.test", uid=APP, gid=APP))
    outer = make(home / "outer", APP)
    make(outer / "inner", 0, 0o700)
    (outer / "inner/file").write_bytes(b"root's")
    moved = home / os.readlink(home / "..data") / "a.test" / "outer"
    outer.rename(moved)
    applied = apply(pem(home, "a.test", b"newer", uid=APP, gid=APP))
    assert any("old generation" in line for line in applied.warnings)
    assert (moved / "inner/file").read_bytes() == b"root's"
    assert not (home / "a.test/outer/inner/file").exists()


def test_it_is_found_out_before_anything_is_asked(home, secret):
    """Preflight goes the same way."""
    link(home / "conf", secret, APP)
    [problem] = obstacles.of([f"{home}/conf/deep/config"])
    assert "is unsafe" in problem.reason
    assert obstacles.of([f"{home}/new/config"]) == []


def test_removing_goes_the_same_way(home, secret):
    """What the last good copy is removed by."""
    link(home / "conf", secret, APP)
    with pytest.raises(files.Unreadable, match="is unsafe"):
        files.remove(f"{home}/conf/config")
    assert untouched(secret)
    (home / "copy").write_bytes(b"x")
    files.remove(f"{home}/copy")
    assert not (home / "copy").exists()


class Exchanging(Calls):
    """Another directory of root stands where one has just been made, before it is opened."""

    def __init__(self, victim):
        self.victim = victim

        def mkdir(name, mode, *, dir_fd):
            os.mkdir(name, mode, dir_fd=dir_fd)
            os.rename(name, b"aside", src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
            os.rename(victim, name, dst_dir_fd=dir_fd)

        setattr(self, "mkdir", mkdir)  # noqa: B010 - its type is narrower


@pytest.mark.parametrize("what", ["content", "mode", "owner"])
@pytest.mark.parametrize("target", ["a directory", "a generation"])
def test_what_was_exchanged_is_not_given_away(home, tmp_path, what, target):
    """It is looked at again, by descriptor."""
    victim = make(tmp_path / "victim", OTHER if what == "owner" else 0, 0o700)
    if what == "content":
        (victim / "file").write_bytes(b"root's")
    if what == "mode":
        victim.chmod(0o755)
    before = victim.stat()
    targets = (
        [write(home / "made/config", uid=APP, gid=APP)]
        if target == "a directory"
        else [pem(home, "a.test", uid=APP, gid=APP)]
    )
    with pytest.raises(Refused) as caught, stage.Staged(targets, Exchanging(victim)):
        pass
    assert "was replaced by another directory" in caught.value.problems[0].reason
    # An empty one may be gone: whoever moved it there could remove it, too.
    left = [path for path in home.iterdir() if path.stat().st_ino == before.st_ino]
    assert len(left) == (what == "content")
    for moved in left:
        after = moved.stat()
        assert (after.st_uid, after.st_mode) == (before.st_uid, before.st_mode)
        assert os.listdir(moved) == ["file"]


def test_private_is_what_nobody_else_can_change_or_exchange(tmp_path):
    """Every directory on the way counts."""
    tmp_path.chmod(0o755)
    way = route.Route(Calls())

    def is_private(path):
        folder = way.existing(os.fsencode(path))
        try:
            return way.is_private(folder)
        finally:
            os.close(folder.descriptor)

    deep = make(make(tmp_path / "a", 0) / "b", 0)
    assert is_private(deep)
    (tmp_path / "a").chmod(0o1777)
    assert is_private(deep)
    assert not is_private(tmp_path / "a")
    (tmp_path / "a").chmod(0o777)
    assert not is_private(deep)
    (tmp_path / "a").chmod(0o755)
    deep.chmod(0o775)
    assert not is_private(deep)
    os.chown(deep, APP, APP)
    deep.chmod(0o755)
    assert not is_private(deep)
    assert not is_private(Path("/tmp"))


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        (("home",), True),
        (("home", "root"), False),
        (("root",), False),
        (("group", "home"), True),
        (("root/new",), False),
    ],
)
def test_what_a_kill_can_leave_is_said_beforehand(home, folders, said):
    """Where no directory of the targets is ours alone nothing mends it."""
    make(home.parent / "root", 0)
    make(home.parent / "group", 0, 0o775)
    writes = tuple(write(home.parent / folder / name) for folder in folders for name in "ab")
    plan = Plan(environ={}, sources={}, writes=writes)
    found = apply_stage.mixture(plan)
    assert bool(found) == said
    if said:
        assert "can leave old and new ones" in found
    assert not apply_stage.mixture(plan.replace(writes=writes[:1]))


def test_a_directory_that_will_be_given_away_is_not_ours(home):
    """It is made for the app."""
    writes = tuple(write(home.parent / "new" / name, uid=APP) for name in "ab")
    assert apply_stage.mixture(Plan(environ={}, sources={}, writes=writes))
