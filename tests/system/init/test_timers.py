"""Timers by name."""

from __future__ import annotations

import signal

import pytest

from cycle_exec.system.init.timers import Timers


@pytest.fixture(autouse=True)
def blocked():
    """SIGALRM waits until it is fetched."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.sigtimedwait([signal.SIGALRM], 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_each_is_due_in_its_time():
    """In their order; one that is set again or ended counts as it was set last."""
    timers = Timers()
    timers.set("late", 3600.0)
    timers.set("second", 0.03)
    timers.set("first", 0.01)
    timers.set("ended", 0.02)
    timers.set("ended", 0)
    assert timers.over() == ""
    found: list[str] = []
    while len(found) < 2:
        signal.sigwaitinfo([signal.SIGALRM])
        while name := timers.over():
            found.append(name)
    assert found == ["first", "second"]
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 3000
    timers.set("late", 0)
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_an_alarm_that_comes_early_comes_again():
    """The kernel's timer rings once."""
    timers = Timers()
    timers.set("late", 3600.0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert timers.over() == ""
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 3000


def test_one_that_is_over_may_end_the_next():
    """They are handed out one at a time, and one that was set anew meanwhile is not over."""
    timers = Timers()
    for name in ("first", "second", "third"):
        timers.set(name, 0.001)
    signal.sigwaitinfo([signal.SIGALRM])
    assert timers.over() == "first"
    timers.set("second", 3600.0)
    timers.set("third", 0)
    assert timers.over() == ""
