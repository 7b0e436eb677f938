"""What the probe of a hook reads may be put there by the server's user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cycle_exec.system.openvpn import hook_probe


def test_what_was_written_is_read(tmp_path):
    """The first bytes, whatever they are."""
    path = tmp_path / "acf"
    path.write_bytes(b"1\xff")
    assert hook_probe._text(str(path)) == "1\ufffd"


def test_a_pipe_in_its_place_holds_up_nobody(tmp_path):
    """Nobody writes to it."""
    os.mkfifo(tmp_path / "acf")
    assert hook_probe._text(str(tmp_path / "acf")) == ""


def test_a_link_in_its_place_is_not_followed(tmp_path):
    """It could lead to a file that the server's user may not read."""
    Path(tmp_path / "secret").write_text("hush")
    (tmp_path / "acf").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic links"):
        hook_probe._text(str(tmp_path / "acf"))
