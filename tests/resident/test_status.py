"""What the supervisor tells everybody, and what the health check makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.resident import health, status
from cycle_exec.resident.health import INIT, PLAIN, RELOAD, SILENT, Seen
from cycle_exec.resident.model import BOARD, MARK, ROOM, State
from cycle_exec.resident.status import (
    DOWN,
    FAILING,
    NONE,
    RESTARTING,
    RUNNING,
    STARTING,
    STOPPING,
    UP,
    Facts,
    Status,
)

DAY = 86_400.0
MOMENT = st.none() | st.integers(-(10**11), 10**11).map(lambda number: number / 10)
FACTS = st.builds(
    Facts,
    connected=st.booleans(),
    contact=MOMENT,
    outage=MOMENT,
    refused=MOMENT,
    ends=MOMENT,
    few=MOMENT,
)
APPS = st.sampled_from((RUNNING, STARTING, STOPPING, RESTARTING, FAILING))


@given(st.builds(Status, app=APPS, watcher=st.sampled_from((NONE, UP, DOWN)), facts=FACTS))
def test_a_status_is_a_line_and_back(told):
    """It has room on the board, whatever is known."""
    line = told.to_line()
    assert len(line) <= ROOM
    assert len(BOARD) == len(MARK) + ROOM + 10
    assert Status.from_line(line) == told


@pytest.mark.parametrize("line", ["", "running", "running up 1 x - - - -", "running up 1 - -"])
def test_what_nobody_wrote_is_no_status(line):
    """As an empty board."""
    assert Status.from_line(line) is None


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (State(), RUNNING),
        (State(phase="paused"), RUNNING),
        (State(stopping=True, code=143), STOPPING),
        (State(stopping=True, code=131), RUNNING),
        (State(phase="ending", stopped=True), STOPPING),
        (State(phase="leaving"), STOPPING),
        (State(phase="launching"), STARTING),
        (State(phase="ending"), RESTARTING),
        (State(phase="clearing"), RESTARTING),
        (State(phase="absent"), RESTARTING),
        (State(phase="absent", refusal="no memory"), FAILING),
    ],
)
def test_the_app(state, wanted):
    """By the phase; a signal that is not for ending a container may be survived."""
    assert status.app(state, (143,)) == wanted


def test_a_watcher_that_has_ended_proves_nothing_any_more():
    """Its connection counts until then; the next one goes on from there."""
    connected = Facts(connected=True)
    assert connected.after(Facts(), 5.0) == connected
    ended = connected.after(connected, 7.0, watched=False)
    assert ended == Facts(contact=7.0)
    assert ended.after(ended, 9.0, watched=False) == ended
    assert Facts(outage=8.0).after(ended, 9.0) == Facts(contact=7.0, outage=8.0)
    # The message of the end of the connection may never have come.
    assert Facts().after(connected, 9.0) == Facts(contact=9.0)
    assert Facts(contact=8.0).after(connected, 9.0) == Facts(contact=8.0)


def seen(app=RUNNING, watcher=UP, mode=RELOAD, **facts):
    """What the health check sees at the moment 100000, by the other clock a day later."""
    told = Status(app=app, watcher=watcher, facts=Facts(**facts))
    return Seen(mode=mode, status=told, now=100_000.0, wall=100_000.0 + DAY)


def test_all_is_well():
    """In every way of asking."""
    verdict = health.judged(seen(connected=True), strict=True, max_age=1.0)
    assert verdict.healthy
    assert verdict.line == "healthy: the app is running; connected to the platform"
    assert verdict.members == {
        "healthy": True,
        "app": "running",
        "mode": "reload",
        "watcher": True,
        "connected": True,
        "contact_age_seconds": 0.0,
        "outage_seconds": None,
        "refused_seconds": None,
        "days_left": None,
        "concerns": [],
        "failures": [],
        "unknown": None,
    }


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (STARTING, "the app has not been started yet"),
        (STOPPING, "the app is being stopped"),
        (RESTARTING, "the app is being started again"),
        (FAILING, "the app cannot be started again; this is retried"),
    ],
)
@pytest.mark.parametrize("mode", [RELOAD, INIT])
def test_an_app_that_does_not_run(app, words, mode):
    """One reason, and no other."""
    verdict = health.judged(seen(app, mode=mode, refused=1.0), strict=True, max_age=1.0)
    assert not verdict.healthy
    assert verdict.line == f"unhealthy: {words}"
    assert verdict.members["failures"] == [words]


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"outage": 99_700.0, "contact": 99_700.0}, "no connection to the platform for 5 min"),
        ({"connected": True, "refused": 99_910.0}, "no reload has worked for 90 s"),
        ({"contact": None}, "no contact with the platform since the start"),
        (
            {"connected": True, "few": 186_399.0, "ends": 186_400.0 + 3 * DAY},
            "a certificate expires in 3 days",
        ),
        ({"connected": True, "few": 1.0, "ends": 186_399.0}, "a certificate has expired"),
        (
            {"watcher": DOWN, "contact": 99_999.0},
            "there is no watcher; another one is about to be started",
        ),
    ],
)
def test_what_is_no_reason_to_restart_an_app(told, words):
    """It is said, and fails where that is asked for."""
    verdict = health.judged(seen(**told), max_age=DAY) if told.get("contact", 0) else None
    for found in (verdict, health.judged(seen(**told))):
        if found is not None:
            assert found.healthy
            assert words in found.line
            assert found.members["concerns"] == [words]
    strict = health.judged(seen(**told), strict=True)
    assert not strict.healthy
    assert strict.line == f"unhealthy: {words}"


def test_what_is_not_worth_a_word():
    """A connection that is made again, and certificates that last."""
    verdict = health.judged(seen(outage=99_995.0, contact=99_995.0), strict=True)
    assert verdict.line == "healthy: the app is running; last contact 5 s ago"
    assert verdict.members["outage_seconds"] == 5.0
    assert health.judged(seen(connected=True, outage=1.0), strict=True).healthy
    lasting = health.judged(seen(connected=True, few=186_401.0, ends=10 * DAY), strict=True)
    assert lasting.healthy
    assert lasting.members["days_left"] == 7


def test_the_age_of_the_last_contact():
    """An open connection, or the last look that went well."""
    for told, most, words in (
        ({"connected": True, "contact": 1.0}, 0.1, ""),
        ({"contact": 92_800.0}, 7200.0, ""),
        ({"contact": 92_799.0}, 7200.0, "the last contact with the platform was 2 h ago"),
        ({}, DAY, "the age of the last contact with the platform is not known"),
    ):
        verdict = health.judged(seen(**told), max_age=most)
        assert verdict.healthy == (not words)
        assert verdict.members["failures"] == ([words] if words else [])
    assert "last contact unknown" in health.judged(seen()).line


@pytest.mark.parametrize(
    ("mode", "told", "words"),
    [
        (INIT, Status(app=RUNNING), "the app is running; not known: contact with the platform"),
        (PLAIN, None, "PID 1 is running; not known: whether it is being stopped, and contact"),
        (SILENT, None, "PID 1 is running; not known: how the app is"),
    ],
)
def test_what_cannot_be_known(mode, told, words):
    """It is said, and an age that nobody knows is too old."""
    found = Seen(mode=mode, status=told, now=1.0, wall=1.0)
    for strict in (False, True):
        verdict = health.judged(found, strict=strict)
        assert verdict.healthy
        assert verdict.line.startswith(f"healthy: {words}")
    assert not health.judged(found, max_age=DAY).healthy


def test_a_launch_that_is_not_over():
    """Without a supervisor as well."""
    found = Seen(mode=PLAIN, status=Status(app=STARTING), now=1.0, wall=1.0)
    assert health.judged(found).line == "unhealthy: the app has not been started yet"
