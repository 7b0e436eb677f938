"""When the platform is asked again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.resident.schedule import (
    DAY,
    Pace,
    Schedule,
    expiry_look,
    reconnect_delay,
)

PACE = Pace(debounce=2.0, longest=30.0, splay=1.5)
POLLING = Pace(debounce=2.0, longest=30.0, splay=0.0, interval=60.0)


def test_nothing_is_waited_for_at_first():
    """No look without a reason."""
    assert Schedule().due(PACE) is None


def test_a_notification_is_followed_by_quiet_and_the_splay():
    """Two seconds after the last one, then this instance's share."""
    schedule = Schedule().notified(100.0)
    assert schedule.due(PACE) == 103.5
    assert schedule.notified(101.0).due(PACE) == 104.5


def test_without_any_quiet_the_longest_wait_ends_it():
    """Half a minute after the first."""
    schedule = Schedule()
    for moment in range(100, 200):
        schedule = schedule.notified(float(moment))
    assert schedule.due(PACE) == 131.5


def test_a_look_that_went_well_settles_everything():
    """But for the next poll and the certificates."""
    schedule = Schedule().notified(1.0).failed(5.0, 1.0).looked(10.0, PACE, 999.0)
    assert schedule == Schedule(expiry=999.0)


def test_a_look_that_failed_is_tried_again_later_each_time():
    """From two seconds to half a minute; news is looked at however many have failed."""
    schedule = Schedule().notified(0.0)
    waits = []
    for _ in range(7):
        schedule = schedule.failed(0.0, 1.0)
        waits.append(schedule.due(PACE))
    assert waits == [2, 4, 8, 16, 30, 30, 30]
    assert schedule.notified(1.0).due(PACE) == 4.5
    assert Schedule().failed(0.0, 0.0).due(PACE) == 1.0


def test_polling_is_for_when_nobody_tells():
    """From the moment on that there is no connection, until there is one."""
    alone = Schedule().alone(10.0, POLLING)
    assert alone.due(POLLING) == 70.0
    assert alone.alone(20.0, POLLING) == alone
    assert alone.looked(70.0, POLLING, None).due(POLLING) == 130.0
    connected = alone.connected(15.0, POLLING)
    assert connected.poll is None
    assert connected.due(POLLING) == 17.0  # what happened before is found out
    # A connection that is made again and again is no news.
    assert connected.connected(16.0, POLLING).due(POLLING) == 17.0
    assert Schedule().alone(10.0, PACE).due(PACE) is None
    assert alone.failed(70.0, 1.0).due(POLLING) == 72.0


def test_a_certificate_asks_by_itself():
    """When fewer days are left than wanted, then twice a day."""
    assert expiry_look([], 0.0) is None
    assert expiry_look([53 * DAY, 23 * DAY], 0.0) == 23 * DAY
    assert expiry_look([-4 * DAY], 0.0) == DAY / 2
    assert Schedule(expiry=5.0).due(PACE) == 5.0


@pytest.mark.parametrize(("failures", "longest"), [(0, 0.5), (3, 4.0), (4, 8.0), (99, 8.0)])
def test_reconnecting_slows_down(failures, longest):
    """Up to eight seconds, with jitter."""
    assert reconnect_delay(failures, 1.0) == longest
    assert reconnect_delay(failures, 0.0) == longest / 2


MOMENTS = st.lists(st.floats(0, 1000), min_size=1, max_size=30).map(sorted)


@given(MOMENTS, st.floats(0.01, 10), st.floats(0.01, 60), st.floats(0, 10))
def test_a_look_is_never_before_the_news_nor_later_than_promised(moments, debounce, longest, splay):
    """Between the first notification and the longest wait after it, with the splay."""
    pace = Pace(debounce=debounce, longest=longest, splay=splay)
    schedule = Schedule()
    for moment in moments:
        schedule = schedule.notified(moment)
    due = schedule.due(pace)
    assert due is not None
    assert moments[0] <= due <= moments[0] + longest + splay + 1e-6
