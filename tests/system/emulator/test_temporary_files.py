"""Files that live as long as their process."""

from __future__ import annotations

import os

import pytest

from cycle_exec.errors import Refused
from cycle_exec.system.emulator import temporary_files


def test_a_folder_is_private_and_short_enough(tmp_path):
    """0700, below TMPDIR unless a socket's path would not fit there."""
    folder = temporary_files.folder(str(tmp_path), "api.sock")
    assert os.stat(folder).st_mode & 0o7777 == 0o700
    assert os.path.dirname(folder) == str(tmp_path)
    temporary_files.remove_folder(folder)
    assert not os.path.exists(folder)
    elsewhere = temporary_files.folder(str(tmp_path / ("x" * 100)), "api.sock")
    assert os.path.dirname(elsewhere) == "/tmp"
    temporary_files.remove_folder(elsewhere)


def test_a_folder_needs_its_place(tmp_path):
    """A TMPDIR that is not there refuses."""
    with pytest.raises(Refused) as refused:
        temporary_files.folder(str(tmp_path / "no"), "api.sock")
    assert refused.value.code == 73


def test_publishing_replaces_and_never_follows(tmp_path):
    """A link at the path is replaced, what it named is left alone."""
    kept = tmp_path / "kept"
    kept.write_text("old")
    target = tmp_path / "ca.pem"
    target.symlink_to(kept)
    mask = os.umask(0o077)
    try:
        temporary_files.publish(str(target), b"new", 0o644)
    finally:
        os.umask(mask)
    assert (target.is_symlink(), target.read_text(), kept.read_text()) == (False, "new", "old")
    assert target.stat().st_mode & 0o7777 == 0o644
    assert sorted(os.listdir(tmp_path)) == ["ca.pem", "kept"]


def test_publishing_where_nothing_can_be_written_refuses(tmp_path):
    """The folder must be there, and nothing of ours stays behind."""
    with pytest.raises(Refused) as refused:
        temporary_files.publish(str(tmp_path / "no" / "file"), b"", 0o600)
    assert [problem.kind for problem in refused.value.problems] == ["target-failed"]


def test_a_stamp_follows_the_file(tmp_path):
    """It changes with the file, and is empty where there is none."""
    file = tmp_path / "state"
    assert temporary_files.stamp(str(file)) == temporary_files.stamp("a\0b") == ()
    file.write_text("a")
    first = temporary_files.stamp(str(file))
    assert first == temporary_files.stamp(str(file)) != ()
    file.write_text("ab")
    assert temporary_files.stamp(str(file)) != first


def test_removing_twice_is_no_problem(tmp_path):
    """What is gone is gone."""
    temporary_files.remove(str(tmp_path / "no"))
    temporary_files.remove_folder(str(tmp_path / "no"))
