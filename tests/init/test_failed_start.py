"""A supervisor whose interpreter is not where it was when the launch began."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.hostile import hostile
from tests.support.launching import PATH, SCRIPT, Running


def interpreter(folder: Path) -> tuple[str, ...]:
    """The words of an interpreter that takes itself for one that is not there any more."""
    home = Path(sys.prefix)
    (folder / "bin").mkdir(parents=True)
    shutil.copy(home / "pyvenv.cfg", folder)
    (folder / "lib").symlink_to(home / "lib")
    script = 'exec -a "$0" "$@"'
    return ("bash", "-c", script, f"{folder}/bin/python", os.path.realpath(sys.executable), "-I")


@pytest.mark.needs("bash")
@pytest.mark.parametrize("option", ["--init", "--reload"])
def test_it_is_a_refusal_in_words_and_nothing_is_started(tmp_path, option):
    """Exit code 73, a line, and no app."""
    with hostile(variables={"PLAIN": "fetched-value"}) as api:
        environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
        words = [option, "--", "sh", "-c", f"echo started; : >{tmp_path}/started"]
        through = (*interpreter(tmp_path / "venv"), str(SCRIPT))
        ended = Running(words, environ, through=through).finish()
    assert ended.out == ""
    assert not (tmp_path / "started").exists()
    assert (ended.code, ended.err) == (
        73,
        f"cycle-exec: the supervisor's program {tmp_path}/venv/bin/python: it does not exist "
        "(target-failed)\n"
        "  fix: let the image keep the Python that cycle-exec is installed with\n",
    )
