"""Retry decisions: what is asked again, when, and never past the deadline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.secret import SecretBytes
from cycle_exec.sources.model import Failure, Response
from cycle_exec.sources.retry import BASE, BRIEF, BRIEF_TRIES, CAP, briefly, delay, patiently

DATE = "Sun, 06 Nov 1994 08:49:37 GMT"

RETRIED = [
    Failure(kind=kind) for kind in ("missing", "refused", "full", "exhausted", "dropped", "timeout")
]
FINAL = [
    Failure(kind=kind)
    for kind in ("forbidden", "unusable", "malformed", "too-large", "unhealthy", "abandoned")
]
draws = st.floats(0, 1, exclude_max=True)


def answer(status, **headers):
    pairs = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status=status, headers=pairs, body=SecretBytes(b""))


@pytest.mark.parametrize("failure", RETRIED, ids=lambda failure: failure.kind)
def test_a_failure_that_may_pass_is_tried_again(failure):
    """A socket that is not there yet, a cut answer and a slow attempt are asked again."""
    assert delay(failure, 1, 30.0, 0.5) == 0.025


@pytest.mark.parametrize("failure", FINAL, ids=lambda failure: failure.kind)
def test_a_failure_that_stays_is_final(failure):
    """What another try cannot mend is final."""
    assert delay(failure, 1, 30.0, 0.5) is None


@given(st.integers(100, 599))
def test_only_429_and_5xx_are_tried_again(status):
    """Of all answers only 429 and 5xx are asked again."""
    expected = 0.025 if status == 429 or status >= 500 else None
    assert delay(answer(status), 1, 30.0, 0.5) == expected


@pytest.mark.parametrize(
    ("attempt", "window"),
    [(1, 0.05), (2, 0.1), (3, 0.2), (4, 0.4), (5, 0.8), (6, 1.6), (7, 2.0), (8, 2.0), (10**6, 2.0)],
)
def test_the_window_doubles_to_its_cap(attempt, window):
    """Waits are drawn from the whole window, which doubles from 50 ms up to 2 s."""
    failure = RETRIED[0]
    assert delay(failure, attempt, 30.0, 0.0) == 0.0
    assert delay(failure, attempt, 30.0, 0.5) == pytest.approx(window / 2)
    assert delay(failure, attempt, 30.0, 0.999999) == pytest.approx(window, rel=1e-5)


@given(st.sampled_from([*RETRIED, answer(503)]), st.integers(1, 40), st.floats(-5, 60), draws)
def test_a_wait_fits_between_now_and_the_deadline(outcome, attempt, left, draw):
    """A wait is never negative, never over the cap and never past the deadline."""
    wait = delay(outcome, attempt, left, draw)
    if left < BASE:
        assert wait is None
    else:
        assert wait is not None
        assert 0 <= wait <= min(CAP, left)


def test_a_fleet_spreads_its_tries():
    """Evenly drawn numbers give evenly spread waits: full jitter."""
    waits = [delay(answer(503), 6, 30.0, number / 1000) or 0.0 for number in range(1000)]
    for start in range(16):
        within = [wait for wait in waits if start / 10 <= wait < (start + 1) / 10]
        assert 55 <= len(within) <= 70


def test_an_api_that_comes_up_late_is_still_asked():
    """Near the deadline the window shrinks with the time that is left, so one more try is made."""
    assert delay(Failure(kind="missing"), 9, 1.0, 0.99) == pytest.approx(0.99)
    assert delay(Failure(kind="missing"), 9, 0.04, 0.0) is None


@given(st.integers(1, 20), draws, st.sampled_from([429, 500, 503]))
def test_retry_after_is_the_least_wait(seconds, draw, status):
    """An answer that names seconds is not asked again before, and jitter comes on top."""
    wait = delay(answer(status, retry_after=str(seconds)), 1, 30.0, draw)
    assert wait == pytest.approx(seconds + draw * 0.05)


@pytest.mark.parametrize("value", ["30", "31", "99999999999", "9" * 5000])
def test_retry_after_past_the_deadline_is_final(value):
    """Waiting for a moment past the deadline would only waste time, so it ends at once."""
    assert delay(answer(503, retry_after=value), 1, 30.0, 0.0) is None


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "+3", "0x10", "²", "1 000"])
def test_retry_after_in_no_known_form_is_ignored(value):
    """A Retry-After that is neither seconds nor a date counts as none."""
    assert delay(answer(503, retry_after=value), 1, 30.0, 0.5) == 0.025


@given(
    st.datetimes(min_value=datetime(1600, 1, 1), max_value=datetime(9990, 1, 1)),
    st.integers(0, 20),
)
@example(datetime(2027, 12, 31, 23, 59, 50), 20)
@example(datetime(2028, 2, 28, 23, 59, 50), 20)
def test_retry_after_as_a_date_counts_from_the_answers_own(moment, seconds):
    """A date is taken relative to the answer's Date, as any calendar would."""
    now = moment.replace(tzinfo=UTC, microsecond=0)
    later = now + timedelta(seconds=seconds)
    headers = {
        "date": format_datetime(now, usegmt=True),
        "retry_after": format_datetime(later, usegmt=True),
    }
    assert delay(answer(503, **headers), 1, 30.0, 0.0) == seconds


@pytest.mark.parametrize(
    "date",
    [
        None,
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 19x4 08:49:37 GMT",
    ],
)
def test_a_date_is_ignored_when_the_answers_own_is_unknown(date):
    """Without a readable Date there is nothing to count from, so the date counts as none."""
    headers = {"retry_after": DATE} | ({"date": date} if date else {})
    assert delay(answer(503, **headers), 1, 30.0, 0.5) == 0.025
    swapped = {"date": DATE, "retry_after": date or ""}
    assert delay(answer(503, **swapped), 1, 30.0, 0.5) == 0.025


def test_a_date_in_the_past_means_now():
    """A Retry-After before the answer's own Date asks for no wait."""
    past = answer(503, date=DATE, retry_after="Sun, 06 Nov 1994 08:49:30 GMT")
    assert delay(past, 1, 30.0, 0.0) == 0.0


def test_the_first_retry_after_counts():
    """Of several Retry-After headers the first one is honoured."""
    headers = (("retry-after", "3"), ("retry-after", "9"))
    twice = Response(status=503, headers=headers, body=SecretBytes(b""))
    assert delay(twice, 1, 30.0, 0.0) == 3.0


@given(st.text(max_size=40), st.text(max_size=40), draws)
def test_no_header_breaks_the_decision(value, date, draw):
    """Whatever the headers hold, the decision is a wait within the time left, or final."""
    wait = delay(answer(503, retry_after=value, date=date), 3, 10.0, draw)
    assert wait is None or 0 <= wait <= 10.0


@example(0.0, 3, 0.5)
@given(st.floats(0, 8), st.integers(1, 5), draws)
def test_whoever_holds_up_others_tries_three_times_within_two_seconds(passed, attempt, draw):
    """As usual until then, and not at all afterwards."""
    wait = briefly(answer(500), attempt, 8.0 - passed, draw, 8.0)
    if wait is None:
        assert attempt >= BRIEF_TRIES or passed > BRIEF - 2 * BASE
    else:
        assert attempt < BRIEF_TRIES
        assert passed + wait <= BRIEF + 1e-9  # a sum is rounded


def test_a_retry_after_beyond_two_seconds_is_not_waited_for():
    """The answer is final at once."""
    assert briefly(answer(429, retry_after="3"), 1, 8.0, 0.5, 8.0) is None
    assert briefly(answer(429, retry_after="1"), 1, 8.0, 0.0, 8.0) == 1.0
    assert briefly(answer(403), 1, 8.0, 0.5, 8.0) is None


@given(st.sampled_from(RETRIED), st.integers(1, 50), draws)
def test_patience_ends_the_tries_and_not_the_time(failure, attempt, draw):
    """A look of reload mode is tried for some seconds of its deadline; a short one is its end."""
    assert patiently(failure, attempt, 24.9, draw, 30.0, 5.0) is None
    wait = patiently(failure, attempt, 26.0, draw, 30.0, 5.0)
    assert wait is not None
    assert 0.0 <= wait <= 1.0
    assert patiently(failure, attempt, 1.0, draw, 3.0, 5.0) == delay(failure, attempt, 1.0, draw)
    asked = answer(429, retry_after="9")
    assert patiently(asked, attempt, 24.0, 0.0, 30.0, 5.0) == 9.0
    assert patiently(asked, attempt, 8.0, 0.0, 30.0, 5.0) is None
