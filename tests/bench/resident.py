"""`python -m tests.bench.resident`: what stays beside an app, and how fast it follows changes.

Needs root (each init is PID 1 of a namespace of its own) and cycle-exec with its extras `emulator`
and `reload`; `sh tests/bench/resident.sh` brings everything.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from websockets.sync.client import unix_connect

SCRIPT = str(Path(sys.executable).with_name("cycle-exec"))
_NAMESPACE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
_TOKEN = "bench"
_IDLE = 5.0  # seconds
_SETTLES = 10.0
_PATIENCE = 10.0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.resident", description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, metavar="N", help="how often each runs")
    rounds = parser.parse_args().rounds
    if os.geteuid() != 0:
        print("only root makes namespaces without more ado", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="cxb-") as folder:
        place = Path(folder)
        with _emulator(place):
            ways = _ways(place)
            _print_latency(ways, _latency(ways, rounds))
            del ways["nobody"]
            ways["cycle-exec --reload"] = (*ways["cycle-exec"][:-1], "--reload", "--")
            _print_idle([idle for name, words in ways.items() for idle in _idle(name, words)])
            _print_reload(_reload(place, rounds))
    return 0


def _ways(place: Path) -> dict[str, tuple[str, ...]]:
    ours = (SCRIPT, "--socket", str(place / "api.sock"))
    peers = {
        name: (found, "--")
        for name in ("tini", "dumb-init", "catatonit")
        if (found := shutil.which(name))
    }
    return {
        "nobody": (),
        **peers,
        "cycle-exec": (*ours, "--"),
        "cycle-exec --init": (*ours, "--init", "--"),
    }


@contextmanager
def _emulator(place: Path) -> Iterator[None]:
    (place / "state.toml").write_text(_state(0))
    words = [SCRIPT, "emulator", "--socket", str(place / "api.sock")]
    process = subprocess.Popen(
        [*words, "--state", str(place / "state.toml")], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        assert "ready" in process.stderr.readline()
        yield
    finally:
        process.terminate()
        process.communicate()


def _state(number: int) -> str:
    return f'token = "{_TOKEN}"\n[variables]\nNUMBER = "{number}"\n'


def _environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "CYCLE_API_TOKEN": _TOKEN}


class Latency(NamedTuple):
    """Milliseconds from the start until the app runs, and until all has ended."""

    app: float
    end: float


def _latency(ways: dict[str, tuple[str, ...]], rounds: int) -> dict[str, list[Latency]]:
    """In interleaved rounds, with an app that says one word."""
    found: dict[str, list[Latency]] = {name: [] for name in ways}
    order = list(ways)
    shuffled = random.Random(1)
    for number in range(-2, rounds):
        shuffled.shuffle(order)
        for name in order:
            latency = _once(ways[name])
            if number >= 0:
                found[name].append(latency)
    return found


def _once(words: Sequence[str]) -> Latency:
    began = time.perf_counter()
    process = subprocess.Popen(
        [*_NAMESPACE, *words, "echo", "up"],
        env=_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    app = time.perf_counter()
    assert process.wait() == 0
    end = time.perf_counter()
    process.stdout.close()
    return Latency((app - began) * 1000, (end - began) * 1000)


class Idle(NamedTuple):
    """What a process takes in some idle seconds: megabytes of memory, in all, its share of what
    others have too, and what is its own alone; wake-ups, and ticks of processor time.
    """

    name: str
    rss: float
    pss: float
    private: float
    switches: int
    ticks: int


@contextmanager
def _idling(words: Sequence[str]) -> Iterator[list[int]]:
    """A way with an app that waits; the numbers of the process above it and of a watcher, if there
    is one, outside their namespace.
    """
    process = subprocess.Popen(
        [*_NAMESPACE, *words, "sh", "-c", "echo up; read end"],
        env=_environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        # A watcher looks once for what was missed, and is idle then.
        time.sleep(_SETTLES if "--reload" in words else 0.3)
        [above] = _children(process.pid)
        yield [above, *(pid for pid in _children(above) if _is_ours(pid))]
    finally:
        process.kill()
        process.communicate()


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_ours(pid: int) -> bool:
    return b"cycle-exec" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _idle(name: str, words: Sequence[str]) -> list[Idle]:
    """What each process takes."""
    with _idling(words) as pids:
        before = [(_switches(pid), _ticks(pid)) for pid in pids]
        time.sleep(_IDLE)
        after = [(_switches(pid), _ticks(pid)) for pid in pids]
        sizes = [_sizes(pid) for pid in pids]
    names = [name] if len(pids) == 1 else [f"{name}, supervisor", f"{name}, watcher"]
    return [
        Idle(each, *size, *(late - early for late, early in zip(ends, begins, strict=True)))
        for each, size, ends, begins in zip(names, sizes, after, before, strict=True)
    ]


def _sizes(pid: int) -> tuple[float, float, float]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(words.split()[0]) for name, words in (line.split(":", 1) for line in lines)}
    private = sizes["Private_Clean"] + sizes["Private_Dirty"]
    return sizes["Rss"] / 1024, sizes["Pss"] / 1024, private / 1024


def _switches(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _reload(place: Path, rounds: int) -> list[float]:
    """Milliseconds from a notification, as another client hears it, to the swapped file."""
    (place / "page.j2").write_text("{{ variables.NUMBER }}")
    target = place / "page"
    (place / "manifest.toml").write_text(
        f"""
[process]
reload = true
reload_debounce = "1ms"
reload_splay = "1ms"
[environment]
on_change = "none"
[[templates]]
source = "{place}/page.j2"
target = "{target}"
"""
    )
    words = [
        SCRIPT,
        "--socket",
        str(place / "api.sock"),
        "--manifest",
        str(place / "manifest.toml"),
    ]
    process = subprocess.Popen(
        [*words, "--log-level", "info", "--", "sleep", "1000"],
        env=_environ(),
        stderr=subprocess.PIPE,
        text=True,
    )
    found = []
    try:
        assert process.stderr is not None
        while "listening for notifications" not in process.stderr.readline():
            pass
        time.sleep(0.5)
        with unix_connect(
            str(place / "api.sock"),
            "ws://localhost/v1/notifications",
            additional_headers={"X-CYCLE-TOKEN": _TOKEN},
        ) as listener:
            for number in range(1, rounds + 1):
                (place / "state.toml").write_text(_state(number))
                listener.recv(_PATIENCE)
                began = time.perf_counter()
                while target.read_text() != str(number):
                    assert time.perf_counter() - began < _PATIENCE
                    time.sleep(0.0005)
                found.append((time.perf_counter() - began) * 1000)
                time.sleep(0.3)
    finally:
        process.terminate()
        process.communicate()
    return found


def _print_latency(ways: dict[str, tuple[str, ...]], found: dict[str, list[Latency]]) -> None:
    print("| as PID 1 | until the app runs, ms | added | until all has ended, ms | added |")
    print("|---|--:|--:|--:|--:|")
    for name in ways:
        base = found["cycle-exec"] if name == "cycle-exec --init" else found["nobody"]
        cells = [name]
        for mine, theirs in zip(
            zip(*found[name], strict=True), zip(*base, strict=True), strict=True
        ):
            added = median(one - other for one, other in zip(mine, theirs, strict=True))
            cells += [f"{median(mine):.1f}", "" if name == "nobody" else f"{added:.1f}"]
        print(f"| {' | '.join(cells)} |")


def _print_idle(found: Sequence[Idle]) -> None:
    print(f"\n| idle for {_IDLE:.0f} s | RSS MB | Pss MB | private MB | wake-ups | CPU ticks |")
    print("|---|--:|--:|--:|--:|--:|")
    for one in found:
        sizes = " | ".join(f"{size:.1f}" for size in (one.rss, one.pss, one.private))
        print(f"| {one.name} | {sizes} | {one.switches} | {one.ticks} |")


def _print_reload(found: list[float]) -> None:
    ordered = sorted(found)
    print(
        f"\nfrom a notification to the swapped file: median {median(found):.0f} ms, "
        f"{ordered[0]:.0f} to {ordered[-1]:.0f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
