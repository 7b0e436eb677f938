"""Resource limits: as people write them, and those that no kernel accepts."""

from __future__ import annotations

import pytest

from cycle_exec.settings import limits
from cycle_exec.settings.model import UNLIMITED, Limit, Process, is_over

BOTH = {"nofile": Limit(soft=1024, hard=65536), "core": Limit(soft=0), "as": Limit(soft=UNLIMITED)}


def test_in_words():
    """As --limit takes them."""
    assert limits.text(BOTH) == "nofile=1024:65536, core=0, as=unlimited"


@pytest.mark.parametrize(
    ("number", "other", "over"),
    [
        (1, 2, False),
        (2, 2, False),
        (3, 2, True),
        (UNLIMITED, 2, True),
        (3, UNLIMITED, False),
        (UNLIMITED, UNLIMITED, False),
    ],
)
def test_no_limit_is_over_every_limit(number, other, over):
    """And nothing is over no limit."""
    assert is_over(number, other) is over
    problems = limits.impossible({"nofile": Limit(soft=number, hard=other)})
    assert [each.subject for each in problems] == ["process.limits nofile"] * over


def test_impossible_is_told_with_both_numbers():
    """And a soft limit alone is never impossible."""
    assert limits.impossible(BOTH) == []
    [problem] = limits.impossible({"stack": Limit(soft=UNLIMITED, hard=8)})
    assert problem.kind == "limit-refused"
    assert problem.reason == "its soft limit unlimited is over its hard limit 8"


def test_a_hard_limit_has_to_be_as_high_as_the_soft_one():
    """Where none is given."""
    assert [each.highest for each in BOTH.values()] == [65536, 0, UNLIMITED]


def test_patience_is_never_nothing():
    """Ten seconds where grace gives none."""
    assert (Process().patience, Process(grace=3.0).patience) == (10.0, 3.0)
