"""Faults: a pure decision from path and count."""

from __future__ import annotations

import pytest

from cycle_exec.emulator import faults
from cycle_exec.emulator.model import Fault, Reply
from cycle_exec.errors import Refused


def test_nothing_asked_for_is_no_fault():
    """Without flags every answer is as it should be."""
    assert faults.parse().decide("/v1/hub", 0) == Fault()


def test_the_first_ones_fail_then_some_are_cut():
    """Failures come first, then the cut answers, then all is well; for each path by itself."""
    found = faults.parse(fail="503:2", drop="1")
    decided = [found.decide("/v1/hub", count) for count in range(4)]
    assert decided == [Fault(status=503), Fault(status=503), Fault(cut=True), Fault()]


def test_a_status_alone_fails_for_ever():
    """--fail 500 has no end."""
    assert faults.parse(fail="500").decide("/v1/hub", 10**6).status == 500


def test_the_path_limits_all_but_the_latency():
    """--fail-path is a prefix; every answer is late all the same."""
    found = faults.parse(
        fail="500", fail_path="/v1/hub", latency="20ms", slow_body="50ms", drop="1"
    )
    assert found.decide("/v1/server", 0) == Fault(latency=0.02)
    assert found.decide("/v1/hub/integrations", 0) == Fault(latency=0.02, status=500, pause=0.05)


def test_a_delivery_carries_its_fault():
    """What is decided is what is sent."""
    reply = Reply(status=405, data=None, headers=(("allow", "GET"),))
    fault = Fault(latency=1.0, cut=True, pause=2.0)
    delivery = faults.deliver(reply, b"null", fault)
    assert delivery.headers == (("content-type", "application/json"), ("allow", "GET"))
    assert (delivery.status, delivery.body) == (405, b"null")
    assert delivery.fault == fault


def test_every_unreadable_flag_is_named():
    """All wrong texts come in one refusal, as wrong usage."""
    with pytest.raises(Refused) as refused:
        faults.parse(latency="soon", fail="200:1", fail_path="hub", drop="-1", slow_body="0s")
    assert [problem.subject for problem in refused.value.problems] == [
        "--fail",
        "--fail-path",
        "--drop",
        "--latency",
        "--slow-body",
    ]
    assert refused.value.code == 64


@pytest.mark.parametrize("text", ["500:", "500:x", ":3", "600", "5", "x", "500:3:4", "-500"])
def test_a_failure_is_a_status_and_a_count(text):
    """Anything but STATUS or STATUS:COUNT refuses."""
    with pytest.raises(Refused):
        faults.parse(fail=text)
