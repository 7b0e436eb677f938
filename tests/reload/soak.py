"""Reload mode for a long time: `sh tests/soak.sh --minutes N`, or `--changes N` (see `growth`).

A real emulator, supervisor, watcher and app, and random events: good and bad changes, renewals,
outages of both kinds, signals, a frozen supervisor, killed watchers, removed files. After each of
them it waits until all is quiet, and then: the app's environment, what the app has read, and the
files are those of the platform; there is no zombie; nobody has more descriptors than at first;
the private memory of supervisor and watcher has not grown by more than a megabyte.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cycle_exec.resident.status import RUNNING, UP, Status
from cycle_exec.system.init import board
from tests.reload import growth
from tests.reload.growth import descriptors, private
from tests.support.emulated import Emulated, start, wait_for
from tests.support.hostile import CERTIFICATES
from tests.support.launching import PATH, SCRIPT

HOST = "app.example.test"
TOKEN = "c4n4ry-token"
# Reads its files at the start and at each HUP, and says what it has; USR1 leaves it an orphan.
APP = """
import json, os, signal, sys, time
page, key, seen = sys.argv[1:]
asked, busy, started, me = 0, False, False, os.getpid()
def read(*_):
    # A signal may come while another one is being handled, and to an orphan as well.
    global asked, busy, started
    asked += 1
    if busy or os.getpid() != me:
        return
    busy = True
    while asked:
        asked = 0
        found = {"pid": os.getpid(), "plain": os.environ["PLAIN"]}
        try:
            found["page"], found["key"] = open(page).read(), open(key).read()
        except FileNotFoundError:
            # It has to be there for a start; afterwards somebody may have removed it.
            if not started:
                raise
            continue
        started = True
        with open(seen + ".new", "w") as file:
            json.dump(found, file)
        os.rename(seen + ".new", seen)
    busy = False
def orphan(*_):
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(0.05)
        os._exit(0)
    os.wait()
signal.signal(signal.SIGHUP, read)
signal.signal(signal.SIGUSR1, orphan)
signal.signal(signal.SIGQUIT, lambda *_: None)
read()
while True:
    signal.pause()
"""
MANIFEST = """
[process]
reload = true
reload_debounce = "%"
reload_longest = "2s"
reload_splay = "1ms"
[variables]
exclude = ["PAGE"]
[certificates]
directory = "@/certificates"
on_change = "signal:HUP"
[[templates]]
source = "@/page.j2"
target = "@/page"
on_change = "signal:HUP"
"""
SETTLES = 150.0  # seconds; a watcher that was killed again and again comes back after a minute
WARM = 30  # settled steps before the memory of a process is compared
ROUND = 600  # steps in which a watcher collects its garbage: it grows by 2 MB until then
GROWTH = 1024  # kilobytes
# How often each event comes.
WEIGHTS = {
    "page": 30,
    "environment": 12,
    "bad": 10,
    "renewal": 10,
    "burst": 6,
    "stop": 3,
    "kill": 3,
    "signal": 6,
    "quit": 1,
    "freeze": 2,
    "remove": 4,
    "watcher": 2,
}


class Wrong(AssertionError):
    """What should hold does not."""


class World:
    """The platform, and the processes of a launch."""

    def __init__(self, folder: Path, seed: int, debounce: str = "20ms") -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.number = 0
        self.values = {"PLAIN": "first", "PAGE": "first"}
        self.days = 60
        self.done: Counter[str] = Counter()
        self.memory: dict[int, list[int]] = {}
        self.watchers = 0
        self.slowest = 0.0
        (folder / "page.j2").write_text("page {{ variables.PAGE }}\n")
        manifest = MANIFEST.replace("@", str(folder)).replace("%", debounce)
        (folder / "manifest.toml").write_text(manifest)
        self.state = folder / "state.toml"
        self.publish()
        self.platform = self.serve()
        self.log = (folder / "log").open("ab")
        self.launch = subprocess.Popen(
            [
                *(str(SCRIPT), "--manifest", str(folder / "manifest.toml"), "--"),
                *(sys.executable, "-I", "-S", "-c", APP),
                *(str(folder / "page"), f"{self.certificates}/privkey.pem", str(self.seen_file)),
            ],
            env={"PATH": PATH, "CYCLE_API_TOKEN": TOKEN, "CYCLE_EXEC_SOCKET": self.socket},
            stdin=subprocess.DEVNULL,
            stderr=self.log,
        )
        self.descriptors: dict[str, int] = {}

    @property
    def socket(self) -> str:
        return str(self.folder / "api.sock")

    @property
    def certificates(self) -> Path:
        return self.folder / "certificates" / HOST

    @property
    def seen_file(self) -> Path:
        return self.folder / "seen"

    def publish(self, **values: str) -> None:
        """Let the platform have these values, each time others."""
        self.values.update(values)
        lines = [f'token = "{TOKEN}"', "[variables]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in self.values.items()]
        lines += ["[[certificates]]", f'domains = ["{HOST}"]', f"days = {self.days}"]
        new = self.state.with_name("state.new")
        new.write_text("\n".join(lines) + "\n")
        new.rename(self.state)

    def fresh(self) -> str:
        self.number += 1
        return f"value {self.number}"

    def serve(self) -> Emulated:
        """Start the emulator, wherever it was stopped."""
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        log = self.folder / "emulator.log"
        log.write_text("")
        process = start(self.socket, log, state=str(self.state))
        wait_for(self.socket, process, log)
        return Emulated(self.socket, TOKEN, self.socket + ".ca.pem", self.state, log, process)

    # Events

    def page(self) -> None:
        self.publish(PAGE=self.fresh())

    def environment(self) -> None:
        self.publish(PLAIN=self.fresh())

    def burst(self) -> None:
        """Many changes at once, of which only the last counts."""
        for _ in range(self.chance.randint(2, 12)):
            self.publish(**{self.chance.choice(("PAGE", "PLAIN")): self.fresh()})
            time.sleep(self.chance.random() * 0.1)

    def bad(self) -> None:
        """A value that no environment can have: all stays as it was, until it is good again."""
        before = self.wanted()
        good = self.values["PLAIN"]
        self.publish(PLAIN="a\0b", PAGE=self.fresh())
        self.wait(lambda: (told := self.told()) is not None and told.facts.refused is not None)
        self.hold("after a refused change", before)
        self.publish(PLAIN=self.chance.choice((good, self.fresh())))

    def renewal(self) -> None:
        self.days = 30 + self.days % 300
        self.publish()

    def stop(self, how: int = signal.SIGTERM) -> None:
        """Take the platform away for a while, and change something or not."""
        self.platform.stop(how)
        time.sleep(self.chance.random() * 2)
        if self.chance.random() < 0.7:
            self.publish(PAGE=self.fresh())
        self.platform = self.serve()

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def signal(self) -> None:
        """Signals that the app has a handler for."""
        for _ in range(self.chance.randint(1, 5)):
            self.launch.send_signal(self.chance.choice((signal.SIGHUP, signal.SIGUSR1)))

    def quit(self) -> None:
        """What the app survives: a restart waits until that is clear."""
        self.launch.send_signal(signal.SIGQUIT)
        self.environment()

    def freeze(self) -> None:
        self.launch.send_signal(signal.SIGSTOP)
        self.environment()
        time.sleep(self.chance.random())
        self.launch.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """A file that somebody removes is there again after a restart."""
        (self.folder / "page").unlink()
        self.environment()

    def watcher(self) -> None:
        """Kill it at any moment of a change."""
        self.publish(**{self.chance.choice(("PAGE", "PLAIN")): self.fresh()})
        time.sleep(self.chance.random() * 0.2)
        pid = self.watcher_pid()
        if pid:
            how = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)
            os.kill(pid, self.chance.choice(how))
            self.wait(lambda: self.watcher_pid() not in (0, pid))
            self.watchers += 1

    # What holds

    def wanted(self) -> tuple[str, ...]:
        """What the platform has: environment, page, chain and key."""
        [one] = self.platform.ask(CERTIFICATES).json["data"]
        page = f"page {self.values['PAGE']}\n"
        chain, key = (
            base64.b64decode(one[name]).decode().strip() for name in ("bundle", "private_key")
        )
        return self.values["PLAIN"], page, chain, key

    def found(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What there is, and what the app has read of it."""
        seen = json.loads(self.seen_file.read_text())
        pid = seen["pid"]
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        # A process that is ending has none any more.
        plain = next((each for each in environ if each.startswith(b"PLAIN=")), b"").decode()[6:]
        chain = (self.certificates / "fullchain.pem").read_text().strip()
        key = (self.certificates / "privkey.pem").read_text().strip()
        real = (plain, (self.folder / "page").read_text(), chain, key)
        return real, (seen["plain"], seen["page"], chain, seen["key"].strip())

    def is_so(self, wanted: tuple[str, ...]) -> bool:
        try:
            return self.found() == (wanted, wanted)
        except OSError:
            return False

    def told(self) -> Status | None:
        return Status.from_line(board.line(self.launch.pid))

    def watcher_pid(self) -> int:
        """The only child that knows all: neither the app nor an orphan."""
        for pid in self.children():
            words = board.command_line(pid)
            if board.arguments(words, "watch") or str(SCRIPT) in words[:2] or "main()" in words[4:]:
                return pid
        return 0

    def children(self) -> list[int]:
        path = f"/proc/{self.launch.pid}/task/{self.launch.pid}/children"
        return [int(word) for word in Path(path).read_text().split()]

    def hold(self, what: str, wanted: tuple[str, ...]) -> None:
        if not self.is_so(wanted):
            raise Wrong(f"{what}: {self.differences(wanted)}")

    def differences(self, wanted: tuple[str, ...]) -> str:
        try:
            found = self.found()
        except OSError as error:
            return str(error)
        names = ("environment", "page", "chain", "key")
        return ", ".join(
            f"{name} {where}: {is_[:60]!r}, not {should[:60]!r}"
            for where, side in zip(("on disk", "in the app"), found, strict=True)
            for name, is_, should in zip(names, side, wanted, strict=True)
            if is_ != should
        )

    def settled(self, event: str, wanted: tuple[str, ...]) -> None:
        """Wait until disk and app have what is wanted."""
        if not self.wait(lambda: self.is_so(wanted), 0.002):
            raise Wrong(f"not settled after {event}: {self.told()}; {self.differences(wanted)}")

    def wait(self, true: Callable[[], Any], step: float = 0.01) -> bool:
        end = time.monotonic() + SETTLES
        while not true():
            if self.launch.poll() is not None:
                raise Wrong(f"the launch has ended with {self.launch.returncode}")
            if time.monotonic() > end:
                return False
            time.sleep(step)
        return True

    def quiet(self) -> bool:
        told = self.told()
        return (
            told is not None
            and (told.app, told.watcher) == (RUNNING, UP)
            and told.facts.connected
            and told.facts.refused is None
        )

    def settle(self, event: str) -> None:
        """Wait until it is as the platform has it, and look at the processes."""
        began = time.monotonic()
        wanted = self.wanted()
        if not self.wait(lambda: self.quiet() and self.is_so(wanted)):
            raise Wrong(f"not settled after {event}: {self.told()}; {self.differences(wanted)}")
        self.slowest = max(self.slowest, time.monotonic() - began)
        if not self.wait(lambda: not self.zombies()):
            raise Wrong(f"zombies after {event}: {self.zombies()}")
        for name, pid in (("supervisor", self.launch.pid), ("watcher", self.watcher_pid())):
            allowed = self.descriptors.setdefault(name, descriptors(pid))
            if name == "watcher":
                # Another one, started by the supervisor, may have been given one less.
                allowed += 1
            if not self.wait(lambda pid=pid, allowed=allowed: descriptors(pid) <= allowed):  # type: ignore[misc]
                raise Wrong(
                    f"{name}: {descriptors(pid)} descriptors after {event}, {allowed} first"
                )
            sizes = self.memory.setdefault(pid, [])
            sizes.append(private(pid))
            if len(sizes) > WARM + 2 * ROUND and grown(sizes) > GROWTH:
                raise Wrong(f"{name}: {sizes[WARM]} kB after {WARM} steps, {sizes[-1]} kB now")

    def zombies(self) -> list[int]:
        return [pid for pid in self.children() if state_of(pid) == "Z"]

    def close(self) -> int:
        self.launch.terminate()
        code = self.launch.wait(SETTLES)
        self.platform.stop()
        self.log.close()
        return code


def grown(sizes: list[int]) -> int:
    """Kilobytes between the lowest of a round at the start and of the last one."""
    return min(sizes[-ROUND:]) - min(sizes[WARM : WARM + ROUND])


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return ""


def main() -> int:
    """Run it, and print the figures."""
    parser = argparse.ArgumentParser(prog="sh tests/soak.sh", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, metavar="N", help="how long")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="0: another one each time")
    parser.add_argument("--changes", type=int, metavar="N", help="nothing but so many changes")
    given = parser.parse_args()
    if given.changes is not None and given.changes < growth.LEAST:
        parser.error(f"--changes: {growth.LEAST} at least: the first ones warm up")
    seed = given.seed or random.SystemRandom().randrange(1, 10**6)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="cxs-") as folder:
        world = World(Path(folder), seed, "1ms" if given.changes else "20ms")
        event = "the start"
        try:
            world.wait(world.seen_file.exists)
            world.settle(event)
            if given.changes:
                event, began = "a change", time.monotonic()
                sizes = growth.play(world, given.changes)
                if too_large := growth.report(sizes, time.monotonic() - began):
                    raise Wrong(f"grown too much: {too_large}")
            else:
                end = time.monotonic() + given.minutes * 60
                while time.monotonic() < end:
                    [event] = world.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
                    getattr(world, event)()
                    world.settle(event)
                    world.done[event] += 1
                report(world)
        except BaseException:
            print(f"failed at {event} after {dict(world.done)}", file=sys.stderr)
            print((Path(folder) / "log").read_text()[-3000:], file=sys.stderr)
            if world.launch.poll() is None:
                for pid in (*world.children(), world.launch.pid):
                    os.kill(pid, signal.SIGKILL)
            world.platform.process.kill()
            raise
        code = world.close()
        if code != 128 + signal.SIGTERM:
            raise Wrong(f"the end: {code}")
    return 0


def report(world: World) -> None:
    """Print what happened, and what it has cost."""
    counts = ", ".join(f"{number} {name}" for name, number in world.done.most_common())
    print(f"{sum(world.done.values())} settled events, {world.number} changes: {counts}")
    print(f"slowest to settle: {world.slowest:.1f} s; watchers killed: {world.watchers}")
    print(f"descriptors: {world.descriptors}; no zombies")
    for pid, sizes in world.memory.items():
        name = "supervisor" if pid == world.launch.pid else "watcher"
        warm = sizes[min(WARM, len(sizes) - 1)]
        print(
            f"{name}: private memory {sizes[0]} kB, {warm} kB when warm, {sizes[-1]} kB at the end"
        )


if __name__ == "__main__":
    sys.exit(main())
