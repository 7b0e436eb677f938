"""Both machines in a world of their own, with a clock that goes as fast as it can.

    python -m tests.resident.simulate --histories N --seed S

plays N random histories: a platform whose values come, go, turn bad and good again, which is down,
slow, flapping or refuses the token; an app that listens early, late or never, that is slow or deaf,
or dies of what it catches, with others in its group; signals, frozen supervisors, killed watchers,
files that somebody removes. After each step the invariants are held, at the end the app and its
files are those of the platform.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from cycle_exec.planning.model import FileWrite, Plan
from cycle_exec.resident import keeping, supervisor, watcher
from cycle_exec.resident import model as above
from cycle_exec.resident import watching as beside
from cycle_exec.resident.schedule import Pace
from cycle_exec.sources.model import Snapshot

NUMBERS = {"HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "TERM": 15, "CONT": 18}
BAD = "BAD"  # a value that no template takes
PAGE = "/page"
BUSY, QUIET = 90.0, 100.0  # seconds with events, and without
COMMAND = ("command", "", "true")
_WINDOW = 30.0
_CONNECTIONS, _LOOKS = 14, 40  # at most in a window


class Wrong(AssertionError):
    """An invariant that does not hold."""


class Temper(NamedTuple):
    """How an app is: seconds until it listens, until it ends when told, None: never; whether it
    dies of a HUP that it seems to catch, survives QUIT, and leaves somebody behind for so long.
    """

    listens: float | None
    ends: float | None
    brittle: bool
    survives: bool
    leaves: float


class Platform:
    """Values, and how it answers."""

    def __init__(self) -> None:
        self.values = {"A": "a0", "U": "u0", "PAGE": "p0"}
        self.status = "up"


class World:
    """One history."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self._count = itertools.count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self.log: list[str] = []
        self.platform = Platform()
        self.disk: dict[str, bytes] = {}
        self.grace = self.random.choice([0.0, 0.0, 3.0])
        self.before = self.random.choice([False, True])
        self.worked: list[dict[str, str]] = []  # environments in which [[before]] has
        self.drain = self.random.choice([0.0, 0.0, 2.0])
        self.on_page = self.random.choice([("signal", "HUP"), ("restart",), COMMAND, ("none",)])
        self.temper = self._temper()
        self.said: list[tuple[float, str]] = []
        self.over: int | None = None
        self.stop_came = self.app_ended = False
        self.versions = 0
        self.changes = 0
        self.supervisor = Supervisor(self)
        self.watcher: Watcher | None = None
        self.quiet = False

    def _temper(self) -> Temper:
        pick = self.random.choice
        return Temper(
            listens=pick([0.0, 0.0, 0.3, 3.0, None]),
            ends=pick([0.05, 0.05, 1.0, 4.0, None]),
            brittle=pick([False, False, True]),
            survives=pick([True, False]),
            leaves=pick([0.0, 0.0, 1.0, 1e9]),
        )

    def at(self, moment: float, what: Callable[[], None]) -> None:
        """Let something happen."""
        heapq.heappush(self._events, (max(moment, self.now), next(self._count), what))

    def note(self, words: str) -> None:
        """Remember a step, for who looks for a fault."""
        self.log.append(f"{self.now:8.2f} {words}")

    def plan(self, snapshot: Snapshot) -> Plan:
        """Plan as a launch does: every variable, and one file."""
        values = dict(snapshot.variables)
        page = values.pop("PAGE", "")
        write = FileWrite(
            path=PAGE, content=page.encode(), mode=0o600, kind="template", on_change=self.on_page
        )
        return Plan(environ=values, sources=dict.fromkeys(values, "x"), writes=(write,))

    def run(self) -> None:
        """Play it to its end."""
        self._begin()
        self._fill()
        while self.over is None and self._events:
            moment, _, what = heapq.heappop(self._events)
            if moment > BUSY + QUIET:
                break
            self.now = moment
            what()
        self._judge()

    def _begin(self) -> None:
        snapshot = Snapshot(variables=dict(self.platform.values))
        plan = self.plan(snapshot)
        self.worked.append(dict(plan.environ))
        self.disk[PAGE] = plan.writes[0].content
        self.watcher = Watcher(self, snapshot, plan, ())
        self.watcher.give(asks="restart", signals=())

    # What comes from outside

    def _fill(self) -> None:
        moves = [
            (6, self._value),
            (3, self._status),
            (1, self._drift),
            (2, self._signal),
            (1, self._kill_watcher),
            (1, self._freeze),
        ]
        weights, choices = zip(*moves, strict=True)
        for _ in range(self.random.randint(3, 14)):
            [move] = self.random.choices(choices, weights)
            moment = self.random.uniform(0.5, BUSY)
            self.at(moment, move)
            if self.random.random() < 0.3:
                # Another one close behind.
                self.at(moment + self.random.uniform(0, 3), self._value)
        fate = self.random.random()
        if fate < 0.2:
            self.at(self.random.uniform(0.2, BUSY), self._stop)
        elif fate < 0.3:
            self.at(self.random.uniform(0.2, BUSY), self._app_ends)
        self.at(BUSY, self._calm)

    def _value(self) -> None:
        if self.quiet:
            return
        name = self.random.choice(["A", "U", "PAGE"])
        self.versions += 1
        how = self.random.choice(["good", "good", "gone", "empty", "bad"])
        values = self.platform.values
        if how == "gone":
            values.pop(name, None)
        elif how == "bad":
            values[name] = BAD
        else:
            values[name] = f"{name}{self.versions}" if how == "good" else ""
        self.note(f"platform: {name} {how}")
        # A value that cannot be read for a while comes back without any news.
        self._news(tells=how != "empty")
        if how == "empty":
            value = f"{name}{self.versions}"
            self.at(self.now + self.random.uniform(1, 20), lambda: self._back(name, value))

    def _back(self, name: str, value: str) -> None:
        if self.platform.values.get(name) == "" and not self.quiet:
            self.note(f"platform: {name} is back")
            self.platform.values[name] = value

    def _news(self, tells: bool = True) -> None:
        self.changes += 1
        if tells and self.watcher is not None:
            self.watcher.notified()

    def _status(self) -> None:
        self.platform.status = self.random.choice(["up", "down", "denied", "flap", "slow"])
        self.note(f"platform: {self.platform.status}")
        if self.platform.status in ("down", "denied") and self.watcher is not None:
            self.watcher.disconnected()

    def _drift(self) -> None:
        self.note("somebody removes the file")
        self.disk[PAGE] = self.random.choice([b"", b"rewritten"])

    def _signal(self) -> None:
        signal = self.random.choice(["HUP", "USR1", "QUIT", "INT", "CONT"])
        hits = signal in ("QUIT", "INT") and not (self.temper.survives and self.supervisor.app)
        # What phase it will meet, nobody knows.
        hits = hits or (signal in ("QUIT", "INT") and self.supervisor.frozen)
        deadly = signal in ("HUP", "USR1") and not self.supervisor.listens()
        if hits or (deadly and self.supervisor.app):
            # By default it ends the app, and with it the container.
            return
        self.note(f"signal {signal}")
        # To an app that was told to end, or while there is none, these are stops.
        running = self.supervisor.state.phase == "running"
        self.stop_came = self.stop_came or (signal in ("QUIT", "INT") and not running)
        self.supervisor.signal(signal)

    def _stop(self) -> None:
        self.note("signal TERM")
        # What the app survives stops nothing.
        deaf = self.supervisor.app is not None and self.temper.ends is None
        self.stop_came = self.stop_came or not deaf or self.supervisor.state.phase == "ending"
        self.supervisor.signal("TERM")

    def _app_ends(self) -> None:
        if self.supervisor.app:
            self.note("the app ends by itself")
            self.app_ended = True
            self.supervisor.app_over(3)

    def _kill_watcher(self) -> None:
        if self.watcher is not None:
            self.note("the watcher is killed")
            self.watcher.alive = False
            self.watcher = None
            self.supervisor.put(above.WatcherEnded(code=-9, how="was killed by SIGKILL"))

    def _freeze(self) -> None:
        self.note("the supervisor is stopped")
        self.supervisor.frozen = True

        def thaw() -> None:
            self.note("the supervisor goes on")
            self.supervisor.frozen = False
            self.supervisor.work()

        self.at(self.now + self.random.uniform(0.1, 5), thaw)

    def _calm(self) -> None:
        self.quiet = True
        self.versions += 1
        self.platform.status = "up"
        self.platform.values = {name: f"{name}{self.versions}" for name in ("A", "U", "PAGE")}
        self.note("the platform is well")
        self._news()

    # What has to hold

    def say(self, words: str) -> None:
        """A line at the default level."""
        self.note(f"says: {words}")
        self.said.append((self.now, words))

    def _judge(self) -> None:
        if self.over is not None:
            if not (self.stop_came or self.app_ended):
                raise Wrong(f"the container has ended with {self.over}")
            return
        if self.stop_came:
            raise Wrong("a stop has not ended the container")
        values = self.platform.values
        app = self.supervisor.app
        if app is None:
            raise Wrong("no app runs")
        for name in ("A", "U"):
            if app.environ.get(name) != values[name]:
                raise Wrong(f"the app has an old {name}")
        if self.disk[PAGE] != values["PAGE"].encode():
            raise Wrong("the file is old")
        starts = self.supervisor.starts - 1
        if starts > self.changes + len(self.supervisor.state.deaf):
            raise Wrong(f"{starts} restarts for {self.changes} changes")


class App(NamedTuple):
    """An app under way."""

    environ: dict[str, str]
    began: float
    number: int


class Supervisor:
    """Its machine, and hands that are as quick as thought."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.terms = above.Terms(drain=world.drain, grace=world.grace, patience=world.grace or 10.0)
        self.state = above.State(phase="launching")
        self.app: App | None = None
        self.others_until = 0.0
        self.frozen = False
        self.starts = 0
        self._waiting: deque[above.Event] = deque()
        self._held: tuple[Plan, Snapshot, tuple[beside.Job, ...]] | None = None
        self._messages: deque[
            tuple[tuple[Plan, Snapshot, tuple[beside.Job, ...]], str, tuple[str, ...]]
        ] = deque()
        self._timers: dict[str, int] = {}
        self._armed = itertools.count(1)
        self._told = False

    def listens(self) -> bool:
        """Whether the app has a handler by now."""
        listens = self.world.temper.listens
        return (
            self.app is not None
            and listens is not None
            and (self.world.now >= self.app.began + listens)
        )

    def put(self, event: above.Event) -> None:
        """Something has happened."""
        self._waiting.append(event)
        self.work()

    def signal(self, name: str) -> None:
        """A signal from outside."""
        self.put(above.Arrived(signal=name, number=NUMBERS[name]))

    def message(
        self,
        held: tuple[Plan, Snapshot, tuple[beside.Job, ...]],
        asks: str,
        signals: tuple[str, ...],
    ) -> None:
        """What the watcher hands over."""
        self._messages.append((held, asks, signals))
        self.work()

    def work(self) -> None:
        """Do all that there is to do."""
        while not self.frozen and self.world.over is None:
            while self._messages:
                self._held, asks, signals = self._messages.popleft()
                if asks:
                    self._waiting.append(above.NewPlan() if asks == "restart" else above.Ready())
                self._waiting.extend(above.Wanted(signal=signal) for signal in signals)
            if not self._waiting:
                return
            event = self._waiting.popleft()
            self.state, actions = supervisor.step(self.terms, self.state, event)
            for action in actions:
                self._act(action)

    def _act(self, action: above.Action) -> None:
        world = self.world
        match action:
            case above.Leave():
                world.note(f"the container ends with {action.code}")
                world.over = action.code
            case above.Start():
                self._start()
            case above.Send():
                self._send(action.signal)
            case above.Deliver():
                self._deliver(action.signal)
            case above.Wait():
                self._wait(action.timer, action.seconds)
            case above.StartWatcher():
                assert world.watcher is None
                assert self._held is not None
                plan, snapshot, jobs = self._held
                world.watcher = Watcher(world, snapshot, plan, jobs)
            case above.Prepare():
                if world.watcher is not None:
                    world.watcher.put(beside.Prepared(now=world.now))
            case above.Say():
                world.say(action.words)

    def _start(self) -> None:
        world = self.world
        if self.app is not None:
            raise Wrong("two apps at once")
        if world.stop_came and self.starts:
            raise Wrong("a stop has started an app")
        assert self._held is not None
        plan = self._held[0]
        if world.stop_came:
            raise Wrong("a stop has started an app")
        for name in ("A", "U"):
            if plan.environ.get(name, "") in ("", BAD):
                raise Wrong(f"an app without {name}")
        beside_it = world.watcher
        could = beside_it is not None and beside_it.idle
        # Files are new before [[before]] has worked with them.
        of_files = beside_it.state.held if world.before and beside_it else plan
        if self.starts and could and world.disk[PAGE] != of_files.writes[0].content:
            raise Wrong("an app without its file")
        if world.before and self.starts and dict(plan.environ) not in world.worked:
            raise Wrong("an app whose [[before]] has not worked")
        self.starts += 1
        self._told = False
        world.note(f"the app starts: {plan.environ}")
        self.app = App(dict(plan.environ), world.now, self.starts)
        self.others_until = 0.0

    def _send(self, signal: str) -> None:
        world, app = self.world, self.app
        if signal == "KILL":
            self.others_until = 0.0
            if app is not None:
                self.app_over(-9)
            elif self.state.phase in ("clearing", "leaving"):
                self._waiting.append(above.Deserted())
        elif signal == "TERM" and app is not None and world.temper.ends is not None:
            number = app.number

            def end() -> None:
                if self.app is not None and self.app.number == number:
                    self.app_over(0)

            world.at(world.now + world.temper.ends, end)

    def app_over(self, code: int) -> None:
        """The app has ended; somebody of its group may be left."""
        world = self.world
        self.app = None
        self.others_until = world.now + world.temper.leaves if code != -9 else 0.0
        self._waiting.append(above.Ended(code=code))
        world.at(self.others_until, self._maybe_deserted)
        if code != -9 or self.frozen:
            world.at(world.now, self.work)

    def _maybe_deserted(self) -> None:
        if self.app is None and self.world.now >= self.others_until:
            self.put(above.Deserted())

    def _deliver(self, signal: str) -> None:
        heard = self.app is not None and self.listens()
        number = NUMBERS[signal]
        self._waiting.append(above.Delivered(signal=signal, number=number, heard=heard))
        if heard and self.world.temper.brittle:
            app = self.app

            def die() -> None:
                if self.app is app and app is not None:
                    self.world.note(f"the app dies of {signal}")
                    self.app_over(-number)

            self.world.at(self.world.now + 0.05, die)

    def _wait(self, timer: str, seconds: float) -> None:
        armed = self._timers[timer] = next(self._armed)
        if not seconds:
            return

        def expire() -> None:
            if self._timers[timer] == armed:
                self._timers[timer] = 0
                self.put(above.Expired(timer=timer))

        self.world.at(self.world.now + seconds, expire)


class Watcher:
    """Its machine, and hands that take the time that the platform takes."""

    def __init__(
        self, world: World, snapshot: Snapshot, plan: Plan, jobs: tuple[beside.Job, ...]
    ) -> None:
        self.world = world
        self.alive = True
        pace = Pace(debounce=0.5, longest=5.0, splay=0.2)
        self.rules = beside.Rules(pace=pace, before=world.before)
        self.snapshot, self._fresh = snapshot, snapshot
        self._given = (plan, snapshot)
        self.state = watcher.begin(plan, self.rules, world.now, None, jobs)
        self._busy, self._alarm = 0.0, -1.0
        self._waiting: deque[beside.Event] = deque()
        self._actions: deque[beside.Action] = deque()
        self._connection = 0
        self._connects: list[float] = []
        self._looks: list[float] = []
        self._refused: set[str] = set()
        self._wake()

    @property
    def idle(self) -> bool:
        """Whether it is not in the middle of a look."""
        return self.world.now >= self._busy and not self._actions

    def put(self, event: beside.Event) -> None:
        """Something has happened."""
        self._waiting.append(event)
        self.world.at(max(self._busy, self.world.now), self._work)

    def notified(self) -> None:
        """The platform tells, if there is a connection."""
        if self.state.connected is not None:
            self.put(beside.Notified(now=self.world.now))

    def disconnected(self) -> None:
        """The connection is lost, if there is one."""
        if self.state.connected is not None:
            self._lose("the connection was closed", self._connection)

    def _lose(self, reason: str, connection: int, status: int = 0) -> None:
        if connection == self._connection and self.alive:
            self._connection += 1
            jitter = self.world.random.random()
            now = self.world.now
            self.put(beside.Lost(now=now, jitter=jitter, reason=reason, status=status))

    def _wake(self) -> None:
        due = watcher.due(self.state, self.rules)
        if due is None:
            return
        moment = max(due, self._busy, self.world.now)
        if not self.world.now <= self._alarm <= moment:
            self._alarm = moment
            self.world.at(moment, self._due)

    def _due(self) -> None:
        self._alarm = -1.0
        due = watcher.due(self.state, self.rules)
        if due is not None and due <= self.world.now:
            self._waiting.append(beside.Due(now=self.world.now))
            self._work()
        else:
            self._wake()

    def _work(self) -> None:
        while self.alive and self.world.now >= self._busy and self.world.over is None:
            if self._actions:
                self._act(self._actions.popleft())
            elif self._waiting:
                event = self._waiting.popleft()
                self.state, actions = watcher.step(self.rules, self.state, event)
                self._actions.extend(actions)
            else:
                self._wake()
                return
        if self.alive and self.world.over is None:
            self.world.at(self._busy, self._work)

    def _act(self, action: beside.Action) -> None:
        world = self.world
        match action:
            case beside.Connect():
                self._count(self._connects, _CONNECTIONS, "connections")
                self._connect()
            case beside.Look():
                self._count(self._looks, _LOOKS, "looks")
                slow = {"down": 5.0, "slow": 3.0}.get(world.platform.status, 0.02)
                self._busy = world.now + slow
                world.at(self._busy, self._looked)
            case beside.Apply():
                for write in action.writes:
                    if write.content in (b"", BAD.encode()):
                        raise Wrong("a file without its value")
                    world.disk[write.path] = write.content
                self._waiting.appendleft(beside.Applied(now=world.now))
            case beside.Restore():
                world.disk[PAGE] = self.state.held.writes[0].content
            case beside.Run():
                failure = ("failed",) if world.random.random() < 0.3 else ()
                if action.deed == beside.BEFORE and not failure:
                    world.worked.append(dict(self.state.held.environ))
                self._waiting.append(beside.Ran(now=world.now, deed=action.deed, failure=failure))
            case beside.HandOver():
                self.give(action.asks, action.signals, again=action.again)
            case beside.Keep():
                self.snapshot = self._fresh
                self._refused.clear()
            case beside.Say() if action.level in ("warning", "notice"):
                self._say(action.words)

    def _say(self, words: str) -> None:
        if words.startswith("reload failed"):
            if words in self._refused:
                raise Wrong(f"said twice: {words}")
            self._refused.add(words)
        last = next((line for _, line in reversed(self.world.said)), "")
        if words == last and words.startswith("no notifications"):
            raise Wrong(f"said twice: {words}")
        self.world.say(words)

    def _count(self, moments: list[float], most: int, what: str) -> None:
        moments.append(self.world.now)
        recent = sum(moment > self.world.now - _WINDOW for moment in moments)
        if recent > most:
            raise Wrong(f"{recent} {what} in {_WINDOW:.0f} s")

    def _connect(self) -> None:
        world, connection = self.world, self._connection
        status = {"denied": 401}.get(world.platform.status, 0)
        if world.platform.status in ("down", "denied"):
            self._lose("cannot connect to the socket", connection, status)
            return
        self.put(beside.Connected(now=world.now))
        if world.platform.status == "flap":
            reason = "the connection was closed"
            world.at(world.now + 0.3, lambda: self._lose(reason, connection))

    def _looked(self) -> None:
        if not self.alive:
            return
        world = self.world
        now, jitter = world.now, world.random.random()
        status = world.platform.status
        if status in ("down", "denied"):
            event = beside.Refused(now=now, jitter=jitter, cause=status, words=status)
            self._waiting.appendleft(event)
        else:
            found = keeping.kept(self.snapshot, Snapshot(variables=dict(world.platform.values)))
            self._waiting.appendleft(self._planned(found, now, jitter))
        self._work()

    def _planned(self, found: keeping.Kept, now: float, jitter: float) -> beside.Event:
        bad = [name for name, value in found.snapshot.variables.items() if value == BAD]
        if bad:
            words = f"{bad} is bad"
            return beside.Refused(now=now, jitter=jitter, cause=words, words=words)
        self._fresh = found.snapshot
        plan = self.world.plan(found.snapshot)
        differs = self.world.disk[PAGE] != plan.writes[0].content
        return beside.Planned(
            now=now,
            jitter=jitter,
            plan=plan,
            gone=found.gone,
            empty=found.empty,
            differing=frozenset([PAGE] if differs else []),
        )

    def give(self, asks: str, signals: tuple[str, ...], *, again: bool = False) -> None:
        """Hand over what holds, or what was handed over last."""
        if not again:
            self._given = (self.state.held, self.snapshot)
        jobs = tuple(job for job in self.state.jobs if not again or job.deed != beside.BEFORE)
        self.world.supervisor.message((*self._given, jobs), asks, signals)


def play(seed: int) -> World:
    """Play one history; raise Wrong with its seed and story."""
    world = World(seed)
    try:
        world.run()
    except Exception as error:
        story = "\n".join(world.log[-60:])
        raise Wrong(f"seed {seed}: {error!r}\n{world.temper}\n{story}") from error
    return world


def main() -> int:
    """Play many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=1000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the first history")
    given = parser.parse_args()
    began, ends, starts = time.perf_counter(), 0, 0
    for seed in range(given.seed, given.seed + given.histories):
        world = play(seed)
        ends += world.over is not None
        starts += world.supervisor.starts
    seconds = time.perf_counter() - began
    print(
        f"{given.histories} histories from seed {given.seed} in {seconds:.1f} s: {starts} starts "
        f"of apps, {ends} containers ended, each as it had to"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
