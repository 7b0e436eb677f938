"""`python -m tests.fuzz [NAME...] [--seconds N] [--keep]`: targets under atheris, one by one.

Needs the extra `fuzz`; `sh tests/fuzz/run.sh` brings everything. What a run finds worth keeping is
in .cache/fuzz/NAME/corpus, inputs that break a property in .cache/fuzz/NAME/findings.
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
    print(_COLUMNS.format("target", "executions", "seconds", "corpus", "findings"), flush=True)
    broken = 0
    for name in options.names or TARGETS:
        ran = libfuzzer.run(name, TARGETS[name].words, options.seconds)
        print(
            _COLUMNS.format(name, ran.executions, ran.seconds, ran.corpus, len(ran.findings)),
            flush=True,
        )
        for finding in ran.findings:
            print(f"  {finding}", flush=True)
        if ran.findings:
            print(ran.said, file=sys.stderr, flush=True)
        broken += len(ran.findings)
        if options.keep:
            kept = inputs.keep(name, libfuzzer.smallest(name))
            print(f"  {kept} inputs were added to tests/fuzz/corpus/{name}", flush=True)
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a target (all of them)")
    parser.add_argument("--seconds", type=int, default=600, help="for each target (600)")
    parser.add_argument(
        "--keep", action="store_true", help="add the fewest inputs that reach as much to the corpus"
    )
    options = parser.parse_args()
    unknown = set(options.names) - TARGETS.keys()
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
