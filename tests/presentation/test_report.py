"""What a launch tells the platform of itself."""

from __future__ import annotations

import json

from cycle_exec.errors import Problem
from cycle_exec.planning.model import CertificateSummary, FileWrite, Plan
from cycle_exec.presentation import report

NOW = 1_800_000_000.0
MOMENT = "2027-01-15T08:00:00Z"
DAY = 86_400
PLAN = Plan(
    environ={"A": "canary-1", "B": "canary-2"},
    sources={"A": "inherited", "B": "scoped variable B"},
    writes=(FileWrite(path="/a", content=b"canary-3", mode=0o600, kind="template", name="a.j2"),),
    certificates=(
        CertificateSummary(
            domains=("a.test", "b.test"),
            issuer="CA",
            not_before=0,
            not_after=int(NOW) + 10 * DAY + 5,
            key_type="EC P-256",
        ),
        CertificateSummary(
            domains=("old.test",),
            issuer="CA",
            not_before=0,
            not_after=int(NOW) - 1,
            key_type="EC P-256",
        ),
    ),
)


def told(phases: tuple[tuple[str, float, float], ...]) -> dict[tuple[object, ...], object]:
    """The value of each gauge by its name and label."""
    found: dict[tuple[object, ...], object] = {}
    for metric in report.metrics(PLAN, phases, NOW, MOMENT):
        assert metric.keys() == {"metric", "type", "labels", "points"}
        assert metric["type"] == "gauge"
        assert isinstance(metric["points"], list)
        assert isinstance(metric["labels"], dict)
        [point] = metric["points"]
        assert point["time"] == MOMENT
        [value] = point["values"]
        assert type(value) is int
        found[metric["metric"], *metric["labels"].items()] = value
    return found


def test_metrics_are_durations_counts_and_days_left():
    """Milliseconds of each phase, what the plan brings, and each name of a certificate."""
    assert told((("fetch", 1.0, 1.0426), ("plan", 2.0, 2.0))) == {
        ("cycle_exec.start.duration", ("phase", "fetch")): 43,
        ("cycle_exec.start.duration", ("phase", "plan")): 0,
        ("cycle_exec.start.count", ("of", "variables")): 1,
        ("cycle_exec.start.count", ("of", "certificates")): 2,
        ("cycle_exec.start.count", ("of", "templates")): 1,
        ("cycle_exec.certificate.days", ("domain", "a.test")): 10,
        ("cycle_exec.certificate.days", ("domain", "b.test")): 10,
        ("cycle_exec.certificate.days", ("domain", "old.test")): -1,
    }


def test_no_value_is_in_a_metric():
    """Names of phases and domains alone."""
    assert "canary" not in json.dumps(report.metrics(PLAN, (("fetch", 0, 1),), NOW, MOMENT))


def test_a_refusal_is_an_event_in_the_words_of_stderr():
    """With the kind and the code of the first problem, which decides the exit."""
    problems = [
        Problem(kind="denied", subject="the API", reason="it answered 401"),
        Problem(kind="variable-missing", subject="variable A", reason="is missing"),
    ]
    assert report.refusal("cycle-exec.start.refused", problems) == {
        "event": "cycle-exec.start.refused",
        "type": "error",
        "priority": "high",
        "text": "the API: it answered 401 (denied)\nvariable A: is missing (variable-missing)",
        "labels": {"kind": "denied", "exit_code": "77"},
    }


def test_an_event_holds_five_problems_at_most():
    """As a message on stderr does."""
    problems = [Problem(kind="usage", subject=f"flag {n}", reason="is bad") for n in range(7)]
    text = report.refusal("cycle-exec.start.refused", problems)["text"]
    assert isinstance(text, str)
    assert text.splitlines() == [f"flag {n}: is bad (usage)" for n in range(5)]
