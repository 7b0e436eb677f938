"""`python -m tests.fuzz [NAME...] [--seconds N | --keep]`: targets under atheris, one by one.

Needs the extra `fuzz`; `sh tests/fuzz/run.sh` brings everything. What runs reach grows in
.cache/fuzz/NAME/corpus, inputs that break a property lie in .cache/fuzz/NAME/findings.
"""

from __future__ import annotations

import argparse
import sys

from tests.fuzz import inputs, libfuzzer
from tests.fuzz.targets import TARGETS

_COLUMNS = "{:<14} {:>12} {:>8} {:>7} {:>9}"


def main() -> int:
    """Run, print a table, and return 1 where a property was broken."""
    options = _options()
    names = options.names or list(TARGETS)
    if options.keep:
        for name in names:
            kept = inputs.keep(name, libfuzzer.smallest(name))
            print(f"tests/fuzz/corpus/{name}: {kept} inputs more", flush=True)
        return 0
    _row("target", "executions", "seconds", "corpus", "findings")
    return max([_fuzzed(name, options.seconds) for name in names])


def _fuzzed(name: str, seconds: int) -> int:
    ran = libfuzzer.run(name, TARGETS[name].words, seconds)
    _row(name, ran.executions, ran.seconds, ran.corpus, len(ran.findings))
    if not ran.findings:
        return 0
    print(ran.said, *ran.findings, sep="\n", file=sys.stderr, flush=True)
    return 1


def _row(*cells: object) -> None:
    print(_COLUMNS.format(*cells), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a target (all of them)")
    parser.add_argument("--seconds", type=int, default=600, help="for each target (600)")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="do not fuzz: add to tests/fuzz/corpus the fewest inputs of earlier runs that reach "
        "as much as all of them",
    )
    options = parser.parse_args()
    unknown = set(options.names) - TARGETS.keys()
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if options.seconds < 1:
        parser.error("--seconds needs a number above 0")
    return options


if __name__ == "__main__":
    sys.exit(main())
