"""`python -m tests.bench`: cycle-exec against other ways to do the same job.

Needs cryptography (it makes the job's certificates); `sh tests/bench/run.sh` brings everything.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from tests.bench import installation, report, suite
from tests.bench.contenders import Wrong, missing_tools


def main() -> int:
    """Measure, print, and with --check judge."""
    options = _options()
    if os.path.exists("/etc/cycle-exec.toml"):
        print("every launch here would read /etc/cycle-exec.toml, move it away", file=sys.stderr)
        return 2
    lacking = missing_tools()
    if lacking:
        print(f"without the other entrypoints: {', '.join(lacking)} missing", file=sys.stderr)
        if options.check:
            return 2  # a comparison that was not made is not one that holds
    installed = installation.install(options.python)
    machine = installation.machine()
    # Short, for a socket's path has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="cxb-", dir=options.directory) as folder:
        plan = suite.Plan(
            installed=installed,
            folder=Path(folder),
            rounds=3 if options.quick and not options.rounds else options.rounds or 25,
            latencies=tuple(options.latency or ((0,) if options.quick else (0, 20, 100))),
            compiled="" if lacking else installation.compile_entrypoint(),
            growth=not options.quick,
        )
        try:
            found = suite.run(plan, _progress)
        except Wrong as wrong:
            print(f"the gate is shut: {wrong}", file=sys.stderr)
            return 1
    _progress("")
    if options.json:
        print(json.dumps(report.document(installed, machine, found), indent=2))
    else:
        print(report.text(installed, machine, found))
    return 1 if options.check and not all(must.held for must in found.musts) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each one runs (25)")
    parser.add_argument(
        "--latency",
        type=int,
        action="append",
        metavar="MS",
        help="of every answer of the API; repeat it for several (0, 20 and 100)",
    )
    parser.add_argument("--quick", action="store_true", help="3 rounds, no latency, no growth")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a must is missed")
    parser.add_argument("--python", default="", metavar="PATH", help="the interpreter to measure")
    parser.add_argument(
        "--directory", metavar="PATH", help="where the jobs lie and their files go (TMPDIR)"
    )
    return parser.parse_args()


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
