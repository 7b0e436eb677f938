"""A mirror on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cycle_exec.planning.model import Layout, Swap
from cycle_exec.system.checks.mirror import Mirror
from cycle_exec.system.checks.view import View
from tests.support.leftovers import leftovers

ROOT = os.geteuid() == 0


def laid_out(top: bytes, place: Path) -> Layout:
    """A file, a link and their directories."""
    folder = os.fsencode(place)
    parents = [folder]
    while parents[-1] != b"/":
        parents.append(os.path.dirname(parents[-1]))
    return Layout(
        top=top,
        folders=tuple(reversed(parents)),
        files={folder + b"/secret": b"new", folder + b"/image.conf": b"rewritten"},
        links={folder + b"/link": top + folder + b"/secret"},
        words=(),
        executable="",
        directory="",
        environ={},
    )


def test_what_is_in_it(tmp_path):
    """Links to what stays, files and directories with the attributes of the real ones."""
    place = tmp_path / "place"
    place.mkdir(mode=0o750)
    (place / "image.conf").write_text("old")
    (place / "image.conf").chmod(0o644)
    (place / "kept").write_text("kept")
    (place / "link").symlink_to("secret")
    staged = place / ".secret.cycle-exec-0123456789abcdef"
    staged.write_text("new")
    staged.chmod(0o600)
    if ROOT:
        os.chown(place, 12345, 12346)
        os.chown(staged, 12345, 12346)
    found = staged.stat()
    swap = Swap(
        folder=os.fsencode(place),
        name=b"secret",
        staged=os.fsencode(staged.name),
        uid=found.st_uid,
        gid=found.st_gid,
        mode=0o600,
    )
    view = View([swap])
    assert view.content(os.fsencode(place / "image.conf"), 100) == b"old"
    with Mirror([os.fsencode(tmp_path)]) as mirror:
        assert os.path.dirname(mirror.top) == os.fsencode(tmp_path)
        mirror.make(laid_out(mirror.top, place), view)
        there = Path(os.fsdecode(mirror.top) + str(place))
        assert sorted(os.listdir(there)) == ["image.conf", "kept", "link", "secret"]
        assert os.readlink(there / "kept") == f"{place}/kept"
        assert (there / "link").read_text() == "new"
        assert (there / "image.conf").read_text() == "rewritten"
        for name, like, mode in (
            (".", place, 0o750),
            ("secret", staged, 0o600),
            ("image.conf", place / "image.conf", 0o644),
        ):
            found, wanted = (there / name).stat(), like.stat()
            assert found.st_mode & 0o777 == mode
            assert (found.st_uid, found.st_gid) == (wanted.st_uid, wanted.st_gid)
        assert os.stat(mirror.top).st_mode & 0o777 == 0o711
    assert sorted(os.listdir(tmp_path)) == ["place"]


@pytest.mark.skipif(not ROOT, reason="whoever is not root can only trust himself")
def test_no_place_that_others_could_change(tmp_path, monkeypatch):
    """Not even a directory of theirs."""
    monkeypatch.setattr("cycle_exec.system.checks.mirror._SHARED", ())
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 12345, 12345)
    (tmp_path / "everybodys").mkdir()
    (tmp_path / "everybodys").chmod(0o777)
    (tmp_path / "odd name").mkdir()
    folders = [os.fsencode(tmp_path / name) for name in ("theirs", "everybodys", "odd name")]
    with Mirror(folders) as mirror:
        assert mirror.top == b""
    (tmp_path / "everybodys").chmod(0o1777)
    with Mirror(folders) as mirror:
        assert mirror.top.startswith(folders[1] + b"/..cycle-exec-")
    assert leftovers(tmp_path) == []


def test_an_error_on_the_way_leaves_nothing(tmp_path):
    """A name in it that is too long, say."""
    place = tmp_path / "place"
    place.mkdir()
    folder = os.fsencode(place)
    swap = Swap(folder=folder, name=b"x" * 300, staged=b"x")

    def fill() -> None:
        with Mirror([folder]) as mirror:
            layout = laid_out(mirror.top, place)
            mirror.make(layout.replace(files={swap.target: b"x"}), View([swap]))

    with pytest.raises(OSError, match="File name too long"):
        fill()
    assert leftovers(tmp_path) == []


def test_which_names_are_seen(tmp_path):
    """Those of our own only if they count, or will."""
    for name in ("..cycle-exec-0000000000000001", "..cycle-exec-0000000000000002"):
        (tmp_path / name).mkdir()
    for name in ("file", ".file.cycle-exec-0000000000000001", ".cycle-exec-lock-0000000000000001"):
        (tmp_path / name).touch()
    (tmp_path / "..data").symlink_to("..cycle-exec-0000000000000001")
    folder = os.fsencode(tmp_path)
    names = [b"..cycle-exec-0000000000000001", b"..data", b"file"]
    assert View([]).names(folder) == names
    new = b"..cycle-exec-0000000000000002"
    swap = Swap(folder=folder, name=b"..data", staged=b"s", link=new)
    assert View([swap]).names(folder) == [new, *names[1:]]
    swap = Swap(folder=folder, name=b"new", staged=b"s")
    assert View([swap]).names(folder) == [*names, b"new"]


def test_files_that_are_not_read(tmp_path):
    """Large ones, empty ones, pipes, links, and those of the kernel."""
    (tmp_path / "file").write_text("text")
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    view = View([])
    found = {
        name: view.content(os.fsencode(tmp_path / name), 4)
        for name in ("file", "empty", "link", "pipe", "none")
    }
    assert found == {"file": b"text", "empty": None, "link": None, "pipe": None, "none": None}
    assert view.content(os.fsencode(tmp_path / "file"), 3) is None
    assert view.content(b"/proc/self/status", 1 << 20) is None
