"""A platform and a folder for launches as other users."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.support.hostile import hostile


@pytest.fixture(scope="module")
def api():
    """A platform with one variable, which every user may ask."""
    with hostile(variables={"PLAIN": "x"}) as platform:
        Path(platform.socket).parent.chmod(0o755)
        Path(platform.socket).chmod(0o777)
        yield platform


@pytest.fixture
def public():
    """A folder that everyone may enter."""
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
