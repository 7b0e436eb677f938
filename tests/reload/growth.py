"""What a supervisor and a watcher grow by in thousands of changes: `sh tests/soak.sh --changes N`.

One change after the other, as fast as the app takes them, through the same two processes. Python
collects garbage in rounds, so the highest of many sizes is compared: those after a warm-up, and
the last ones.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.reload.soak import World

WARM = 500  # changes before the sizes count
SPAN = 1000  # changes whose highest size is compared
GROWTH = 1024  # kilobytes in 10,000 changes
LEAST = WARM + 2 * SPAN
# Of so many changes one starts the app again, and one is a renewal; the others are of a file.
ROUND = 50


def play(world: World, number: int) -> dict[str, list[int]]:
    """Make so many changes; return the kilobytes of private memory after each of them."""
    watcher = world.watcher_pid()
    processes = {"supervisor": world.launch.pid, "watcher": watcher}
    before = {name: descriptors(pid) for name, pid in processes.items()}
    sizes: dict[str, list[int]] = {name: [] for name in processes}
    plain, page, chain, key = world.wanted()
    for count in range(number):
        if count % ROUND == 0:
            world.environment()
            plain = world.values["PLAIN"]
        elif count % ROUND == ROUND // 2:
            world.renewal()
            plain, page, chain, key = world.wanted()
        else:
            world.page()
            page = f"page {world.values['PAGE']}\n"
        world.settled(f"change {count}", (plain, page, chain, key))
        for name, pid in processes.items():
            sizes[name].append(private(pid))
        if count % SPAN == SPAN - 1:
            print(count + 1, {name: each[-1] for name, each in sizes.items()}, flush=True)
    world.hold("the watcher is the same", world.wanted())
    assert world.watcher_pid() == watcher
    after = {name: descriptors(pid) for name, pid in processes.items()}
    # A connection may have been open when it was looked at first.
    assert all(after[name] <= before[name] for name in processes), (before, after)
    return sizes


def grown(sizes: list[int]) -> int:
    """Kilobytes between the highest after the warm-up and the highest at the end."""
    return max(sizes[-SPAN:]) - max(sizes[WARM : WARM + SPAN])


def report(sizes: dict[str, list[int]], seconds: float) -> list[str]:
    """Print the figures, and return who has grown too much."""
    number = len(sizes["watcher"])
    print(f"{number} changes in {seconds:.0f} s")
    for name, each in sizes.items():
        steps = [max(each[at : at + SPAN]) for at in range(WARM, number, SPAN)]
        print(f"{name}: highest private memory of each {SPAN} changes, kB: {steps}")
        print(f"{name}: {grown(each):+} kB between the first and the last of them")
    compared = max(1, number - WARM - SPAN)
    most = GROWTH * max(1.0, compared / 10_000)
    return [name for name, each in sizes.items() if grown(each) > most]


def descriptors(pid: int) -> int:
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def private(pid: int) -> int:
    """Kilobytes of memory that are this process's alone."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise AssertionError(f"{pid} has no memory")
