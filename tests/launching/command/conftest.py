"""A platform with a variable, for launches that run something before the app."""

from __future__ import annotations

import pytest

from tests.support.hostile import hostile


@pytest.fixture(scope="module")
def api():
    """The platform."""
    with hostile(variables={"PLAIN": "fetched-value"}) as platform:
        yield platform
