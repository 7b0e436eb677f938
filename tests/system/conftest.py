"""Files of these tests are in memory: they are synced so often that a disk would take minutes.

tests/guarantees does the same things on a disk.
"""

import pytest

from tests.support import memory


@pytest.fixture
def tmp_path():
    with memory.folder() as path:
        yield path
