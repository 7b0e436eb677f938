"""The first moments of a process: from when the kernel has started a program that holds signals."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

# Seconds in which an interpreter starts, and a little more.
DELAYS = (0.0, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.008, 0.012, 0.016, 0.02)


def blocked(pid: int) -> set[int]:
    """Return the signals that a process blocks."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigBlk:"):
            mask = int(line.split()[1], 16)
            return {number for number in range(1, 65) if mask >> (number - 1) & 1}
    raise AssertionError("no SigBlk")


def child_of(process: subprocess.Popen[str]) -> int:
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (found := path.read_text().split()):
        assert process.poll() is None
    return int(found[0])


def await_first_instructions(pid: int, number: int) -> None:
    """Return when the kernel has started our program and it holds signals, without a pause; or when
    it is over: it runs the interpreter.
    """
    while number not in blocked(pid):
        if "python" in os.path.basename(os.readlink(f"/proc/{pid}/exe")):
            return
