"""Durations as people write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.settings import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("500ms", 0.5), ("1m30s", 90), ("2h", 7200), ("0m1s", 1), ("1h1ms", 3600.001)],
)
def test_good(text, seconds):
    """Whole numbers with units, larger units first, add up to seconds."""
    assert duration.parse(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        *"5 s 0s 0h0ms -1s +1s 1.5s 5S 1s1s 1s1m 1ms1s 1d 25h 24h1ms 1000000s".split(),
        *"\u0665s 5\u00b5s 1e3s inf nan".split(),
        *("", "5 s", " 5s", "5s\n"),
    ],
)
def test_bad(text):
    """Anything else is no duration: no unit, no order, zero, fractions, more than a day."""
    assert duration.parse(text) is None


@given(st.from_regex(r"\A([0-9]{1,7}(h|m|s|ms|d)?){0,4}\Z") | st.text("0129hms -.", max_size=8))
@example("1m1ms")
@example("1ms1m")
def test_pattern(text):
    """The pattern of the JSON Schema means the same, but for the limit of a day."""
    seconds = duration.parse(text)
    matches = re.search(duration.PATTERN, text, re.ASCII) is not None
    assert matches >= (seconds is not None)
    if matches and seconds is None:
        units = re.findall(r"([0-9]+)(ms|h|m|s)", text)
        scale = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
        assert sum(int(number) * scale[unit] for number, unit in units) > 24 * 3600
