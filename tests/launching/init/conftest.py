"""A platform with one variable for all tests of a module."""

from __future__ import annotations

import pytest

from tests.support.hostile import hostile
from tests.support.inits import ours


@pytest.fixture(scope="module")
def api():
    """The platform."""
    with hostile(variables={"PLAIN": "fetched-value"}) as platform:
        yield platform


@pytest.fixture
def init(api):
    """cycle-exec in init mode."""
    return ours(api)
