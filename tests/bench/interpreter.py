"""`python -m tests.bench.interpreter`: a launch, by each way in which Python can be started.

The wheel's program, the wheel's script, and the console scripts of pip, all of one installation.
Needs gcc and cycle-exec with its extra `emulator`, which `sh tests/run.sh` installs.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from tests.support.emulated import emulated
from tests.support.stub import compiled, installed

_ROUNDS = 101
_PIP = {
    # Since pip 25.2, and before.
    "script of a new pip": "import sys",
    "script of an old pip": "import re, sys",
}


def main() -> int:
    """Measure and print medians, in interleaved rounds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else _ROUNDS
    with tempfile.TemporaryDirectory(prefix="cxb-") as folder, emulated(_STATE) as platform:
        environ = {
            "PATH": os.defpath,
            "CYCLE_API_TOKEN": platform.token,
            "CYCLE_EXEC_SOCKET": platform.socket,
        }
        ways = _ways(Path(folder))
        for title, more in (
            ("no variables", {}),
            ("PYTHONPATH is set", {"PYTHONPATH": "/nowhere"}),
        ):
            _report(title, _measured(ways, {**environ, **more}, rounds))
    return 0


_STATE = 'token = "t"\n[variables]\nPLAIN = "plain"\n'


def _ways(folder: Path) -> dict[str, Path]:
    """Name and path of each; the first is what the others are compared with."""
    program = installed(folder / "venv", compiled(folder))
    python = next(program.parent.glob("python3.*"))
    ways = {}
    for name, line in _PIP.items():
        ways[name] = program.with_name(name.replace(" ", "-"))
        ways[name].write_text(
            f"#!{python}\n{line}\nfrom cycle_exec.entry import main\n"
            'if __name__ == "__main__":\n    sys.exit(main())\n'
        )
    ways["the wheel's script"] = program.with_name("script")
    (made,) = (Path(sys.prefix) / "bin").glob("cycle-exec")
    if made.read_bytes()[:2] != b"#!":
        raise SystemExit(f"{made} is not the script: install the wheel for any platform")
    ways["the wheel's script"].write_text(
        made.read_text().replace(f"#!{sys.executable}", f"#!{python}")
    )
    ways["the wheel's program"] = program
    for path in ways.values():
        path.chmod(0o755)
    return ways


def _measured(
    ways: dict[str, Path], environ: dict[str, str], rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU seconds of each round."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    order = list(ways)
    shuffled = random.Random(1)
    quiet = os.open("/dev/null", os.O_WRONLY)
    for number in range(-2, rounds):
        shuffled.shuffle(order)
        for name in order:
            words = [str(ways[name]), "--", "true"]
            began = time.perf_counter()
            actions = [(os.POSIX_SPAWN_DUP2, quiet, 2)]
            child = os.posix_spawn(words[0], words, environ, file_actions=actions)
            _, status, usage = os.wait4(child, 0)
            wall = time.perf_counter() - began
            assert status == 0, name
            if number >= 0:
                found[name].append((wall, usage.ru_utime + usage.ru_stime))
    os.close(quiet)
    return found


def _report(title: str, found: dict[str, list[tuple[float, float]]]) -> None:
    first = next(iter(found))
    print(f"{title:24} wall ms   CPU ms   of {first}: wall, CPU")
    for name, each in found.items():
        line = [median(value[n] for value in each) * 1000 for n in (0, 1)]
        pairs = [
            median(ours[n] / theirs[n] for ours, theirs in zip(each, found[first], strict=True))
            for n in (0, 1)
        ]
        print(f"{name:24} {line[0]:7.1f}  {line[1]:7.1f}  {pairs[0]:7.3f}  {pairs[1]:7.3f}")


if __name__ == "__main__":
    sys.exit(main())
