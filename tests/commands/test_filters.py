"""Filters in a whole start: what would never end is ended, and no module is loaded unasked."""

from __future__ import annotations

import subprocess

from tests.support.emulated import emulated
from tests.support.launching import PATH, SCRIPT

STATE = (
    'token = "t"\n[variables]\nLONG = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"\n'
)


def launched(folder, template: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "t.j2").write_text(template)
    with emulated(STATE) as platform:
        return subprocess.run(
            [SCRIPT, *options, "--template", f"{folder}/t.j2:{folder}/made", "--", "true"],
            env={"PATH": PATH, "CYCLE_API_TOKEN": "t", "CYCLE_EXEC_SOCKET": platform.socket},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def test_a_search_that_would_not_end_ends_with_the_deadline(tmp_path):
    """Back-tracking over a hostile value costs the deadline, no more; nothing is written."""
    found = launched(tmp_path, "{{ variables.LONG is match('(a+)+$') }}", "--deadline", "1s")
    assert found.returncode == 69, found.stderr
    assert "deadline" in found.stderr
    assert not (tmp_path / "made").exists()
