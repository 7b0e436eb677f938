"""Waiting until everything is there that has to be, before anything is touched.

Children look, all at once; here it is decided how long, and what is said.
"""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning import waits as planning
from cycle_exec.system import clock
from cycle_exec.system.output import stderr
from cycle_exec.system.waiting import looking
from cycle_exec.system.waiting.children import Children, Job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.launching.pipeline import Planned
    from cycle_exec.planning.model import Awaited
    from cycle_exec.settings.model import Settings
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.waiting.children import Tell

_WIDTH = 28  # characters of an address on a terminal, whose line must not be broken
_UNSEEN = "looking for it has not ended"


def until_there(settings: Settings, planned: Planned, deadline: Deadline) -> None:
    """Return as soon as all that the plan waits for is there. Raise Refused at the deadline, with
    everything that is not, and at once where the platform does not let us ask.
    """
    waits = planned.plan.waits
    began = clock.monotonic()
    missing = dict.fromkeys(range(len(waits)), _UNSEEN)
    progress = stderr.Progress(_words(waits, missing), settings.api.deadline)
    try:
        with Children(_jobs(settings, planned, deadline), deadline) as children:
            while missing and (now := clock.monotonic()) < deadline.end:
                for told in children.hear(min(deadline.end, progress.tick(now))):
                    if told.kind:
                        raise Refused([Problem(told.kind, told.subject, told.reason)])
                    # A child that was made again looks for all of its own once more.
                    if told.number not in missing:
                        continue
                    if told.reason:
                        missing[told.number] = told.reason
                        continue
                    del missing[told.number]
                    milliseconds = clock.milliseconds_since(began)
                    progress.end()
                    stderr.log.info(f"{waits[told.number].shown}: there after {milliseconds} ms")
                    progress.what = _words(waits, missing)
    finally:
        progress.end()
    if missing:
        found = {waits[number].shown: reason for number, reason in missing.items()}
        raise Refused(planning.problems(found))


def _words(waits: tuple[Awaited, ...], missing: dict[int, str]) -> str:
    """Return what is waited for, for a line on a terminal."""
    first = stderr.printable(next((waits[number].shown for number in missing), ""))
    if len(first) > _WIDTH:
        first = f"{first[:_WIDTH]}..."
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return first + more


def _jobs(settings: Settings, planned: Planned, deadline: Deadline) -> list[Job]:
    """Return who looks for what: the platform is asked by one for all containers."""
    waits = planned.plan.waits
    of_platform = {
        number: each for number, each in enumerate(waits) if each.address.scheme == "container"
    }
    jobs = [
        _job(number, each, settings.api.timeout)
        for number, each in enumerate(waits)
        if number not in of_platform
    ]
    if of_platform:
        from cycle_exec.launching.waiting import containers

        jobs.append(containers.job(of_platform, settings, planned.local, deadline))
    return jobs


def _job(number: int, awaited: Awaited, timeout: float) -> Job:
    def run(tell: Tell) -> None:
        looking.until_there(
            awaited.address, timeout, planning.pause, lambda reason: tell(number, reason)
        )

    return Job(numbers=(number,), run=run)
