"""`python -m tests.bench.compare REVISION`: a launch of this tree beside one of another commit.

Each is installed as its own tests/bench/install.sh does it (here: the wheel that an index offers
this machine), with the same interpreter and packages, then both run in pairs, each pair in a
random order. Printed is the ratio of processor time (this tree to the other) with its 95 %
interval; with --most, the exit code is 1 where the interval's upper end is above that.
`sh tests/bench/compare.sh REVISION` brings all that is needed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.bench import contenders, installation, server, timing
from tests.bench.contenders import Contender
from tests.bench.jobs import TOKEN, Job, Size, job

_JOBS = (
    ("variables alone", Size(integrations=0, certificates=0, templates=0)),
    ("full job", Size()),
)
_DRAWS = 2000  # of the bootstrap


def main() -> int:
    """Measure and print."""
    options = _options()
    here = installation.install()
    there = _installed(options.revision, here.python)
    code = 0
    with tempfile.TemporaryDirectory(prefix="cxc-") as name:
        folder = Path(name)
        found = [(title, job(folder, f"job{at}", size)) for at, (title, size) in enumerate(_JOBS)]
        with server.serving([_site(folder, each) for _, each in found]):
            for title, each in found:
                if options.compiled and each.targets:
                    contenders.compile_(each, here.script)
                pair = (
                    contenders.ours(each, here.script, _socket(folder, each)),
                    contenders.ours(each, there, _socket(folder, each)),
                )
                ratio, low, high = _ratio(pair, options.rounds, folder / "printed")
                print(f"{title}: {ratio:.3f} ({low:.3f} to {high:.3f})", flush=True)
                if options.most and high > options.most:
                    code = 1
    return code


def _ratio(pair: Sequence[Contender], rounds: int, captured: Path) -> tuple[float, float, float]:
    """The median of the paired ratios of processor time, and its 95 % interval by bootstrap."""
    ours, theirs = timing.rounds(pair, rounds, captured)
    ratios = [one.cpu / other.cpu for one, other in zip(ours, theirs, strict=True)]
    draw = random.Random(1)
    medians = sorted(median(draw.choices(ratios, k=len(ratios))) for _ in range(_DRAWS))
    return median(ratios), medians[_DRAWS // 40], medians[-_DRAWS // 40]


def _installed(revision: str, python: str) -> str:
    """The console script of another commit, installed as ours is."""
    commit = _git("rev-parse", "--verify", f"{revision}^{{commit}}")
    home = installation.CACHE / f"commit-{commit[:12]}"
    script = home / "bin" / "cycle-exec"
    if not script.exists():
        tree = home.with_name(f"{home.name}-tree")
        shutil.rmtree(tree, ignore_errors=True)
        tree.mkdir(parents=True)
        archive = subprocess.run(
            ["git", "archive", commit], cwd=installation.ROOT, check=True, stdout=subprocess.PIPE
        )
        subprocess.run(["tar", "-x", "-C", str(tree)], input=archive.stdout, check=True)
        environ = {**installation.clean_environment(), "PYTHON": os.path.realpath(python)}
        subprocess.run(
            ["sh", "tests/bench/install.sh", str(home)],
            check=True,
            cwd=tree,
            env=environ,
            stdout=subprocess.DEVNULL,
        )
    return str(script)


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=installation.ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout.strip()


def _socket(folder: Path, job: Job) -> str:
    return str(folder / f"{job.name}.sock")


def _site(folder: Path, job: Job) -> server.Site:
    return server.Site(_socket(folder, job), 0.0, TOKEN, job.bodies)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare", description=__doc__)
    parser.add_argument("revision", help="a commit of this repository")
    parser.add_argument(
        "--compiled", action="store_true", help="this tree after cycle-exec compile, as in an image"
    )
    parser.add_argument("--rounds", type=int, default=101, metavar="N", help="pairs (101)")
    parser.add_argument("--most", type=float, metavar="RATIO", help="fail above it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
