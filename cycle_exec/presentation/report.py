"""What a launch tells the platform of itself: metrics and events in the official document's shapes.

Metric values are whole numbers there: durations are milliseconds. No value of a variable is in
any of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cycle_exec.errors import Problem
    from cycle_exec.planning.model import Plan

DURATION = "cycle_exec.start.duration"
COUNT = "cycle_exec.start.count"
DAYS = "cycle_exec.certificate.days"
_MOST = 5  # problems of one event


def metrics(
    plan: Plan, phases: Iterable[tuple[str, float, float]], now: float, moment: str
) -> list[dict[str, object]]:
    """Gauges. phases: name, beginning and end in seconds. now: seconds since the epoch, moment:
    the same as RFC 3339.
    """
    found = [
        _gauge(DURATION, {"phase": name}, round((end - begin) * 1000), moment)
        for name, begin, end in phases
    ]
    found.extend(
        _gauge(COUNT, {"of": f"{word}s"}, count, moment) for word, count in plan.counts().items()
    )
    for certificate in plan.certificates:
        left = certificate.days_left(now)
        found.extend(_gauge(DAYS, {"domain": name}, left, moment) for name in certificate.domains)
    return found


def refusal(event: str, problems: Sequence[Problem]) -> dict[str, object]:
    """Return the event of a start or reload that was refused, in the words that are on stderr."""
    lines = [f"{each.subject}: {each.reason} ({each.kind})" for each in problems[:_MOST]]
    return {
        "event": event,
        "type": "error",
        "priority": "high",
        "text": "\n".join(lines),
        "labels": {"kind": problems[0].kind, "exit_code": str(problems[0].code)},
    }


def _gauge(name: str, labels: Mapping[str, str], value: int, moment: str) -> dict[str, object]:
    points = [{"time": moment, "values": [value]}]
    return {"metric": name, "type": "gauge", "labels": dict(labels), "points": points}
