"""`python -m tests.bench.folder`: the relocatable folder against cycle-exec as pip installs it.

The folder is what `.ci/folder` built. Both do the same jobs in the same rounds, and every run is
checked.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.bench import contenders, installation, server, timing
from tests.bench.jobs import TOKEN, Size, job

_LIMIT = 1.3  # times the installed one's wall clock
_ALONE = Size(integrations=0, certificates=0, templates=0)
_JOBS = {
    "variables alone": _ALONE,
    "full job": Size(),
    "full job, realistic templates": Size(realistic=True),
}


def main() -> int:
    """Measure and print; with --check, 1 if the folder is slower than it may be."""
    options = _options()
    folder = Path(options.folder).resolve()
    installed = installation.install(options.python)
    print(f"{installed.version}; load {installation.machine()['load']}; {_sizes(folder)}")
    slowest = 0.0
    with tempfile.TemporaryDirectory(prefix="cxf-") as place:
        for name, size in _JOBS.items():
            slowest = max(slowest, _measure(Path(place), name, size, folder, installed, options))
    return 1 if options.check and slowest > _LIMIT else 0


def _measure(
    place: Path,
    name: str,
    size: Size,
    folder: Path,
    installed: installation.Installed,
    options: argparse.Namespace,
) -> float:
    """The ratio for one job."""
    work = job(place, name.replace(" ", "-").replace(",", ""), size)
    captured = place / "printed"
    socket = str(place / f"{work.name}.sock")
    with server.serving([server.Site(socket, 0, TOKEN, work.bodies)]):
        both = [
            contenders.ours(work, script, socket)
            for script in (installed.script, str(folder / "bin" / "cycle-exec"))
        ]
        pip, own = timing.rounds(both, options.rounds, captured)
        peaks = [timing.peak(each, captured) for each in both]
    wall, processor = timing.ratio(own, pip)
    for label, samples, peak in zip(("pip", "folder"), (pip, own), peaks, strict=True):
        found = timing.summary(label, samples)
        print(f"{name}: {label}: {found.wall:.1f} ms, CPU {found.cpu:.1f} ms, {peak:.1f} MB")
    print(f"{name}: folder / pip: wall {wall:.2f}, CPU {processor:.2f}")
    return wall


def _sizes(folder: Path) -> str:
    unpacked = sum(path.lstat().st_size for path in folder.rglob("*"))
    packed = os.path.getsize(f"{folder}.tar.gz")
    return f"folder {unpacked / 1e6:.1f} MB, compressed {packed / 1e6:.1f} MB"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.folder", description=__doc__)
    parser.add_argument("folder", nargs="?", default="dist/cycle-exec-folder")
    parser.add_argument("--rounds", type=int, default=31, metavar="N")
    parser.add_argument("--python", default="", metavar="PATH", help="of the installed one")
    parser.add_argument("--check", action="store_true", help="exit with 1 if the limit is missed")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
