"""`python -m tests.bench.load`: a fleet that starts together, and launches that grow.

One thousand launches in waves of fifty against one API, which fails in every second wave half of
its answers; then ten thousand variables, five hundred certificates, five hundred templates, each
beside a tenth of it. Needs what the tests need (`sh tests/run.sh` has made it):
`.venv/bin/python -m tests.bench.load`.
"""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from cycle_exec.testing import platform
from tests.support.hostile import VARIABLES, Hostile, data, error, hostile
from tests.support.launching import PATH, SCRIPT

_WAVES, _AT_ONCE = 20, 50
_BUCKET, _SHOWN = 0.05, 2.0  # seconds
_RUNS = 3
_PR_SET_CHILD_SUBREAPER = 36
_GROWTH = {"variables": (1000, 10_000), "certificates": (50, 500), "templates": (50, 500)}


def main() -> int:
    """Print both parts; 1 if a launch did not end as it should."""
    with hostile(variables={"A": "1"}) as api:
        good = _fleet(api)
    return 0 if _growth() and good else 1


def _fleet(api: Hostile) -> bool:
    chance = random.Random(1)
    environ = {"PATH": PATH, "CYCLE_API_TOKEN": api.token, "CYCLE_EXEC_SOCKET": api.socket}
    codes: Counter[int] = Counter()
    arrivals: Counter[int] = Counter()
    most = 0
    for wave in range(_WAVES):
        failing = wave % 2 == 1

        def answer(talk, failing=failing):
            talk.send(error(503) if failing and chance.random() < 0.5 else data({"A": "1"}))

        api.on(VARIABLES, answer)
        before, began = len(api.requests), time.monotonic()
        fleet = [
            subprocess.Popen([SCRIPT, "--log-level", "error", "--", "true"], env=environ, cwd="/")
            for _ in range(_AT_ONCE)
        ]
        codes.update(process.wait() for process in fleet)
        asked = api.requests[before:]
        most = max(most, len(asked))
        if failing:
            arrivals.update(int((each.at - began) / _BUCKET) for each in asked)
    total = _WAVES * _AT_ONCE
    print(f"{total} launches in waves of {_AT_ONCE}: {codes[0]} ended with 0")
    print(f"requests: {len(api.requests) / total:.2f} a launch, {most} in the busiest wave")
    print(f"requests of the {_WAVES // 2} failing waves by time, {_BUCKET * 1000:.0f} ms a line")
    shown = int(_SHOWN / _BUCKET)
    for bucket in range(shown):
        print(f"{bucket * _BUCKET:5.2f} s {arrivals[bucket]:5d} {'#' * (arrivals[bucket] // 4)}")
    later = sum(count for bucket, count in arrivals.items() if bucket >= shown)
    print(f"later   {later:5d}, the last after {max(arrivals) * _BUCKET:.1f} s")
    # Half of the answers fail: two requests on average, and a tail.
    return codes[0] == total and len(api.requests) < 3 * total


def _growth() -> bool:
    print(f"\n{'':14}{'size':>7}{'ms':>8}{'CPU ms':>8}{'MB':>7}")
    linear = True
    for kind, sizes in _GROWTH.items():
        found = []
        for size in sizes:
            wall, cpu, kilobytes = _measured(kind, size)
            found.append((size, cpu))
            times = f"{wall * 1000:8.0f}{cpu * 1000:8.0f}"
            print(f"{kind:14}{size:7d}{times}{kilobytes / 1024:7.1f}")
        (small, quick), (large, slow) = found
        # What does not grow is paid once; the rest may grow as the size does. A disk's own time
        # for thousands of syncs is its own affair.
        linear = linear and slow < quick * large / small * 1.2
    print("growth is linear, or less" if linear else "growth is more than linear")
    return linear


def _measured(kind: str, size: int) -> tuple[float, float, int]:
    """Seconds of the launch and of processor time, the best of three, and its peak memory in
    kilobytes. Each run writes every file anew.
    """
    with tempfile.TemporaryDirectory(prefix="cxb-") as name:
        folder = Path(name)
        state, manifest = _job(kind, size, folder)
        (folder / "manifest.toml").write_text(manifest)
        with platform(state) as served:
            words = [str(SCRIPT), "--manifest", f"{name}/manifest.toml", "--deadline", "2m"]
            environ = {"PATH": PATH, **served.environ, "CYCLE_EXEC_LOG_LEVEL": "error"}
            runs = []
            for _ in range(_RUNS):
                for made in ("pem", "out"):
                    shutil.rmtree(folder / made, ignore_errors=True)
                runs.append(_run([*words, "--", "true"], environ))
    walls, cpus, peaks = zip(*runs, strict=True)
    return min(walls), min(cpus), max(peaks)


def _job(kind: str, size: int, folder: Path) -> tuple[str, str]:
    if kind == "variables":
        lines = "\n".join(f'VARIABLE_{number} = "{number:08d}"' for number in range(size))
        return f"[variables]\n{lines}\n", ""
    if kind == "certificates":
        domains = "".join(
            f'[[certificates]]\ndomains = ["d{number}.test"]\n' for number in range(size)
        )
        return domains, f'[certificates]\ndirectory = "{folder}/pem"\n'
    (folder / "templates").mkdir()
    for number in range(size):
        text = f"number {number}: {{{{ variables.A }}}}\n"
        (folder / "templates" / f"{number}.j2").write_text(text)
    source = f'[[templates]]\nsource = "{folder}/templates"\ntarget = "{folder}/out"\n'
    return '[variables]\nA = "1"\n', source


def _run(words: list[str], environ: dict[str, str]) -> tuple[float, float, int]:
    """Seconds, processor seconds and kilobytes.

    Forked by a small shell that leaves it to us, since the kernel counts memory from the process
    that was forked.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    reader, writer = os.pipe()
    began = time.monotonic()
    actions = [(os.POSIX_SPAWN_DUP2, writer, 3)]
    argv = ["sh", "-c", '"$@" 3>&- & echo "$!" >&3', "sh", *words]
    shell = os.posix_spawn("/bin/sh", argv, environ, file_actions=actions)
    os.close(writer)
    with os.fdopen(reader) as told:
        process = int(told.readline())
    os.waitpid(shell, 0)
    _, status, usage = os.wait4(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


if __name__ == "__main__":
    sys.exit(main())
