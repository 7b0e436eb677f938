"""What the guarantees are tried with: one emulated platform for a module, one fresh folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.emulated import Emulated, emulated

SCRIPT = Path(sys.executable).with_name("cycle-exec")

STATE = """
token = "t0ken-c4n4ry"
[variables]
PLAIN = "plain"
TRICKY = "line one\\nline two\\r\\n'\\"$HOME `id` {{ env.PLAIN }} =\\\\ é 𝄞 "
[[certificates]]
domains = ["app.example.test", "*.wild.example.test"]
"""


@pytest.fixture(scope="module")
def platform(request: pytest.FixtureRequest) -> Iterator[Emulated]:
    """The emulator with the module's STATE, else the one above."""
    with emulated(getattr(request.module, "STATE", STATE)) as running:
        yield running


@pytest.fixture
def environ(platform: Emulated) -> dict[str, str]:
    """The least environment of a launch."""
    return {
        "PATH": os.defpath + ":/usr/sbin:/sbin",
        "CYCLE_API_TOKEN": platform.token,
        "CYCLE_EXEC_SOCKET": platform.socket,
    }
