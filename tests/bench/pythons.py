"""`python -m tests.bench.pythons PYTHON PYTHON...`: a launch by each of these interpreters.

Interleaved rounds, each program in an environment of its own; the ratios are medians of pairs with
the first interpreter, and with a bare start of the same one. Needs what `sh tests/bench/run.sh`
brings.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench import contenders, installation, server, timing
from tests.bench.contenders import Contender
from tests.bench.installation import Installed
from tests.bench.jobs import TOKEN, Job, Size, job

_ROUNDS = 51
_JOBS = (
    ("variables alone", Size(integrations=0, certificates=0, templates=0)),
    ("full job", Size()),
    ("full job, realistic templates", Size(realistic=True)),
)


def main() -> int:
    """Measure and print one table for each job."""
    pythons = [installation.install(python) for python in sys.argv[1:]]
    with tempfile.TemporaryDirectory(prefix="cxp-") as name:
        folder = Path(name)
        found = [(title, job(folder, f"job{at}", size)) for at, (title, size) in enumerate(_JOBS)]
        sites = [server.Site(_socket(folder, each), 0.0, TOKEN, each.bodies) for _, each in found]
        with server.serving(sites):
            for title, each in found:
                _report(title, pythons, each, folder)
    return 0


def _report(title: str, pythons: list[Installed], job: Job, folder: Path) -> None:
    competitors: list[Contender] = []
    for python in pythons:
        competitors.append(contenders.exec_only(job, python.python))
        competitors.append(contenders.ours(job, python.script, _socket(folder, job)))
    captured = folder / "printed"
    samples = timing.rounds(competitors, _ROUNDS, captured)
    columns = "bare wall, cpu | wall, cpu, peak MB | of bare: wall, cpu | of the first: wall, cpu"
    print(f"\n{title}: {columns}")
    for at, python in enumerate(pythons):
        bare, ours = samples[2 * at], samples[2 * at + 1]
        less, more = timing.summary("", bare), timing.summary("", ours)
        of_bare, of_bare_cpu = timing.ratio(ours, bare)
        wall, cpu = timing.ratio(ours, samples[1])
        peak = timing.peak(competitors[2 * at + 1], captured)
        print(
            f"{python.version}: {less.wall:.1f}, {less.cpu:.1f} | {more.wall:.1f}, {more.cpu:.1f}, "
            f"{peak:.1f} | {of_bare:.2f}, {of_bare_cpu:.2f} | {wall:.2f}, {cpu:.2f}",
            flush=True,
        )


def _socket(folder: Path, job: Job) -> str:
    return str(folder / f"{job.name}.sock")


if __name__ == "__main__":
    sys.exit(main())
