"""Every bad day of the platform, as a plain launch of the installed script."""

from __future__ import annotations

import os

import pytest

from tests.hostile.playing import play
from tests.hostile.scenarios import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_exactly_this_comes_of_it(tmp_path, name):
    """Start or refusal, every word, every request, every file, every variable."""
    if SCENARIOS[name].root and os.geteuid() != 0:
        pytest.skip("only root gives directories to others, and is led astray by them")
    play(SCENARIOS[name], tmp_path)


def test_there_are_enough_of_them():
    """A table that shrinks would be seen."""
    assert len(SCENARIOS) >= 170
