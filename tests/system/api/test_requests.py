"""Many questions at once over real sockets: what is sent when, what is given up, what is left."""

from __future__ import annotations

import os
import signal
import socket
import stat
import time

import pytest

from cycle_exec.errors import Stopped
from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.sources import retry
from cycle_exec.sources.model import Failure, Request, Response
from cycle_exec.system.api import requests as requests_
from cycle_exec.system.clock import Deadline
from tests.support.hostile import (
    ANY,
    Talk,
    after,
    chunked,
    data,
    deaf,
    drip,
    drop,
    error,
    hang,
    hostile,
    reply,
    reset,
    until_close,
)

TOKEN = Secret("t0ken")


@pytest.fixture
def api():
    with hostile() as running:
        yield running


def ask(target="/a", **more):
    return Request(operation="test", method="GET", target=target, subject=target, **more)


def never(_outcome, _attempt, _left, _draw):
    """For tests in which every outcome is final."""
    return


def at_once(outcome, _attempt, left, _draw):
    """Tries that follow each other without a wait, as long as there is time."""
    bad = isinstance(outcome, Failure) or outcome.status >= 500
    return 0.0 if bad and left > 0 else None


def exchange(api, *requests, deadline=10.0, timeout=5.0, again=never, **more):
    path = api if isinstance(api, str) else api.socket
    return requests_.exchange(
        path,
        TOKEN,
        requests or (ask(),),
        deadline=Deadline.after(deadline),
        timeout=timeout,
        retry=again,
        **more,
    )


def kinds(outcomes):
    """The kinds of failures, and 200 and so on for answers."""
    return [each.kind if isinstance(each, Failure) else each.status for each in outcomes]


def sockets():
    """How many sockets of clients this process has open: they have no name, a server's have."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISSOCK(os.stat(f"/proc/self/fd/{name}").st_mode):
                with socket.socket(fileno=os.dup(int(name))) as same:
                    found += not same.getsockname()
        except OSError:
            continue
    return found


@pytest.fixture
def no_leaks():
    """No socket more than before, as soon as the exchange is over."""
    before = sockets()
    yield
    assert sockets() == before


# What is sent


def test_answers_come_in_the_order_of_the_questions(api, no_leaks):
    """Whatever the order in which the API answers."""
    api.on("/a", after(0.2, data("a"))).on("/b", data("b")).on("/c", after(0.1, data("c")))
    found = exchange(api, ask("/a"), ask("/b"), ask("/c"))
    bodies = [each.body.reveal() for each in found if isinstance(each, Response)]
    assert bodies == [b'{"data": "a"}', b'{"data": "b"}', b'{"data": "c"}']


def test_a_request_says_who_asks_and_nothing_more(api):
    """Token, agent, host; one connection for each, closed after it."""
    api.on(ANY, data({}))
    exchange(api, ask("/a?b=c"))
    [asked] = api.requests
    assert (asked.method, asked.target, asked.body) == ("GET", "/a?b=c", b"")
    assert asked.headers == {
        "host": "localhost",
        "x-cycle-token": "t0ken",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": requests_.AGENT,
        "connection": "close",
    }


def test_everything_is_sent_before_the_imports_begin(api, no_leaks):
    """`meanwhile` runs once, when the API has every question already."""
    api.on(ANY, data({}))
    calls = []

    def meanwhile():
        api.wait_for(5)
        calls.append(len(api.requests))
        return ()

    found = exchange(api, *(ask(f"/{n}") for n in range(5)), meanwhile=meanwhile)
    assert (calls, kinds(found)) == ([5], [200] * 5)


def test_time_spent_on_imports_is_not_the_api_s(api):
    """A try that was answered while nobody listened has not timed out."""
    api.on(ANY, after(0.1, data({})))

    def meanwhile():
        time.sleep(0.8)
        return ()

    assert kinds(exchange(api, timeout=0.6, meanwhile=meanwhile)) == [200]


def test_a_large_body_is_sent_in_pieces_as_the_api_reads(api, no_leaks):
    """More than a socket holds: sent to the end, and then answered."""
    body = b"x" * 2_000_000
    request = Request(
        operation="t", method="POST", target="/a", subject="a", body=SecretBytes(body)
    )
    api.on(ANY, data({}))
    assert kinds(exchange(api, request)) == [200]
    assert api.requests[0].body == body
    assert api.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\n", "\x7f", "é", "a\0"])
def test_what_no_header_can_carry_is_never_sent(api, no_leaks, token):
    """An error without the value, and no connection."""
    with pytest.raises(ValueError) as caught:
        requests_.exchange(
            api.socket, Secret(token), [ask()], deadline=Deadline.after(1), timeout=1, retry=never
        )
    assert token not in str(caught.value)
    assert api.connections == 0


# What is not wanted any more


def test_what_is_not_wanted_is_given_up(api, no_leaks):
    """Its connection is closed, its outcome is nobody's fault, the others are answered."""
    api.on("/b", hang).on(ANY, data({}))
    found = exchange(api, ask("/a"), ask("/b"), ask("/c"), meanwhile=lambda: [1])
    assert kinds(found) == [200, "abandoned", 200]


def test_giving_up_what_has_its_outcome_already_changes_nothing(api, no_leaks):
    """A path that is no socket fails before `meanwhile` is asked."""
    found = exchange(f"{api.socket}.none", ask(), ask(), meanwhile=lambda: [0])
    assert kinds(found) == ["missing", "missing"]


def test_after_a_final_refusal_the_others_get_a_moment(api, no_leaks):
    """Those that answer in it have their say, the others are given up."""
    api.on("/a", error(403)).on("/b", after(0.05, error(404))).on("/c", hang)
    began = time.monotonic()
    found = exchange(api, ask("/a"), ask("/b"), ask("/c"))
    assert kinds(found) == [403, 404, "abandoned"]
    assert requests_.LAST_WORDS <= time.monotonic() - began < 5


def test_a_refusal_of_what_is_not_essential_ends_nothing(api, no_leaks):
    """Its outcome is told, the others are waited for."""
    api.on("/a", error(403)).on("/b", after(requests_.LAST_WORDS + 0.2, data({})))
    assert kinds(exchange(api, ask("/a", essential=False), ask("/b"))) == [403, 200]


# What can go wrong


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (drop, "dropped"),
        (data({})[:-1], "dropped"),
        (chunked({"data": {}}, 3, end=False), "dropped"),
        (b"SSH-2.0\r\n\r\n", "malformed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "too-large"),
        (hang, "timeout"),
        (drip(data({}), every=0.2), "timeout"),
        (data({}), 200),
        (chunked({"data": {}}, 3), 200),
        (until_close({"data": {}}), 200),
        (drip(chunked({"data": {}}, 3), every=0), 200),
        (error(503), 503),
        (reply(204), 204),
    ],
)
def test_each_end_has_its_kind(api, no_leaks, behaviour, kind):
    """One try of each."""
    api.on(ANY, behaviour)
    [found] = exchange(api, timeout=0.4 if kind == "timeout" else 10.0)
    assert kinds([found]) == [kind]
    assert found.attempts == 1


@pytest.mark.parametrize(("behaviour", "kind"), [(reset, "dropped"), (deaf, "timeout")])
def test_a_request_that_is_not_read_has_its_kind(api, no_leaks, behaviour, kind):
    """Reset with the request unread, or never read at all."""
    api.on_accept(behaviour)
    assert kinds(exchange(api, timeout=0.3 if kind == "timeout" else 10.0)) == [kind]


def test_an_answer_before_the_request_was_read_counts(api, no_leaks):
    """The API may refuse by the first bytes and close: sending fails, reading tells why."""

    def impatient(talk: Talk) -> None:
        talk.send(error(413))

    api.on_accept(impatient)
    request = Request(
        operation="t",
        method="POST",
        target="/a",
        subject="a",
        body=SecretBytes(b"x" * 5_000_000),
    )
    assert kinds(exchange(api, request)) == [413]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("{folder}/none", "missing"),
        ("{folder}/file/none", "missing"),
        ("{folder}/file", "refused"),
        ("{folder}", "refused"),
        ("{folder}/" + "x" * 200, "unusable"),
        ("", "unusable"),
        ("\0abstract", "unusable"),
    ],
)
def test_each_path_that_is_no_socket_has_its_kind(tmp_path, path, kind):
    """What may become a socket is told apart from what cannot."""
    (tmp_path / "file").write_text("")
    assert kinds(exchange(path.format(folder=tmp_path))) == [kind]


def test_a_full_queue_has_its_kind():
    """Somebody listens; it may be better later."""
    with hostile(accepting=False, backlog=0) as api:
        found = exchange(api, *(ask() for _ in range(3)), timeout=0.3)
        assert set(kinds(found)) == {"full", "timeout"}


# Time


def test_the_deadline_ends_everything(api, no_leaks):
    """With the last that was known of each."""
    api.on("/a", hang).on("/b", error(503)).on("/c", drop).on("/d", data({}))
    began = time.monotonic()
    found = exchange(api, *map(ask, ("/a", "/b", "/c", "/d")), deadline=1.0, again=retry.delay)
    # A try may be under way at the deadline: then nothing better is known of it.
    first, second, third, fourth = kinds(found)
    assert (first, fourth) == ("timeout", 200)
    assert second in ("unhealthy", "timeout")
    assert third in ("dropped", "timeout")
    assert [each.late for each in found[:3] if isinstance(each, Failure)] == [True] * 3
    assert found[1].attempts > 1
    assert time.monotonic() - began < 2.0


def test_a_deadline_that_has_passed_asks_nothing_twice(api, no_leaks):
    """There may be one try; there is never another."""
    api.on(ANY, hang)
    found = exchange(api, ask("/a"), ask("/b"), deadline=0.0, again=at_once)
    assert kinds(found) == ["timeout", "timeout"]
    assert len(api.requests) <= 2


def test_each_try_has_its_own_time(api, no_leaks):
    """Two that hang, then one that is answered."""
    api.on(ANY, [hang, hang, data({})])
    [found] = exchange(api, timeout=0.4, again=at_once)
    assert (found.attempts, kinds([found])) == (3, [200])


def test_waits_between_tries_are_what_retry_says(api, no_leaks, monkeypatch):
    """It is asked with outcome, attempt, time left and a random number, and is obeyed."""
    api.on(ANY, [error(503), drop, data({})])
    monkeypatch.setattr(requests_, "_random", lambda: 0.25)
    seen = []

    def again(outcome, attempt, left, draw):
        seen.append((kinds([outcome])[0], attempt, draw))
        assert left > 0
        return None if kinds([outcome]) == [200] else 0.1 * attempt

    exchange(api, again=again)
    assert [each for each in seen if each[0] != 200] == [(503, 1, 0.25), ("dropped", 2, 0.25)]
    first, second, third = (asked.at for asked in api.requests)
    assert second - first >= 0.1
    assert third - second >= 0.2


def test_an_api_that_comes_up_late_is_asked(no_leaks):
    """No socket, then a stale one, then one that answers."""
    with hostile(after=0.3, stale=True) as api:
        api.on(ANY, data({}))
        [found] = exchange(api, again=retry.delay)
        assert kinds([found]) == [200]
        assert found.attempts > 1


def later(outcome, _attempt, left, _draw):
    """Tries that come after a minute, if there is a minute."""
    good = isinstance(outcome, Response) and outcome.status == 200
    return 60.0 if not good and left > 60.0 else None


@pytest.mark.timeout(30)
@pytest.mark.parametrize(("second", "kind"), [(data({}), 200), (error(503), "unhealthy")])
def test_who_waits_for_another_try_is_hurried(api, no_leaks, second, kind):
    """By something to read elsewhere: there is one more try, at once, and then no other."""
    reading, writing = os.pipe()
    os.write(writing, b"news")
    try:
        api.on(ANY, [error(503), second])
        [found] = exchange(api, deadline=120.0, again=later, hurries={reading: False})
    finally:
        os.close(reading)
        os.close(writing)
    assert (kinds([found]), found.attempts) == ([kind], 2)


@pytest.mark.timeout(30)
def test_what_hangs_is_hurried_only_by_what_always_does(api, no_leaks):
    """News do not end what may still go well; nor do they that what has come is used."""
    reading, writing = os.pipe()
    os.write(writing, b"news")
    try:
        api.on("/a", hang).on("/b", data({}))
        found = exchange(api, ask("/a"), ask("/b"), deadline=120.0, hurries={reading: True})
        assert kinds(found) == ["timeout", 200]
        api.on("/a", after(requests_.LAST_WORDS * 2, data({})))
        found = exchange(api, ask("/a"), ask("/b"), deadline=120.0, hurries={reading: False})
        assert kinds(found) == [200, 200]
    finally:
        os.close(reading)
        os.close(writing)


# Limits


@pytest.mark.parametrize("count", [requests_.MOST_AT_ONCE - 1, requests_.MOST_AT_ONCE * 2 + 1])
def test_at_most_so_many_connections_are_open_at_once(api, no_leaks, count):
    """More questions than that wait for a free one; all are answered."""
    api.on(ANY, [error(503), after(0.02, data({}))])
    found = exchange(api, *(ask(f"/{n}") for n in range(count)), again=at_once)
    assert kinds(found) == [200] * count
    assert [each.attempts for each in found] == [2] * count
    assert len(api.requests) == 2 * count
    assert api.most_at_once <= requests_.MOST_AT_ONCE


def test_waiting_for_a_free_connection_costs_no_processor_time(api, no_leaks):
    """Every connection hangs, others wait: the process sleeps."""
    api.on(ANY, hang)
    count = requests_.MOST_AT_ONCE + 20
    before = time.process_time()
    exchange(api, *(ask(f"/{n}") for n in range(count)), deadline=1.0, again=retry.delay)
    # The server's threads are in this process: they, too, only wait.
    assert time.process_time() - before < 0.5


def test_all_bodies_together_have_a_limit(api, no_leaks):
    """What has come already is kept, the rest is refused."""
    size = requests_.TOTAL_LIMIT // 3 + 1000
    api.on(ANY, reply(200, b"x" * size))
    found = exchange(api, *(ask(f"/{n}") for n in range(4)))
    assert set(kinds(found)) <= {200, "too-much"}
    assert kinds(found).count(200) <= 2


# What is left


# It may come between a socket's making and its first name: then the last reference closes it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_stop_signal_while_it_waits_leaves_no_socket(api, no_leaks):
    """Stopped comes out of the poll, and every connection is closed."""
    api.on(ANY, hang)

    def stop(number, _frame):
        raise Stopped(number)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(Stopped):
            exchange(api, *(ask(f"/{n}") for n in range(20)), again=at_once, timeout=0.01)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("failure", [Stopped(15), KeyError("x"), MemoryError()])
def test_a_failure_of_the_imports_leaves_no_socket(api, no_leaks, failure):
    """Whatever `meanwhile` raises comes out, and every connection is closed."""
    api.on(ANY, hang)

    def meanwhile():
        api.wait_for(5)
        raise failure

    with pytest.raises(type(failure)):
        exchange(api, *(ask(f"/{n}") for n in range(5)), meanwhile=meanwhile)


def test_no_descriptor_reaches_a_program_that_is_executed(api):
    """Sockets are closed on exec from the moment they are made."""
    api.on(ANY, data({}))

    def meanwhile():
        api.wait_for(3)
        for name in os.listdir("/proc/self/fd"):
            try:
                if stat.S_ISSOCK(os.stat(f"/proc/self/fd/{name}").st_mode):
                    assert not os.get_inheritable(int(name))
            except OSError:
                continue
        return ()

    assert kinds(exchange(api, *(ask(f"/{n}") for n in range(3)), meanwhile=meanwhile)) == [200] * 3


def test_an_outcome_shows_no_body(api):
    """Answers hold secrets: their repr does not."""
    api.on(ANY, data({"A": "c4n4ry"}))
    assert "c4n4ry" not in repr(exchange(api))


def test_a_good_answer_can_lead_to_another_question(api):
    """It joins the others at once; its outcome stands behind theirs."""
    api.on("/a", data(1))
    api.on("/bad", error(404))
    api.on("/next", data(2))
    api.on("/slow", after(0.5, data(3)))
    heard = []

    def follow(request, outcome):
        heard.append((request.target, outcome.status))
        return [ask("/next")] if request.target == "/a" else ()

    requests = ask("/a"), ask("/bad", essential=False), ask("/slow")
    began = time.monotonic()
    found = exchange(api, *requests, follow=follow)
    assert time.monotonic() - began < 0.9
    assert kinds(found) == [200, 404, 200, 200]
    assert sorted(heard) == [("/a", 200), ("/next", 200), ("/slow", 200)]
    [followed] = api.asked("/next")
    assert followed.at - api.asked("/a")[0].at < 0.4
