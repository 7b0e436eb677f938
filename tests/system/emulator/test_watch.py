"""Files that change are noticed, once they are whole."""

from __future__ import annotations

import os
import time

import pytest

from cycle_exec.system.emulator.watch import Watch
from tests.support.waiting import PATIENCE


def until(found) -> None:
    end = time.monotonic() + PATIENCE
    while not found():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def watched(tmp_path):
    path = tmp_path / "file"
    path.write_text("first")
    watch = Watch()
    watch.add(str(path))
    return watch, path


def test_a_file_that_stays_as_it_is_has_not_changed(watched):
    """Reading is no change."""
    watch, path = watched
    path.read_text()
    assert not watch.changed()
    assert not watch.settled()


def replaced(path):
    path.with_name("new").write_text("first")
    os.rename(path.with_name("new"), path)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("second"),
        lambda path: path.write_text("other"),
        lambda path: os.utime(path, ns=(1, 1)),
        replaced,
    ],
    ids=["other size", "same size", "other time", "same text, another file"],
)
def test_a_change_is_seen_at_once_and_settles_after_a_while(watched, change):
    """By size, time or identity; a change that is read again is none any more."""
    watch, path = watched
    time.sleep(0.01)  # so that the clock of the file system has gone on
    change(path)
    assert watch.changed()
    assert not watch.settled()
    until(watch.settled)
    watch.forget()
    assert not watch.changed()
    watch.add(str(path))
    assert not watch.changed()
    assert not watch.settled()


@pytest.mark.parametrize(
    "change", [lambda path: path.write_text(""), os.unlink], ids=["empty", "gone"]
)
def test_what_is_empty_or_gone_has_to_settle(watched, change):
    """It may be in the middle of being rewritten."""
    watch, path = watched
    change(path)
    assert not watch.changed()
    until(watch.settled)
    path.write_text("whole again")
    assert watch.changed()


def test_a_file_that_goes_on_changing_does_not_settle(watched):
    """A long write is waited for."""
    watch, path = watched
    for number in range(20):
        path.write_text("x" * (number + 10))
        assert not watch.settled()
        time.sleep(0.005)
    until(watch.settled)


def test_a_file_that_was_missing_may_come(tmp_path):
    """It is watched by its path."""
    watch = Watch()
    watch.add(str(tmp_path / "later"))
    assert not watch.changed()
    (tmp_path / "later").write_text("here")
    assert watch.changed()
