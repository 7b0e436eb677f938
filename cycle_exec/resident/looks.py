"""What comes of a look: what is written, what is said, what is done, and when the next one is."""

from __future__ import annotations

from cycle_exec.planning import changes as comparing
from cycle_exec.planning.changes import Changes
from cycle_exec.resident.watching import (
    BEFORE,
    Apply,
    HandOver,
    Job,
    Keep,
    Report,
    Run,
    Say,
    Tell,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.planning.changes import Deed
    from cycle_exec.resident.watching import (
        Action,
        Applied,
        Planned,
        Ran,
        Refused,
        Rules,
        Watching,
    )

    Step = tuple[Watching, tuple[Action, ...]]

_AGAIN = 8.0  # seconds at most before a command is tried once more
_SHOWN = 5  # names in one message


def planned(state: Watching, event: Planned, rules: Rules) -> Step:
    """Compare the plan of a look with the one that holds, and with the disk."""
    found = comparing.changes(state.held, event.plan, rules.on_environment)
    changed = {write.path for write in found.writes}
    restarts = ("restart",) in found.deeds
    drifted = event.differing - changed
    restored = drifted if restarts or rules.restores else frozenset()
    state = state.replace(
        fresh=event.plan, changes=found, restored=tuple(sorted(restored)),
        expiry=event.expiry, empty=event.empty,
    )  # fmt: skip
    state, said = _said_of(state, event, drifted - restored)
    wanted = changed | restored
    writes = tuple(write for write in event.plan.writes if write.path in wanted)
    if writes:
        return state, (*said, Apply(writes=writes))
    state, actions = _hold(state, event.now, event.jitter, rules)
    return state, (*said, *actions)


def _said_of(state: Watching, event: Planned, drifted: frozenset[str]) -> Step:
    """Say once what is not as it should be."""
    actions: list[Action] = []
    lacking = (*event.gone, *event.empty)
    new = [name for name in lacking if name not in state.kept]
    if new:
        words = f"{_some(new)}: no value at the platform any more; the last one is kept"
        actions.append(Say(level="warning", words=words))
    named = sorted(drifted - state.named)
    if named:
        words = f"{_some(named)}: changed or removed by another program; left as it is until its "
        actions.append(Say(level="warning", words=words + "own content changes"))
    if event.edited and not state.edited:
        words = "the manifest has been edited: it counts from the next start"
        actions.append(Say(level="warning", words=words))
    for line in event.plan.warnings:
        if line not in state.warned:
            actions.append(Say(level="warning", words=line))
    return state.replace(
        kept=frozenset(lacking),
        named=drifted,
        warned=frozenset(event.plan.warnings),
        edited=state.edited or event.edited,
    ), tuple(actions)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def applied(state: Watching, event: Applied, rules: Rules) -> Step:
    """Go on after the targets were swapped."""
    said = [Say(level="warning", words=line) for line in event.warnings]
    if state.restored:
        words = f"put back: {_some(list(state.restored))}"
        said.append(Say(level="notice", words=words))
    state, actions = _hold(state, event.now, event.jitter, rules)
    return state, (*said, *actions)


def _hold(state: Watching, now: float, jitter: float, rules: Rules) -> Step:
    """Let the new plan be the one that holds, and do what its changes ask for."""
    found, fresh = state.changes, state.fresh
    assert fresh is not None
    schedule = state.schedule.looked(now, rules.pace, state.expiry)
    again = state.looks_empty if state.empty else 0
    if state.empty:
        # Nobody tells when a value that could not be had for a while can be had again.
        schedule = schedule.again(now, jitter, again).replace(failures=0)
    jobs = dict((job.deed, job) for job in state.jobs)
    commands = _commands(found, rules)
    jobs.update({deed: Job(deed=deed, at=now) for deed in commands})
    was_refused = bool(state.refusals)
    state = state.replace(
        held=fresh, fresh=None, changes=Changes(), restored=(), schedule=schedule, empty=(),
        looks_empty=again + 1 if again or schedule.retry is not None else 0,
        refusals=frozenset(), jobs=tuple(jobs.values()), contact=now, refused=None,
    )  # fmt: skip
    if found.nothing:
        if not was_refused:
            return state, (Keep(),)
        words = "reload works again: nothing has changed"
        return state, (Keep(), Say(level="notice", words=words))
    running = tuple(Run(deed=deed) for deed in commands)
    handing = HandOver(
        asks="restart" if ("restart",) in found.deeds and not state.waits else "",
        signals=tuple(deed[1] for deed in found.deeds if deed[0] == "signal"),
        again=state.waits,
    )
    return state, (Keep(), Tell(changes=found), *running, handing)


def _commands(changes: Changes, rules: Rules) -> list[Deed]:
    """Return the commands to run, in their order."""
    before = [BEFORE] if rules.before and ("restart",) in changes.deeds else []
    return [*(deed for deed in changes.deeds if deed[0] == "command"), *before]


def refused(state: Watching, event: Refused) -> Step:
    """Leave all as it was; say each cause once, until a look goes well."""
    state = state.replace(
        fresh=None,
        changes=Changes(),
        restored=(),
        empty=(),
        schedule=state.schedule.failed(event.now, event.jitter),
        refused=event.now if state.refused is None else state.refused,
    )
    if event.cause in state.refusals:
        return state, ()
    words = f"reload failed: {event.words}; the app keeps running unchanged"
    state = state.replace(refusals=state.refusals | {event.cause})
    lines = (words, *(f"| {line}" for line in event.lines))
    return state, (Report(), *(Say(level="warning", words=line) for line in lines))


def due(state: Watching, now: float) -> Step:
    """Try the commands again that have not worked yet."""
    return state, tuple(Run(deed=job.deed) for job in state.jobs if job.at <= now)


def ran(state: Watching, event: Ran) -> Step:
    """Be done with a command that has worked; try the others again later."""
    job = next((job for job in state.jobs if job.deed == event.deed), None)
    if job is None:
        return state, ()
    others = tuple(one for one in state.jobs if one is not job)
    if not event.failure:
        state = state.replace(jobs=others)
        asks = "restart" if event.deed == BEFORE else ""
        return state, (HandOver(asks=asks, again=state.waits),)
    pause = min(_AGAIN, 2.0**job.failures)
    failed = job.replace(at=event.now + pause, failures=min(job.failures + 1, 10))
    state = state.replace(jobs=(*others, failed))
    if job.failures:
        return state, ()
    first, *more = event.failure
    lines = (f"{first}; it is tried again until it works", *more)
    return state, tuple(Say(level="warning", words=line) for line in lines)
