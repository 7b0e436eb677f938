"""What the tests need of a machine is what `sh tests/run.sh` installs."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support import machine

HERE = Path(__file__).parent
_ASKING = re.compile(r"(?:machine\.(?:program|find)|mark\.needs)\(([^)]*)\)")


def test_every_program_that_a_test_asks_for_is_installed():
    """By the name of its package; else nothing but CI would tell that it is missing."""
    asked = {
        name
        for path in HERE.rglob("*.py")
        for words in _ASKING.findall(path.read_text())
        for name in re.findall(r'"([^"]+)"', words)
    }
    assert {"strace", "nginx", "psql"} <= asked
    text = (HERE / "run.sh").read_text().replace("\\\n", " ")
    lines = " ".join(re.findall(r"^ *install_packages (.+)$", text, re.MULTILINE))
    # What depends on the processor is named there by what uname says.
    plain = {name for name in asked if re.fullmatch(r"[\w.+-]+", name)}
    wanted = {machine.package(name) for name in plain}
    assert {name for name in wanted - set(lines.split()) if not name.startswith("gcc-")} == set()
