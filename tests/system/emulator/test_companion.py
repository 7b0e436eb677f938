"""A child beside: it says when it is ready, and ends with its parent, or is ended.

Each test forks in a process of its own, which has one thread.
"""

from __future__ import annotations

import subprocess
import sys

from tests.support.waiting import PATIENCE

_BEGIN = """
import os, select, signal, sys, time
from cycle_exec.system.emulator.companion import Companion
"""


def run(program: str) -> str:
    """What a program prints, without an error."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", _BEGIN + program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_it_is_waited_for_and_ends_by_itself():
    """Its descriptor ends; what it prints is not the parent's output."""
    said = run("""
def serve(leash, ready):
    ready()
    print("lost", flush=True)
    select.select([leash], [], [])
    assert os.read(leash, 1) == b""

child = Companion(serve)
print(child.is_ready(), os.getpgid(child.pid) == child.pid)
child.end()
try:
    os.kill(child.pid, 0)
except ProcessLookupError:
    print("gone")
""")
    assert said == "True True\ngone\n"


def test_one_that_ends_too_early_is_never_ready():
    """It is not waited for, and its end is no error."""
    said = run("""
child = Companion(lambda leash, ready: sys.exit())
print(child.is_ready())
child.end()
""")
    assert said == "False\n"


def test_one_that_does_not_end_is_killed():
    """It has the grace to end, and no more."""
    said = run("""
from cycle_exec.system.emulator import companion
companion._GRACE = 0.1

def stay(leash, ready):
    ready()
    while True:
        time.sleep(1)

child = Companion(stay)
assert child.is_ready()
child.end()
try:
    os.kill(child.pid, 0)
except ProcessLookupError:
    print("gone")
""")
    assert said == "gone\n"


def test_one_that_somebody_else_has_reaped():
    """Who waits for all children, as dev does, may have had it."""
    said = run("""
child = Companion(lambda leash, ready: None)
assert os.waitpid(-1, 0)[0] == child.pid
child.end()
print("ended")
""")
    assert said == "ended\n"
