"""`python -m tests.fuzz.guided NAME [libFuzzer's arguments]`: one target under atheris.

What is imported here under instrumentation steers the fuzzer; libFuzzer ends the process.
"""

from __future__ import annotations

import shlex
import sys

import atheris

# Whose branches are worth a new input: ours, and those of the parsers we stand on.
INSTRUMENTED = ["cycle_exec", "dotenv", "jinja2", "tomllib"]


def main(name: str, arguments: list[str]) -> None:
    """Never returns."""
    with atheris.instrument_imports(include=INSTRUMENTED):
        from tests.fuzz.targets import TARGETS
    # A merge starts itself again, in a shell.
    command = shlex.join([sys.executable, "-m", "tests.fuzz.guided", name])
    atheris.Setup([command, *arguments], TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
