"""Waiting for other containers of the environment: the platform is asked until they are there."""

from __future__ import annotations

from cycle_exec.planning import waits as planning
from cycle_exec.settings.model import Settings
from cycle_exec.sources import answers, containers, needs, retry
from cycle_exec.system import clock, random
from cycle_exec.system.api import requests
from cycle_exec.system.waiting.children import Job

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cycle_exec.errors import Problem
    from cycle_exec.launching.preflight import Local
    from cycle_exec.planning.model import Awaited
    from cycle_exec.system.clock import Deadline
    from cycle_exec.system.waiting.children import Tell

_ASKED = ("containers", "instances")
_DEPLOYMENT = "CYCLE_DEPLOYMENT_VERSION"


def job(
    awaited: Mapping[int, Awaited], settings: Settings, local: Local, deadline: Deadline
) -> Job:
    """Return the work of the child that looks for these."""

    def run(tell: Tell) -> None:
        left = set(awaited)
        rounds = 0
        while True:
            found = _asked(settings, local, deadline)
            rounds += 1
            for number in sorted(left):
                if not isinstance(found, tuple):
                    _tell_problem(tell, number, found)
                    continue
                address = awaited[number].address
                version = local.inherited.get(_DEPLOYMENT, "")
                reason = containers.lacking(address.host, address.instances, *found, version)
                tell(number, reason)
                if not reason:
                    left.discard(number)
            if not left:
                return
            clock.sleep(planning.pause(rounds, random.number(), of_platform=True))

    return Job(numbers=tuple(awaited), run=run)


def _asked(
    settings: Settings, local: Local, deadline: Deadline
) -> tuple[Sequence[Mapping[str, object]], Sequence[Mapping[str, object]]] | Problem:
    """Return the environment's containers and instances, or why they are not known."""
    wanted = [need for need in needs.needs(Settings(), _ASKED) if need.name in _ASKED]
    # What has come to nothing is said before it is tried once more.
    soon = clock.monotonic() + settings.api.timeout
    outcomes = requests.exchange(
        settings.api.socket,
        local.token,
        [need.request for need in wanted],
        deadline=clock.Deadline(end=min(deadline.end, soon)),
        timeout=settings.api.timeout,
        retry=retry.delay,
    )
    snapshot = answers.snapshot(wanted, outcomes, socket=settings.api.socket, environ={})
    for problem in snapshot.unusable.values():
        return problem
    found: dict[str, Sequence[Mapping[str, object]]] = dict(snapshot.resources)  # type: ignore[arg-type]
    return found["containers"], found["instances"]


def _tell_problem(tell: Tell, number: int, problem: Problem) -> None:
    """Say that the platform cannot be asked now, or that it never will."""
    if problem.kind == "unavailable":
        tell(number, f"the internal API does not say: {problem.subject}: {problem.reason}")
    else:
        tell(number, problem.reason, problem.kind, problem.subject)
