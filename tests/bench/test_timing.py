"""Measuring: the run is seen from its beginning to its end, however short it is."""

from __future__ import annotations

import pytest

from tests.bench import contenders, timing
from tests.bench.jobs import Job

RUNS = 200


@pytest.fixture
def job(tmp_path):
    """A job of one variable, and nothing to write."""
    return Job(
        name="nothing",
        bodies={},
        environ={"PLAIN": "x"},
        variables={},
        targets={},
        optional={},
        manifest="",
        output=tmp_path / "output",
    )


def test_the_peak_of_a_run_that_is_over_at_once(job, tmp_path):
    """The small shell that forks it does not take its end away from us."""
    found = [timing.peak(contenders.direct(job), tmp_path / "captured") for _ in range(RUNS)]
    assert all(0.5 < each < 20 for each in found)
