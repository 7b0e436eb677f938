"""What a check is shown cannot be exchanged by whoever owns the directory of a target."""

from __future__ import annotations

import os
import stat

import pytest

from cycle_exec.planning.model import Swap
from cycle_exec.system.checks import namespace
from cycle_exec.system.checks.view import View
from tests.support import seccomp
from tests.support.hostile import hostile
from tests.support.launching import Ground

OTHER = 1234


@pytest.fixture
def folder(tmp_path):
    """Of another user, with the names that he exchanges."""
    (tmp_path / "secret").mkdir(mode=0o700)
    (tmp_path / "secret/file").write_text("root's")
    home = tmp_path / "home"
    home.mkdir()
    (home / "file").write_text("his")
    (home / "directory").mkdir()
    (home / "link").symlink_to(tmp_path / "secret/file")
    (home / "way").symlink_to(tmp_path / "secret")
    return home


@pytest.mark.parametrize(
    ("name", "is_folder"), [("link", False), ("way", True), ("file", True), ("directory", False)]
)
def test_a_name_that_is_another_thing_by_now_is_not_shown(folder, tmp_path, name, is_folder):
    """A mount of what a link leads to would show it to who may not enter the directories above."""
    at = os.open(folder, os.O_PATH)
    place = tmp_path / "place"
    with pytest.raises(OSError, match="exchanged"):
        namespace._bind(
            namespace._Kernel(), at, name.encode(), os.fsencode(place), is_folder=is_folder
        )
    os.close(at)
    assert not place.exists()


def test_a_way_that_is_a_link_by_now_is_not_gone(folder):
    """The directory is opened name by name."""
    at = namespace._opened(os.fsencode(folder))
    assert os.path.samestat(os.fstat(at), folder.stat())
    os.close(at)
    for path in (folder / "way", folder / "way/inner", folder / "file"):
        with pytest.raises(OSError, match="directory"):
            namespace._opened(os.fsencode(path))


def test_a_copy_belongs_to_whom_the_target_will_belong(folder):
    """Not to whom the staged file belongs by now; what was read, to whom it belonged then."""
    swap = Swap(
        folder=os.fsencode(folder),
        name=b"target",
        staged=b"file",
        content=b"new",
        uid=0,
        gid=0,
        mode=0o600,
    )
    (folder / "file").chmod(0o644)
    view = View([swap])
    assert view.content(swap.target, 100) == b"new"
    assert view.attributes(swap.target) == (0, 0, 0o600)
    path = os.fsencode(folder / "file")
    assert view.content(path, 100) == b"his"
    (folder / "file").chmod(0o666)
    assert view.attributes(path) == (os.geteuid(), os.getegid(), 0o644)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root shows files to others")
@pytest.mark.parametrize("sandbox", [None, lambda: seccomp.refuse(("unshare",), 1)])
def test_a_copy_is_as_closed_as_its_target(tmp_path, sandbox):
    """Seen by the check itself, in a namespace and in a mirror: content, owner and mode."""
    ground = Ground(tmp_path)
    target, seen = ground.folder / "secret.conf", tmp_path / "seen"
    template = ground.template("include {{ variables.PLAIN }} ")
    words = f'"sh", "-c", "cat $0 >{seen}; stat -Lc \'%u %a\' $0 >>{seen}", "{{{{ staged }}}}"'
    manifest = ground.manifest(
        f"""
        [[templates]]
        source = "{template}"
        target = "{target}"
        owner = "{OTHER}"
        mode = "0640"
        check = [{words}]
        """
    )
    with hostile(variables={"PLAIN": "x"}) as api:
        ran = ground.launch(api, "--manifest", manifest, before=sandbox)
    assert ran.code == 0, ran
    assert seen.read_text() == f"include x {OTHER} 640\n"
    assert (target.stat().st_uid, stat.S_IMODE(target.stat().st_mode)) == (OTHER, 0o640)
