"""What the process beside the app does about what happens, as a pure function.

The hands ask, plan, write and run; when, in which order, and what is said, is decided here.
"""

from __future__ import annotations

from cycle_exec.resident import link, looks
from cycle_exec.resident.schedule import Schedule
from cycle_exec.resident.watching import (
    Applied,
    Connected,
    HandOver,
    Look,
    Lost,
    Notified,
    Planned,
    Prepared,
    Ran,
    Refused,
    Restore,
    Watching,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.planning.model import Plan
    from cycle_exec.resident.watching import Action, Event, Job, Rules

    Step = tuple[Watching, tuple[Action, ...]]


def begin(
    plan: Plan,
    rules: Rules,
    now: float,
    expiry: float | None,
    jobs: tuple[Job, ...] = (),
    contact: float | None = None,
) -> Watching:
    """Return where it stands at first. expiry: when a certificate of the plan asks for a look.
    jobs: commands that the last watcher has left. contact: when the platform gave this plan.
    """
    schedule = Schedule(expiry=expiry)
    if not rules.listens:
        schedule = schedule.alone(now, rules.pace)
    return Watching(
        held=plan,
        schedule=schedule,
        reconnect=now if rules.listens else None,
        warned=frozenset(plan.warnings),
        jobs=jobs,
        contact=contact,
    )


def due(state: Watching, rules: Rules) -> float | None:
    """Return the moment at which something is to be done, or None."""
    found = link.moments(state)
    found += [job.at for job in state.jobs]
    look = state.schedule.due(rules.pace)
    if look is not None:
        found.append(look)
    return min(found, default=None)


def step(rules: Rules, state: Watching, event: Event) -> Step:
    """Return what is done about an event, and where it stands then."""
    match event:
        case Connected():
            return link.connected(state, event, rules)
        case Lost():
            return link.lost(state, event, rules)
        case Notified():
            return state.replace(schedule=state.schedule.notified(event.now)), ()
        case Planned():
            return looks.planned(state, event, rules)
        case Applied():
            return looks.applied(state, event, rules)
        case Refused():
            return looks.refused(state, event)
        case Ran():
            return looks.ran(state, event)
        case Prepared():
            return state, (Restore(), HandOver(asks="ready", again=state.waits))
    return _due(rules, state, event.now)


def _due(rules: Rules, state: Watching, now: float) -> Step:
    state, linking = link.due(state, now)
    state, running = looks.due(state, now)
    look = state.schedule.due(rules.pace)
    looking = (Look(),) if look is not None and look <= now else ()
    return state, (*linking, *running, *looking)
