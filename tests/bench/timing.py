"""Starting contenders and measuring them: interleaved rounds, medians, paired ratios, memory."""

from __future__ import annotations

import ctypes
import fcntl
import os
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from tests.bench import contenders
from tests.bench.contenders import Contender

_PR_SET_CHILD_SUBREAPER = 36
_SHELL = "/bin/sh"
_TOLD, _GATE = 8, 9  # descriptors in the shell
_FORKED = '{ read -r _ <&9; exec "$@" 8>&- 9<&-; } & echo "$!" >&8'


class Sample(NamedTuple):
    """One run: milliseconds of wall clock, and of processor time of all its processes."""

    wall: float
    cpu: float


class Summary(NamedTuple):
    """Many runs of one contender. ratio: of wall clock to the reference, paired by round."""

    name: str
    wall: float
    cpu: float
    quartiles: tuple[float, float]


def once(contender: Contender, captured: Path) -> Sample:
    """One run, timed from the start of the process to the end of the app, then checked."""
    argv, environ = contender.argv, dict(contender.environ)
    began = time.perf_counter()
    process = os.posix_spawn(argv[0], argv, environ, file_actions=_standard(captured))
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - began
    _judge(contender, status, captured)
    return Sample(wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000)


def _standard(captured: Path) -> list[tuple[int, int, str, int, int]]:
    write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(captured), write, 0o600),
        (os.POSIX_SPAWN_OPEN, 2, f"{captured}.err", write, 0o600),
    ]


def _judge(contender: Contender, status: int, captured: Path) -> None:
    try:
        contenders.check(contender, os.waitstatus_to_exitcode(status), captured.read_bytes())
    except contenders.Wrong as wrong:
        said = Path(f"{captured}.err").read_text(errors="replace").strip()
        raise contenders.Wrong(f"{wrong}\n{said}" if said else str(wrong)) from None
    finally:
        contenders.clear(contender.job)


def rounds(
    competitors: Sequence[Contender],
    count: int,
    captured: Path,
    progress: Callable[[str], None] = lambda _: None,
) -> list[list[Sample]]:
    """The samples of each contender, one for each round.

    A round runs each of them once, in an order of its own: whatever else the machine does falls
    on all alike. Two rounds more go first and do not count.
    """
    order = list(range(len(competitors)))
    shuffled = random.Random(1)
    samples: list[list[Sample]] = [[] for _ in competitors]
    for number in range(-2, count):
        progress(f"round {number + 1} of {count}")
        shuffled.shuffle(order)
        for index in order:
            sample = once(competitors[index], captured)
            if number >= 0:
                samples[index].append(sample)
    return samples


def summary(name: str, samples: Sequence[Sample]) -> Summary:
    """Medians, and the quartiles of the wall clock."""
    walls = [sample.wall for sample in samples]
    return Summary(name, median(walls), median(each.cpu for each in samples), _quartiles(walls))


def ratio(samples: Sequence[Sample], reference: Sequence[Sample]) -> tuple[float, float]:
    """The median of the ratios of each round: of wall clock, of processor time."""
    pairs = list(zip(samples, reference, strict=True))
    return (
        median(ours.wall / theirs.wall for ours, theirs in pairs),
        median(ours.cpu / theirs.cpu for ours, theirs in pairs),
    )


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return values[0], values[0]
    lower, _, upper = quantiles(values, n=4, method="inclusive")
    return lower, upper


def _pipe() -> list[int]:
    """Return a pipe whose ends are not overwritten when a descriptor of the shell is made."""
    found = []
    for descriptor in os.pipe():
        found.append(fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _GATE + 1))
        os.close(descriptor)
    return found


def peak(contender: Contender, captured: Path) -> float:
    """The largest resident set (MB) that any process of one run had.

    The kernel counts from the process that was forked, so the run is forked by a small shell, which
    ends at once and leaves it to us: a fork of this Python would never be below this Python. It
    begins when the shell is gone, which would otherwise take the end of a short one for itself.
    """
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_CHILD_SUBREAPER")
    argv = (_SHELL, "-c", _FORKED, "sh", *contender.argv)
    reader, writer = _pipe()
    gate, opener = _pipe()
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        *_standard(captured),
        (os.POSIX_SPAWN_DUP2, writer, _TOLD),
        (os.POSIX_SPAWN_DUP2, gate, _GATE),
    ]
    shell = os.posix_spawn(_SHELL, argv, dict(contender.environ), file_actions=actions)
    os.close(writer)
    os.close(gate)
    with os.fdopen(reader) as told:
        process = int(told.readline())
    os.waitpid(shell, 0)
    os.close(opener)
    _, status, usage = os.wait4(process, 0)
    # The small shell has variables of its own.
    tolerated = contender.tolerated | contenders.BY_SHELLS
    _judge(contender._replace(tolerated=tolerated), status, captured)
    return usage.ru_maxrss * 1024 / 1e6
