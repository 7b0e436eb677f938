"""[report]: the platform hears of starts, and never delays or fails one."""

from __future__ import annotations

import json
import time

import pytest

from tests.support import spec
from tests.support.hostile import (
    CERTIFICATES,
    VARIABLES,
    certificate,
    drop,
    error,
    hang,
    hostile,
)
from tests.support.launching import Ground

METRICS, EVENTS = "/v1/monitoring/metrics", "/v1/monitoring/events"
REPORT = "[report]\nmetrics = true\nevents = true\n"


@pytest.fixture
def ground(tmp_path):
    return Ground(tmp_path)


@pytest.fixture
def api():
    with hostile(variables={"A": "c4n4ry", "B": "2"}) as platform:
        yield platform


def sent(api, path):
    api.wait_for(1, path)
    [asked] = api.asked(path)
    assert asked.method == "POST"
    assert asked.headers["x-cycle-token"] == api.token
    body = asked.body.decode()
    assert "c4n4ry" not in body
    return json.loads(body)


def test_a_start_in_numbers(ground, api):
    """How long each phase took, what was made, how long certificates last."""
    api.world.certificates = [certificate(days=20.5)]
    ground.template("{{ variables.B }}")
    text = '[certificates]\n[[templates]]\nsource = "~/page.j2"\ntarget = "@/page"\n'
    ran = ground.launch(api, "--manifest", ground.manifest(REPORT + text))
    assert ran.code == 0, ran.err
    found = sent(api, METRICS)
    values = {
        (each["metric"], *each["labels"].values()): each["points"][0]["values"][0] for each in found
    }
    phases = {name[1]: value for name, value in values.items() if "duration" in name[0]}
    assert list(phases) == ["settings", "preflight", "fetch", "plan", "apply", "total"]
    assert abs(sum(phases.values()) - 2 * phases["total"]) <= 5
    assert 0 < phases["total"] < ran.wall * 1000
    assert values["cycle_exec.start.count", "variables"] == 2
    assert values["cycle_exec.start.count", "templates"] == 1
    assert values["cycle_exec.start.count", "certificates"] == 1
    days = [value for name, value in values.items() if name[0] == "cycle_exec.certificate.days"]
    assert set(days) == {20}
    assert api.asked(EVENTS) == []
    assert valid("postMetric", found)


def test_a_refused_start_is_an_event(ground, api):
    """In the words that are on stderr."""
    ran = ground.launch(
        api, "--manifest", ground.manifest(REPORT + '[variables]\nrequired = ["NONE"]')
    )
    assert ran.code == 65
    [event] = sent(api, EVENTS)
    assert event["event"] == "cycle-exec.start.refused"
    assert event["labels"] == {"kind": "variable-missing", "exit_code": "65"}
    assert event["text"] in ran.err
    assert api.asked(METRICS) == []
    assert valid("postEvent", [event])


def test_nothing_is_told_unasked(ground, api):
    """Neither of a start nor of a refusal."""
    assert ground.launch(api).code == 0
    assert ground.launch(api, command=["no-such-app"]).code == 127
    only = ground.manifest("[report]\nevents = true")
    assert ground.launch(api, "--manifest", only).code == 0
    time.sleep(0.2)
    assert {asked.path for asked in api.requests} == {VARIABLES}


@pytest.mark.parametrize("behaviour", [hang, drop, error(500)])
def test_an_api_that_does_not_take_it(ground, api, behaviour):
    """Changes neither the time nor the end of a start."""
    for path in (METRICS, EVENTS):
        api.on(path, behaviour)
    manifest = ground.manifest(REPORT)
    ran = ground.launch(api, "--manifest", manifest)
    assert ran.code == 0
    assert ran.seconds < 3.0
    ran = ground.launch(api, "--manifest", manifest, command=["no-such-app"])
    assert ran.code == 127


def test_without_an_api(ground, tmp_path):
    """The refusal is the same."""
    with hostile() as api:
        pass
    ran = ground.launch(api, "--manifest", ground.manifest(REPORT), "--deadline", "300ms")
    assert (ran.code, ran.kinds) == (69, ["unavailable"])


def valid(operation, body):
    method, path = spec.operations()[operation]
    document = spec.document()["paths"][path][method.lower()]
    schema = document["requestBody"]["content"]["application/json"]["schema"]
    whole = {**schema, "components": spec.document()["components"]}
    import jsonschema

    jsonschema.Draft202012Validator(whole).validate(body)
    return True


def test_certificates_are_asked_for_as_before(ground, api):
    """A report asks for nothing."""
    ground.launch(api, "--manifest", ground.manifest(REPORT))
    assert api.asked(CERTIFICATES) == []
