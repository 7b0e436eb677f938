"""Targets are in memory: each launch syncs its files, which would take minutes on a disk.

tests/guarantees does the like on a disk.
"""

import pytest

from tests.support import memory


@pytest.fixture
def tmp_path():
    with memory.folder() as path:
        yield path
