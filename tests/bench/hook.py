"""`python -m tests.bench.hook`: one OpenVPN login, by our hook and by a shell hook with curl.

Needs curl and cycle-exec with its extra `emulator`; `sh tests/bench/resident.sh` has made such an
environment: `.cache/bench/resident/bin/python -m tests.bench.hook`.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

SCRIPT = str(Path(sys.executable).with_name("cycle-exec"))
_ROUNDS = 40
# As a competent user writes it: strict, no secret on curl's command line, no word of its answer.
_SHELL = """#!/bin/sh
set -eu
{ read -r username; read -r password; } <"$1"
config='header = "X-CYCLE-TOKEN: %s"\\nuser = "%s:%s"\\n'
answer=$(printf "$config" "$(cat TOKEN)" "$username" "$password" |
    curl -s -m 8 -X POST -K - --unix-socket SOCKET http://localhost/v1/vpn/login)
[ "$answer" = '{"data":true}' ] || [ "$answer" = '{"data": true}' ]
"""


def main() -> int:
    """Measure and print medians, in interleaved rounds."""
    if shutil.which("curl") is None:
        print("without curl there is nothing to compare with", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="cxb-") as folder:
        place = Path(folder)
        (place / "state.toml").write_text('token = "bench"\n[vpn.users]\nalice = "secret"\n')
        (place / "token").write_text("bench")
        (place / "up").write_text("alice\nsecret\n")
        hook = place / "hook.sh"
        hook.write_text(
            _SHELL.replace("TOKEN)", f"{place}/token)").replace("SOCKET", f"{place}/api.sock")
        )
        hook.chmod(0o755)
        process = subprocess.Popen(
            [SCRIPT, "emulator", "--socket", place / "api.sock", "--state", place / "state.toml"],
            stderr=subprocess.PIPE,
        )
        try:
            assert process.stderr is not None
            assert b"ready" in process.stderr.readline()
            ours: list[str | Path] = [SCRIPT, "vpn-auth", "--socket", place / "api.sock"]
            ours += ["--token-file", place / "token"]
            control = {"auth_control_file": str(place / "control")}
            (place / "control").write_bytes(b"")
            _report(
                {
                    "cycle-exec vpn-auth": ([*ours, place / "up"], {}),
                    "the same, --deferred": ([*ours, "--deferred", place / "up"], control),
                    "shell with curl": ([hook, place / "up"], {"PATH": os.defpath}),
                }
            )
        finally:
            process.terminate()
            process.communicate()
    return 0


def _report(ways: dict[str, tuple[list[str | Path], dict[str, str]]]) -> None:
    found: dict[str, list[float]] = {name: [] for name in ways}
    order = list(ways)
    shuffled = random.Random(1)
    for number in range(-2, _ROUNDS):
        shuffled.shuffle(order)
        for name in order:
            words, environ = ways[name]
            began = time.perf_counter()
            subprocess.run(words, env=environ, stderr=subprocess.DEVNULL, check=True)
            if number >= 0:
                found[name].append((time.perf_counter() - began) * 1000)
    print("| one login | wall ms |\n|---|--:|")
    for name, samples in found.items():
        print(f"| {name} | {median(samples):.1f} |")


if __name__ == "__main__":
    sys.exit(main())
