"""Children that look, and what becomes of those that end too early or never."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from cycle_exec.errors import Stopped
from cycle_exec.system import signals
from cycle_exec.system.clock import Deadline, monotonic
from cycle_exec.system.waiting.children import Children, Job, Told
from tests.support.waiting import PATIENCE, until


def heard(*jobs: Job, seconds: float = PATIENCE, until_told: int = 1) -> list[Told]:
    """What is told within that time, or until there are so many words."""
    deadline = Deadline.after(seconds)
    found: list[Told] = []
    with Children(jobs, deadline) as children:
        while len(found) < until_told and deadline.left():
            found += children.hear(deadline.end)
    return found


def ours() -> str:
    """The numbers of our own children."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()


def test_what_is_told_arrives_once():
    """Each change of it, and no repetition."""

    def run(tell):
        for reason in ("one", "one", "two", "two", ""):
            tell(3, reason)
        tell(4, "no", "denied", "token \t\n \udc80")

    before = ours()
    assert heard(Job(numbers=(3, 4), run=run), until_told=4) == [
        Told(number=3, reason="one"),
        Told(number=3, reason="two"),
        Told(number=3, reason=""),
        Told(number=4, reason="no", kind="denied", subject="token \t\n \udc80"),
    ]
    assert ours() == before


def test_a_child_that_ends_too_early_is_made_again(tmp_path):
    """For what is left of its work; and its end is told."""

    def run(tell):
        with (tmp_path / "runs").open("a") as file:
            file.write("x")
        tell(0, "")
        if (tmp_path / "runs").read_text() == "x":
            os.kill(os.getpid(), signal.SIGKILL)
        tell(1, "")

    assert heard(Job(numbers=(0, 1), run=run), until_told=4) == [
        Told(number=0, reason=""),
        Told(number=1, reason="the process that looked for it has ended"),
        Told(number=0, reason=""),
        Told(number=1, reason=""),
    ]


def test_a_fault_of_ours_is_told_by_its_kind():
    """And its words, which may be anybody's, are not."""

    def run(_):
        raise ValueError("c4n4ry")

    told = heard(Job(numbers=(0,), run=run))
    assert told == [Told(number=0, reason="it cannot be looked for: unexpected ValueError")]


def test_a_child_has_nothing_of_ours_open():
    """Neither what we say, nor what we listen to: its pipe, and the list that it reads."""

    def run(tell):
        tell(0, str(len(os.listdir("/proc/self/fd"))))

    with socket.socket():
        [told] = heard(Job(numbers=(0,), run=run))
    assert told.reason == "2"


def test_the_end_of_the_block_is_the_end_of_all():
    """However deep they sleep."""

    def run(tell):
        tell(0, "asleep")
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        time.sleep(3600)

    before, began = ours(), monotonic()
    jobs = [Job(numbers=(0,), run=run) for _ in range(5)]
    assert {each.reason for each in heard(*jobs, until_told=5)} == {"asleep"}
    assert ours() == before
    assert monotonic() - began < PATIENCE


def test_a_handler_of_ours_does_not_run_in_a_child():
    """A stop that a child gets ends it, and nothing else."""

    def run(tell):
        tell(0, str(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL))
        os.kill(os.getpid(), signal.SIGTERM)

    armed = signals.arm()
    try:
        [told] = heard(Job(numbers=(0,), run=run))
    finally:
        armed.disarm()
    assert told.reason == "True"


def test_a_stop_ends_the_children_with_the_wait():
    """It is heard at once, and nobody is left."""

    def run(tell):
        tell(0, "asleep")
        os.kill(os.getppid(), signal.SIGTERM)
        time.sleep(3600)

    before = ours()
    armed = signals.arm()
    try:
        with pytest.raises(Stopped):
            heard(Job(numbers=(0,), run=run), until_told=2)
    finally:
        armed.disarm()
    assert until(lambda: ours() == before)
