"""G7: patient, not noisy: an API that comes up in time is enough, final answers are final within a
second, Retry-After is honoured or refused at once, and a fleet spreads what it asks."""

from __future__ import annotations

import math
import random
import signal
from itertools import pairwise

import pytest

from cycle_exec.sources import retry
from cycle_exec.sources.model import Failure
from cycle_exec.system.api import requests
from tests.support.hostile import (
    ANY,
    CERTIFICATES,
    HUB,
    INTEGRATIONS,
    SERVER,
    VARIABLES,
    data,
    drop,
    error,
    hang,
    hostile,
    reply,
    reset,
)
from tests.support.launching import Ground

GOOD = data({"PLAIN": "c4n4ry"})


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path)
    made.template("{{ server.id }} {{ hub.id }}")
    made.target("page.html")
    return made


@pytest.fixture
def api():
    with hostile() as running:
        yield running


def launched(ground, api, *options):
    """Five requests: variables, an integration, certificates, and two resources of a template."""
    job = (
        *("--template", f"{ground.inputs}/page.j2:{ground.folder}/page.html"),
        *("--integration", "s3-backups=S3"),
        *("--certificates", ground.folder / "pem"),
    )
    return ground.launch(api, *job, *options)


def waits(api, path):
    """Seconds between one request for the path and the next."""
    return [later.at - earlier.at for earlier, later in pairwise(api.asked(path))]


# Patience


def test_a_healthy_api_is_asked_each_question_once(ground, api):
    """Nothing is asked twice, nothing that nobody needs is asked."""
    assert launched(ground, api).code == 0
    asked = sorted(asked.target for asked in api.requests)
    assert asked == sorted(
        [VARIABLES, f"{INTEGRATIONS}?identifier=s3-backups", CERTIFICATES, SERVER, HUB]
    )


@pytest.mark.parametrize("stale", [False, True])
@pytest.mark.parametrize("late", [0.2, 1.2])
def test_an_api_that_comes_up_is_enough(ground, late, stale):
    """With no socket at all before, or with one that a crashed API left behind."""
    with hostile(after=late, stale=stale) as api:
        ran = launched(ground, api)
        assert (ran.code, ground.starts) == (0, 1), ran
        assert len(api.requests) == 5


PASSING = {
    "500": error(500), "502": error(502), "503": error(503, "503.not-ready"), "504": error(504),
    "429": error(429, "429.rate-limiting"), "a page of a proxy": reply(503, b"<html>"),
    "a dropped connection": drop, "half an answer": GOOD[:-1],
}  # fmt: skip


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_asked_again(ground, api, fault):
    """Twice ill, then well: started."""
    api.on(VARIABLES, [PASSING[fault], PASSING[fault], GOOD])
    ran = launched(ground, api)
    assert (ran.code, ground.starts) == (0, 1), ran
    assert len(api.asked(VARIABLES)) == 3
    assert len(api.requests) == 5 + 2, "only what failed is asked again"


def test_resets_and_slow_answers_are_asked_again(ground, api):
    """A reset on the first connections, and tries that time out."""
    api.on_accept([reset, reset, reset, None]).on(VARIABLES, [hang, hang, GOOD])
    ran = launched(ground, api, "--timeout", "1s")
    assert (ran.code, ground.starts) == (0, 1), ran
    assert len(api.asked(VARIABLES)) == 3


# What is final


@pytest.mark.parametrize("path", [VARIABLES, INTEGRATIONS, CERTIFICATES])
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 65, "answer-refused"),
        (401, 77, "denied"),
        (403, 77, "denied"),
        (404, 65, "answer-refused"),
        (422, 65, "answer-refused"),
    ],
)
def test_a_final_answer_is_final_within_a_second(ground, api, path, status, code, kind):
    """One try, even while everything else hangs and the deadline is far away."""
    api.on(ANY, hang).on(path, error(status))
    ran = launched(ground, api)
    ground.refused(ran, code, kind, f"the API answered {status}")
    assert len(api.asked(path)) == 1
    assert ran.seconds < 1.5  # the second, and the start of an interpreter


@pytest.mark.parametrize("path", [HUB, SERVER])
def test_a_final_answer_to_a_template_s_question_is_not_asked_again(ground, api, path):
    """It refuses where it is used, after one try."""
    api.on(path, error(404))
    ran = launched(ground, api)
    ground.refused(ran, 65, "answer-refused", "page.j2: ", "404")
    assert len(api.asked(path)) == 1


def test_final_answers_are_told_together(ground, api):
    """All that is wrong at once, in one message."""
    api.on(INTEGRATIONS, error(404)).on(CERTIFICATES, error(422)).on(VARIABLES, error(400))
    ran = launched(ground, api)
    ground.refused(ran, 65, "answer-refused", "400", "404", "422")


# Retry-After


def test_retry_after_is_honoured(ground, api):
    """No request comes before its time, and the launch goes on after it."""
    api.on(VARIABLES, [error(429, headers={"Retry-After": 1}), GOOD])
    ran = launched(ground, api)
    assert (ran.code, ground.starts) == (0, 1), ran
    [wait] = waits(api, VARIABLES)
    assert wait >= 1.0


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("value", ["30", "3600", "9" * 30])
def test_retry_after_past_the_deadline_is_refused_at_once(ground, api, status, value):
    """Waiting for what cannot come would only cost time."""
    api.on(VARIABLES, error(status, headers={"Retry-After": value}))
    ran = launched(ground, api, "--deadline", "20s")
    ground.refused(ran, 69, "unavailable", str(status))
    assert len(api.asked(VARIABLES)) == 1
    assert ran.seconds < 1.5


@pytest.mark.parametrize("value", ["soon", "-9", "9.5", "0x9", "٩", "", "9, 9"])
def test_a_retry_after_that_says_nothing_is_passed_over(ground, api, value):
    """The usual back-off holds then."""
    api.on(VARIABLES, [error(503, headers={"Retry-After": value.encode().decode("latin-1")}), GOOD])
    ran = launched(ground, api)
    assert (ran.code, ground.starts) == (0, 1), ran
    assert waits(api, VARIABLES)[0] < 8.0


# Noise


def most_tries(seconds):
    """How many tries fit when each wait is half of its window: back-off can be no busier for long.

    The windows are 50 ms, 100 ms and so on, at most 2 s.
    """
    tries, at = 1, 0.0
    while at < seconds:
        at += min(retry.CAP, retry.BASE * 2 ** (tries - 1)) / 2
        tries += 1
    return tries


def test_the_number_of_requests_is_bounded(ground, api):
    """Two seconds of 503 to everything: a handful of tries for each question, not hundreds."""
    api.on(ANY, error(503))
    ran = launched(ground, api, "--deadline", "2s")
    ground.refused(ran, 69, "unavailable")
    counts = {path: len(api.asked(path)) for path in (VARIABLES, INTEGRATIONS, CERTIFICATES, HUB)}
    assert min(counts.values()) > 1
    assert max(counts.values()) <= 2 * most_tries(2.0)


def test_there_are_never_more_connections_than_the_limit(ground, api):
    """A hundred questions share the connections that are allowed at once."""
    api.on(INTEGRATIONS, [error(503), error(404)])
    more = [word for number in range(100) for word in ("--integration", f"i{number}")]
    ran = ground.launch(api, *more)
    assert ran.code in (65, 69)
    assert len(api.asked(INTEGRATIONS)) >= 100
    assert api.most_at_once <= requests.MOST_AT_ONCE


def test_two_launches_do_not_keep_step(ground, api):
    """Each draws its own waits: five launches do not have the same."""
    api.on(VARIABLES, error(503))
    waited = set()
    for _ in range(5):
        before = len(api.asked(VARIABLES))
        running = ground.start(api)
        api.wait_for(before + 4, VARIABLES)
        running.send(signal.SIGTERM).finish()
        at = [asked.at for asked in api.asked(VARIABLES)[before : before + 4]]
        waited.add(tuple(round(later - earlier, 3) for earlier, later in pairwise(at)))
    assert len(waited) > 1


def test_a_fleet_spreads_what_it_asks():
    """A thousand launches in the same moment, the API away for ten seconds: after the first tries
    no tenth of a second carries much more than its share."""
    draw = random.Random(7)
    fleet, outage = 1000, 10.0
    away = Failure(kind="missing")
    moments: list[float] = []
    for _ in range(fleet):
        at, attempt = 0.0, 1
        while at < outage:
            moments.append(at)
            wait = retry.delay(away, attempt, 30.0 - at, draw.random())
            assert wait is not None
            at, attempt = at + wait, attempt + 1
    assert len(moments) / fleet < most_tries(outage)
    load = [0] * math.ceil(outage * 10)
    for moment in moments:
        load[int(moment * 10)] += 1
    settled = load[40:]
    assert max(settled) < 2.0 * sum(settled) / len(settled)
    assert max(load[10:]) < 0.3 * fleet
