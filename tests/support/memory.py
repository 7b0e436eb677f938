"""A folder in memory: for tests that make files by the thousand, where a disk is not the point."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SHARED = "/dev/shm"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder on tmpfs, or where temporary files are if there is none; removed at the end."""
    home = _SHARED if os.access(_SHARED, os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="cycle-exec-test-", dir=home))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
