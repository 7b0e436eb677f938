"""The bodies that the emulator takes, to their full depth, against the official document."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
import pytest

from cycle_exec.emulator import bodies
from cycle_exec.sources.operations import OPERATIONS
from tests.emulator.test_routes import EVENT, LB_METRICS, METRIC, SAVE, SNAPSHOT
from tests.support import spec

MOMENT = "2026-01-01T00:00:00Z"
HANDLER = {"hits": 1, "timing_ms": 2}
MEASURED = {
    "metrics": LB_METRICS,
    "router": {
        "destinations": {
            "a": {
                "connections": {
                    "success": 1,
                    "unavailable": 0,
                    "errors": {"timeout": 1},
                    "bytes_transmitted": 1,
                    "bytes_received": 1,
                },
                "requests": {"total": 1, "responses": {"http:200": 1}, "errors": {"reset": 1}},
                "latency_ms": [1, 2],
                "instance_id": "a" * 24,
                "container_id": "b" * 24,
            },
            "b": {"connections": None, "requests": None, "instance_id": "", "container_id": ""},
        }
    },
    "urls": {
        "destinations": {
            "a": {
                "requests": {
                    "host": "abc.test",
                    "method": "GET",
                    "path": "/",
                    "total": 1,
                    "last_hit": MOMENT,
                    "handlers": dict.fromkeys(("proxy", "cache", "forward", "redirect"), HANDLER),
                    "responses": {"http:404": 1},
                    "errors": {"i/o timeout": 1},
                }
            },
            "b": {"requests": None},
        }
    },
}
CONTENTS = {"instance_id": "a" * 24, "container_id": "b" * 24}
FUNCTION = {"token": "t", "runtime_variables": {"environment_variables": {"A": "1"}}}
FULL: list[tuple[str, bodies.Check, Any]] = [
    (
        "submitLoadBalancerTelemetry",
        bodies.SNAPSHOTS,
        {
            "lb": {**SNAPSHOT, "version": "1", "current": MEASURED, "cumulative": MEASURED},
            "none": {
                **SNAPSHOT,
                "current": {"metrics": LB_METRICS, "router": None, "urls": None},
            },
        },
    ),
    ("downloadImage", bodies.DOWNLOAD, {"image_id": "a" * 24}),
    (
        "createInstanceJob",
        bodies.TASK,
        {"action": "container.instance.start", "contents": {**CONTENTS, "function": FUNCTION}},
    ),
    (
        "createInstanceJob",
        bodies.TASK,
        {"action": "container.instance.stop", "contents": CONTENTS},
    ),
    ("postMetric", bodies.METRICS, [{**METRIC, "tags": ["a"]}]),
    (
        "postEvent",
        bodies.EVENTS,
        [
            {
                **EVENT,
                "metadata": {"component": {"id": "x", "type": "container"}},
                "extra": {"a": [None]},
                "labels": {"a": "b"},
                "tags": ["a"],
            },
            {**EVENT, "metadata": None, "text": "words"},
        ],
    ),
    ("postObjectCache", bodies.SAVE, SAVE),
]
NAMES = [f"{name}-{index}" for index, (name, _, _) in enumerate(FULL)]


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    row = OPERATIONS[name]
    operation = spec.document()["paths"][row.path][row.method.lower()]
    return spec.validator(operation["requestBody"]["content"]["application/json"]["schema"])


def changes(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Every way to make one part of a body another: its place, and what is there instead."""
    found: list[tuple[tuple[Any, ...], Any]] = [
        (place, other) for other in (None, True, 5, 1.5, "text", [], {}, [5], {"x": 5})
    ]
    if isinstance(value, dict):
        for name, member in value.items():
            found += [((*place, name), ...), *changes(member, (*place, name))]
    elif isinstance(value, list):
        for index, member in enumerate(value):
            found += changes(member, (*place, index))
    return found


def changed(body: Any, place: tuple[Any, ...], other: Any) -> Any:
    """The body with something else at a place; the ellipsis: with nothing there."""
    if not place:
        return other
    found = json.loads(json.dumps(body))
    around = found
    for step in place[:-1]:
        around = around[step]
    if other is ...:
        del around[place[-1]]
    else:
        around[place[-1]] = other
    return found


@pytest.mark.parametrize(("name", "check", "body"), FULL, ids=NAMES)
def test_a_body_is_judged_as_by_the_document(name, check, body):
    """At every depth: what the document refuses is refused, with its place, and nothing else is."""
    judge = validator(name)
    assert check(body, "") is None
    assert judge.is_valid(body)
    refused = 0
    for place, other in changes(body):
        broken = changed(body, place, other)
        wrong = check(broken, "")
        assert (wrong is None) == judge.is_valid(broken), (place, other)
        if wrong is not None:
            refused += 1
            steps = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
            pointer = "".join(f"/{step}" for step in steps)
            assert wrong[0].startswith(pointer) or pointer.startswith(wrong[0]), (place, other)
    assert refused > 5


@pytest.mark.parametrize(("name", "check", "body"), FULL, ids=NAMES)
def test_a_body_survives_json(name, check, body):
    """It is what `read` makes of its text."""
    assert name in OPERATIONS
    assert check(bodies.read(json.dumps(body).encode()), "") is None
