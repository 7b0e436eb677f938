"""[report]: the launch tells the platform of itself, and never waits, nor fails, for it."""

from __future__ import annotations

from cycle_exec.presentation import report
from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.sources.model import Request
from cycle_exec.sources.operations import operation
from cycle_exec.system import clock
from cycle_exec.system.api import requests

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.errors import Problem
    from cycle_exec.planning.model import Plan

START, RELOAD = "cycle-exec.start.refused", "cycle-exec.reload.refused"


def started(
    socket: str, token: Secret, plan: Plan, phases: Sequence[tuple[str, float, float]]
) -> None:
    """Send the metrics of a start that is about to be one."""
    now = clock.now()
    found = report.metrics(plan, phases, now, clock.rfc3339(now))
    _send(socket, token, "postMetric", found)


def refused(socket: str, token: Secret, event: str, problems: Sequence[Problem]) -> None:
    """Send the event of a start or a reload that was refused."""
    _send(socket, token, "postEvent", [report.refusal(event, problems)])


def _send(socket: str, token: Secret, name: str, body: object) -> None:
    from json import dumps

    row = operation(name)
    request = Request(
        operation=name,
        method=row.method,
        target=row.path,
        subject="report",
        body=SecretBytes(dumps(body).encode()),
    )
    requests.send(socket, token, request)
