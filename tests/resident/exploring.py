"""The supervisor's machine among all that can happen to it: a world of few facts, and its moves.

The world is as small as can be, so that every state of machine and world together can be visited:
an app that listens or not, others in its group or none, a watcher that lives or not, timers that
are armed or not. Time has no length: whatever timer is armed may be over at any moment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from cycle_exec.resident.model import (
    Action,
    Arrived,
    Deliver,
    Delivered,
    Deserted,
    Ended,
    Event,
    Expired,
    Foreground,
    Halted,
    Leave,
    NewPlan,
    NotStarted,
    Pause,
    Prepare,
    Ready,
    Say,
    Send,
    Start,
    StartWatcher,
    State,
    Terms,
    Wait,
    Wanted,
    WatcherEnded,
)
from cycle_exec.resident.supervisor import step

NUMBERS = {"HUP": 1, "QUIT": 3, "USR1": 10, "TERM": 15, "CONT": 18, "WINCH": 28}


class World(NamedTuple):
    """What is true around the machine.

    app: whether it runs. told: it was told to end, by a restart. asked: it was sent a stop from
    outside. listens: whether it has a handler. others: whether its group has more processes.
    dirty: whether there is a newer plan than the one that it was started with. stopped: whether a
    stop came while no app ran. over: the container has ended. mortal: it has just been sent a
    signal of ours.
    """

    app: bool = False
    told: bool = False
    asked: bool = False
    listens: bool = False
    others: bool = False
    killed: bool = False
    dirty: bool = False
    stopped: bool = False
    watcher: bool = True
    launched: bool = False
    over: bool = False
    mortal: bool = False
    timers: frozenset[str] = frozenset()


class Move(NamedTuple):
    """One thing that can happen: its name, the event of it, and what is true then."""

    name: str
    event: Event
    world: World


def moves(terms: Terms, world: World, state: State) -> Iterator[Move]:
    """Everything that can happen now."""
    for signal in NUMBERS:
        after = world
        stops = signal in ("TERM", "QUIT", terms.stop_signal)
        passed_on = terms.signal_map.get(signal, signal) != "NONE"
        if stops and not world.app:
            after = world._replace(stopped=True)
        elif stops and passed_on:
            after = world._replace(asked=True)
        yield Move(signal, Arrived(signal=signal, number=NUMBERS[signal]), after)
    if world.watcher:
        yield Move("plan", NewPlan(), world._replace(dirty=True))
        yield Move("ready", Ready(), world)
        if world.launched:
            yield Move("on_change", Wanted(signal="HUP"), world)
        yield Move("watcher dies", WatcherEnded(code=-9, how="died"), world._replace(watcher=False))
    if world.app:
        gone = world._replace(app=False)
        yield Move("app ends", Ended(code=3), gone)
        yield Move("app dies of HUP", Ended(code=-1), gone)
        if not (world.listens or world.others):
            yield Move("app cannot start", NotStarted(code=127, words="gone"), gone)
        if not world.listens:
            yield Move("app listens", Halted(signal="STOP"), world._replace(listens=True))
        yield Move("app is stopped", Halted(signal="TSTP"), world)
        if not world.others:
            yield Move("app forks", Halted(signal="STOP"), world._replace(others=True))
    elif world.launched:
        yield Move("group is empty", Deserted(), world._replace(others=False))
    for timer in sorted(world.timers):
        timers = world.timers - {timer}
        after = world._replace(timers=timers)
        if timer == "stop":
            after = after._replace(asked=False)
        if timer == "handler":
            after = after._replace(mortal=False)
        yield Move(f"timer {timer}", Expired(timer=timer), after)


class Broken(AssertionError):
    """An invariant that does not hold, and how it came to that."""


def done(terms: Terms, state: State, move: Move, before: World) -> tuple[State, World]:
    """Take one move, with all that follows at once; raise Broken where it must not be."""
    world = move.world
    pending: deque[Event] = deque([move.event])
    said: list[str] = []
    while pending:
        event = pending.popleft()
        state, actions = step(terms, state, event)
        for action in actions:
            if world.over:
                raise Broken("something is done after the end")
            world = _act(terms, state, world, action, pending, said, move, before)
    # How often something has failed makes pauses longer, and nothing else.
    if state.falls > 1 or state.failures > 1:
        state = state.replace(falls=min(state.falls, 1), failures=min(state.failures, 1))
    if len(state.kept) > 1:
        state = state.replace(kept=tuple(sorted(state.kept)))
    if len(said) != len(set(said)):
        raise Broken(f"said twice: {said}")
    if state.phase == "running" and not (world.app or world.over):
        raise Broken("it believes that an app runs")
    if world.stopped and world.app:
        raise Broken("a stop has started an app")
    return state, world


def _act(
    terms: Terms,
    state: State,
    world: World,
    action: Action,
    pending: deque[Event],
    said: list[str],
    move: Move,
    before: World,
) -> World:
    match action:
        case Leave():
            own = move.name in ("app ends", "app dies of HUP") and not before.told
            refused = move.name in ("app cannot start", "watcher dies") and not state.again
            rest = state.phase == "leaving"
            if not (own or refused or world.stopped or world.asked or rest):
                raise Broken(f"it leaves at {move.name}")
            if own and move.name == "app dies of HUP" and before.mortal and not before.asked:
                raise Broken("a signal of ours has ended the container")
            return world._replace(over=True)
        case Start():
            if world.app:
                raise Broken("two apps at once")
            if world.stopped:
                raise Broken("a stop has started an app")
            if world.others and not world.killed:
                raise Broken("the old group was not ended before the new app")
            return world._replace(
                app=True, told=False, asked=False, listens=False, others=False, killed=False,
                dirty=False, launched=True, mortal=False,
            )  # fmt: skip
        case Send(signal="KILL"):
            if world.app and not (world.told or world.asked):
                raise Broken("an app is killed that nobody told to end")
            return world._replace(killed=True)
        case Send(signal=signal) if signal == terms.stop and not isinstance(move.event, Arrived):
            return world._replace(told=True)
        case Deliver():
            heard = world.app and world.listens
            pending.append(Delivered(signal=action.signal, number=1, heard=heard))
            return world._replace(mortal=world.mortal or heard)
        case Wait():
            timers = world.timers - {action.timer}
            return world._replace(timers=timers | {action.timer} if action.seconds else timers)
        case StartWatcher():
            if world.watcher:
                raise Broken("two watchers at once")
            return world._replace(watcher=True)
        case Say():
            said.append(action.words)
        case Prepare() | Foreground() | Pause() | Send():
            pass
    return world


class Found(NamedTuple):
    """How many states there are, and edges between them."""

    states: int
    edges: int


def explore(terms: Terms, state: State, world: World, most: int = 2_000_000) -> Found:
    """Visit every state that can be reached, breadth first, each once; hold the invariants."""
    start = (state, world)
    came: Ways = {_key(start): None}
    waiting = deque([start])
    settled: set[Key] = set()
    edges = 0
    while waiting:
        here = waiting.popleft()
        state, world = here
        try:
            comes_to_rest = settles(terms, state, world, settled)
        except Broken as error:
            raise Broken(f"{error}, after {way(came, here)}: {state} {world}") from None
        if not comes_to_rest:
            raise Broken(f"it comes to nothing: {way(came, here)}: {state} {world}")
        for move in moves(terms, world, state):
            edges += 1
            try:
                there = done(terms, state, move, world)
            except Broken as error:
                raise Broken(f"{error}: {[*way(came, here), move.name]}: {state}") from None
            if not there[1].over and (key := _key(there)) not in came:
                came[key] = (_key(here), move.name)
                waiting.append(there)
                assert len(came) < most
    return Found(len(came), edges)


_fields = attrgetter(*sorted(State._names))
Key = tuple[object, ...]
Ways = dict[Key, tuple[Key, str] | None]


def _key(here: tuple[State, World]) -> Key:
    """Return the same for equal states: a tuple is compared much faster."""
    state, world = here
    return (*_fields(state), *world)


def way(came: Ways, here: tuple[State, World]) -> list[str]:
    """Return the moves that have led to a state."""
    names: list[str] = []
    before = came[_key(here)]
    while before is not None:
        key, name = before
        names.append(name)
        before = came[key]
    return names[::-1]


def settles(terms: Terms, state: State, world: World, settled: set[Key]) -> bool:
    """Whether all comes to rest when everyone does what they were told, and timers go by: the
    container has ended, or the app runs with the newest plan.

    settled: states of which that is known; those on the way are added.
    """
    passed: list[Key] = []
    for _ in range(40):
        passed.append(_key((state, world)))
        if world.over or passed[-1] in settled or _rests(state, world):
            settled.update(passed)
            return True
        if not world.launched:
            # The launch is not ours to finish.
            return not state.stopped or "grace" in world.timers or world.killed
        wanted: str | None = None
        if world.app and world.told:
            wanted = "app ends"
        elif not world.app and state.phase in ("clearing", "leaving"):
            wanted = "group is empty"
        elif world.timers - {"handler", "listen", "deaf", "steady", "watcher"}:
            first = sorted(world.timers - {"handler", "listen", "deaf", "steady", "watcher"})[0]
            wanted = f"timer {first}"
        elif state.phase == "paused":
            wanted = "CONT" if not world.dirty else "app ends"
        move = next((each for each in moves(terms, world, state) if each.name == wanted), None)
        if move is None:
            return False
        state, world = done(terms, state, move, world)
    return False


def _rests(state: State, world: World) -> bool:
    running = world.app and not world.told and not world.dirty and state.phase == "running"
    return running and world.launched
