"""The channel between watcher and supervisor: nothing is lost, torn, or taken twice."""

from __future__ import annotations

import errno
import os

import pytest

from cycle_exec.system.init.channel import SupervisorEnd, WatcherEnd, content, pair, sealed


@pytest.fixture
def ends():
    """Both ends of a channel."""
    above, below = pair()
    supervisor, watcher = SupervisorEnd(above), WatcherEnd(below)
    yield supervisor, watcher
    supervisor.close()
    watcher.close()


def test_messages_arrive_whole_in_order_and_once(ends):
    """However many wait, each with its own memory."""
    supervisor, watcher = ends
    for number in range(50):
        watcher.give(
            b"%d" % number * 100_000, asks=("", "restart", "ready")[number % 3], signals=("HUP",)
        )
    for number in range(50):
        found = supervisor.take()
        assert (found.number, found.asks) == (number + 1, ("", "restart", "ready")[number % 3])
        assert found.signals == ("HUP",)
        assert not os.get_inheritable(found.descriptor)
        assert content(found.descriptor) == b"%d" % number * 100_000
        # It can be read as often as one likes.
        assert content(found.descriptor) == b"%d" % number * 100_000
        os.close(found.descriptor)
    assert supervisor.take() is None


def test_facts_come_with_nothing_else(ends):
    """They hand over nothing, and are counted like every message."""
    supervisor, watcher = ends
    assert watcher.tell("1 - - - - -")
    watcher.give(b"plan")
    found = supervisor.take()
    assert (found.number, found.descriptor, found.asks, found.signals) == (1, -1, "", ())
    assert found.facts == "1 - - - - -"
    handed = supervisor.take()
    assert (handed.number, handed.facts) == (2, "")
    os.close(handed.descriptor)
    while watcher.tell("x" * 3000):
        # Nobody takes them: whoever tells never waits.
        pass


@pytest.mark.parametrize("seals", [True, False])
def test_what_is_handed_over_cannot_be_changed(monkeypatch, seals):
    """By nobody, once it is written; also where it is shared memory, which knows no seals."""
    if not seals:
        monkeypatch.delattr(os, "memfd_create")
    before = len(os.listdir("/proc/self/fd"))
    descriptor = sealed(b"plan")
    try:
        for change in (
            lambda: os.pwrite(descriptor, b"x", 0),
            lambda: os.ftruncate(descriptor, 0),
            lambda: os.ftruncate(descriptor, 10),
        ):
            with pytest.raises(OSError) as caught:
                change()
            assert caught.value.errno in (errno.EPERM, errno.EBADF, errno.EINVAL)
        assert content(descriptor) == b"plan"
        assert not os.get_inheritable(descriptor)
        assert os.fstat(descriptor).st_nlink == 0
        assert len(os.listdir("/proc/self/fd")) == before + 1
    finally:
        os.close(descriptor)


def test_a_message_that_is_not_new_is_none():
    """As of a watcher that begins to count anew."""
    above, below = pair()
    supervisor, watcher = SupervisorEnd(above, 5), WatcherEnd(below, 3)
    before = len(os.listdir("/proc/self/fd"))
    for number in (4, 5, 6):
        watcher.give(b"plan %d" % number, asks="restart")
    found = supervisor.take()
    assert found is not None
    assert found.number == 6
    assert supervisor.take() is None
    os.close(found.descriptor)
    assert len(os.listdir("/proc/self/fd")) == before
    supervisor.close()
    watcher.close()


@pytest.mark.parametrize("was_asked", [False, True])
def test_what_was_said_before_an_end_is_heard(ends, was_asked):
    """A watcher that dies has said what it has said, whether or not it has read all."""
    supervisor, watcher = ends
    watcher.give(b"last", asks="restart")
    if was_asked:
        supervisor.prepare()
    watcher.close()
    found = supervisor.take()
    assert found is not None
    assert content(found.descriptor) == b"last"
    os.close(found.descriptor)
    assert supervisor.take() is None


def test_the_other_way(ends):
    """A request, nothing, and the end."""
    supervisor, watcher = ends
    assert watcher.hears() == ""
    supervisor.prepare()
    assert watcher.hears() == "prepare"
    supervisor.close()
    assert watcher.hears() == "gone"
