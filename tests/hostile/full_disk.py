"""`python -m tests.hostile.full_disk FOLDER`: scenarios where no room is left for a target.

Started in a mount namespace of its own, in which it may mount what it likes. Prints what went
wrong, a line for each scenario.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.hostile.model import Refuses, Scenario
from tests.hostile.playing import Playground, judge, launched, platform
from tests.hostile.scenarios import REPRESENTATIVE, SCENARIOS

_FULL = "no space is left on the file system (target-failed)"


def _mount(folder: Path) -> None:
    words = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", str(folder)]
    subprocess.run(words, check=True)


def _fill(ground: Playground) -> None:
    path = ground.folder / "filler"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def _played(scenario: Scenario, folder: Path) -> str:
    folder.mkdir()
    ground = Playground(folder, scenario, _mount)
    _fill(ground)
    try:
        with platform(scenario) as api:
            ran = launched(scenario, ground, api)
            if isinstance(scenario.outcome, Refuses):
                judge(scenario, ground, api, ran)
                return ""
            lines = [line for line in ran.err.splitlines() if not line.startswith("  ")]
            assert ran.code == 73, ran
            assert lines, ran
            for line in lines:
                assert line.startswith(f"cycle-exec: {ground.folder}/"), ran
                assert line.endswith(f": {_FULL}"), ran
            ground.unharmed(ran, staged=True)
    except AssertionError as error:
        return str(error) or "unharmed it was not"
    return ""


def failures(folder: Path) -> Iterator[str]:
    """What is wrong, by scenario."""
    for number, name in enumerate(REPRESENTATIVE):
        wrong = _played(SCENARIOS[name], folder / str(number))
        if wrong:
            yield f"{name}: {wrong}"


if __name__ == "__main__":
    print("\n".join(failures(Path(sys.argv[1]))) or f"{len(REPRESENTATIVE)} played")
