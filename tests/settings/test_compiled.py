"""The manifest as plain data."""

from __future__ import annotations

import marshal
from typing import Any

import pytest

from cycle_exec.settings.compiled import packed, unpacked
from cycle_exec.settings.manifest.manifest import parse
from cycle_exec.settings.manifest.starter import STARTER
from tests.settings.test_manifest import FULL


@pytest.mark.parametrize("text", ["", STARTER, FULL])
def test_a_manifest_comes_back_as_it_was(text):
    """Every section, list and table."""
    manifest = parse(text, "m")
    data: Any = packed(manifest)
    assert unpacked(marshal.loads(marshal.dumps(data))) == manifest
