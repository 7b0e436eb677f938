"""What requests change in the emulated world, and that it stays consistent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle_exec.emulator import memory, notifications, routes
from cycle_exec.emulator.model import Query, Reply, World
from cycle_exec.secret import SecretBytes
from cycle_exec.sources.operations import OPERATIONS
from tests.emulator.test_routes import (
    EVENT,
    FULL,
    METRIC,
    SAVE,
    SNAPSHOT,
    STARTED,
    TOKEN,
    bodies_of,
    build,
    code,
    data,
)
from tests.support import spec


class Platform:
    """A world that follows its requests, as the served one does."""

    def __init__(self, text: str = FULL) -> None:
        self.base = self.world = build(text)
        self.told: list[str] = []

    def ask(self, method: str, path: str, body: object = None, *, now: float = 0, **query) -> Reply:
        asked = Query(
            method=method,
            path=path,
            query={name.replace("_", "-"): value for name, value in query.items()},
            headers={"x-cycle-token": TOKEN},
            body=SecretBytes(b"" if body is None else json.dumps(body).encode()),
        )
        reply = routes.respond(self.world, asked, STARTED + now)
        if reply.memory is not None:
            after = memory.applied(self.base, reply.memory)
            self.told += [str(each["topic"]) for each in notifications.between(self.world, after)]
            self.world = after
        return reply

    def get(self, path: str, **query) -> object:
        return data(self.ask("GET", path, **query))


def task(world: World, action: str, place: int = 0) -> dict[str, object]:
    instance = world.instances[place]
    contents = {"instance_id": instance["id"], "container_id": instance["container_id"]}
    return {"action": f"container.instance.{action}", "contents": contents}


def state_of(found: object) -> list[str]:
    assert isinstance(found, list)
    return [item["state"]["current"] for item in found]


def test_an_instance_is_stopped_and_started():
    """Everywhere that it is shown, with a notification; stopped ones use nothing."""
    platform = Platform()
    reply = platform.ask("POST", "/v1/conductor/tasks", task(platform.world, "stop"), now=5)
    assert (reply.status, reply.data) == (200, {})
    assert platform.told == ["container.instances.reconfigured"]
    for path in ("/v1/environment/instances", "/v1/server/instances", "/v1/container/instances"):
        found = platform.get(path)
        assert state_of(found)[0] == "stopped"
        assert isinstance(found, list)
        assert found[0]["state"]["changed"] == "2023-11-14T22:13:25Z"
    running = len(platform.world.instances) - 1
    telemetry = platform.get("/v1/server/instances/telemetry")
    assert isinstance(telemetry, list)
    assert len(telemetry) == running
    platform.ask("POST", "/v1/conductor/tasks", task(platform.world, "start"))
    assert set(state_of(platform.get("/v1/environment/instances"))) == {"running"}
    wrong = task(platform.world, "stop")
    wrong["contents"] = {"instance_id": "a" * 24, "container_id": "b" * 24}
    assert code(platform.ask("POST", "/v1/conductor/tasks", wrong)) == (404, "404.instance")


def test_a_service_shows_its_instances_as_they_are():
    """In the environment's services too."""
    platform = Platform()
    place = next(
        number
        for number, item in enumerate(platform.world.instances)
        if item.get("service") == "discovery"
    )
    platform.ask("POST", "/v1/conductor/tasks", task(platform.world, "stop", place))
    services = platform.get("/v1/environment/services")
    assert isinstance(services, dict)
    assert state_of(services["discovery"]["instances"]) == ["stopped"]
    assert state_of(services["gateway"]["instances"]) == ["running"]


def test_the_object_cache_forgets():
    """What was put there is there until it expires."""
    platform = Platform()
    path = "/v1/object-cache"
    assert code(platform.ask("GET", path, scope="global", key="k")) == (404, "404.uri")
    reply = platform.ask("POST", path, SAVE)
    assert (reply.status, reply.data) == (200, {"data": None})
    assert platform.get(path, scope="global", key="k", now=89) == SAVE
    assert code(platform.ask("GET", path, scope="container", key="k")) == (404, "404.uri")
    assert platform.ask("GET", path, scope="global", key="k", now=90).status == 404
    platform.ask("POST", path, {**SAVE, "key": "other"}, now=100)
    assert list(platform.world.memory.cache) == [("global", "other")]
    assert platform.told == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("72h45m2s", 261_902),
        ("1d", 86_400),
        ("1.5s", 1.5),
        ("10ms", 0.01),
        ("5\u00b5s", 5e-6),
        ("1w1y", 32_140_800),
        ("", None),
        ("5", None),
        ("s", None),
        ("1x", None),
        ("1..5s", None),
        ("-1s", None),
    ],
)
def test_durations_of_the_platform(text, seconds):
    """As its document has them."""
    found = memory.seconds(text)
    assert found == pytest.approx(seconds) if seconds is not None else found is None


def test_images_are_fetched():
    """Those of the containers are there from the start."""
    platform = Platform()
    before = platform.get("/v1/server/images")
    assert isinstance(before, list)
    assert len(before) == len(platform.world.containers) == 2 + 5
    reply = platform.ask("POST", "/v1/server/images/download", {"image_id": "a" * 24}, now=1)
    assert data(reply) == platform.get("/v1/server/images")
    assert data(reply) == [*before, {"id": "a" * 24, "access_time": "2023-11-14T22:13:21Z"}]


def test_power_needs_a_permission():
    """Then every instance stops, or begins again, and so do variables with a duration."""
    platform = Platform()
    for word in ("poweroff", "reboot"):
        found = platform.ask("POST", f"/v1/server/power/{word}")
        assert code(found) == (403, "403.permissions")
    text = FULL.replace(
        'identifier = "web"\n',
        'identifier = "web"\nconfig = { runtime = { host = { power_management = true } } }\n',
    )
    platform = Platform(text)
    assert data(platform.ask("POST", "/v1/server/power/poweroff")) is True
    assert set(state_of(platform.get("/v1/environment/instances"))) == {"stopped"}
    variables = "/v1/environment/scoped-variables"
    assert platform.get(variables, now=60) == {"A": "1"}
    assert data(platform.ask("POST", "/v1/server/power/reboot", now=60)) is True
    assert set(state_of(platform.get("/v1/environment/instances"))) == {"running"}
    assert platform.get(variables, now=70) == {"A": "1", "SHORT": "x"}
    assert platform.get(variables, now=90) == {"A": "1"}


def test_what_is_handed_in_can_be_looked_at():
    """Under /_emulator, with the token."""
    platform = Platform()
    assert data(platform.ask("POST", "/v1/monitoring/metrics", [METRIC, METRIC])) is True
    assert data(platform.ask("POST", "/v1/monitoring/events", [EVENT])) is True
    path = "/v1/environment/services/lb/telemetry/snapshots"
    assert data(platform.ask("POST", path, {"lb": SNAPSHOT})) is True
    platform.ask("POST", "/v1/object-cache", SAVE)
    platform.ask("POST", "/v1/conductor/tasks", task(platform.world, "stop"))
    assert platform.get("/_emulator/metrics") == [METRIC, METRIC]
    assert platform.get("/_emulator/events") == [EVENT]
    assert platform.get("/_emulator/telemetry") == [{"lb": SNAPSHOT}]
    assert platform.get("/_emulator/cache") == [SAVE]
    assert platform.get("/_emulator/instances") == {platform.world.instances[0]["id"]: "stopped"}
    assert platform.get("/_emulator/images") == {}
    names = platform.get("/_emulator")
    assert isinstance(names, list)
    assert "metrics" in names
    assert platform.ask("GET", "/_emulator/none").status == 404
    asked = Query(method="GET", path="/_emulator/metrics", query={}, headers={})
    assert routes.respond(platform.world, asked, STARTED).status == 401


def test_what_is_kept_has_an_end():
    """The latest, for an emulator may run for weeks."""
    platform = Platform()
    for _ in range(3):
        many = [{**METRIC, "metric": str(number)} for number in range(memory.MOST // 2)]
        platform.ask("POST", "/v1/monitoring/metrics", many)
    assert len(platform.world.memory.metrics) == memory.MOST


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/v1/conductor/tasks", {"action": "fly", "contents": {}}, "/action"),
        ("/v1/conductor/tasks", {"action": "container.instance.stop"}, "/contents"),
        ("/v1/server/images/download", {"image_id": "short"}, "/image_id"),
        ("/v1/server/images/download", [], ""),
        ("/v1/monitoring/metrics", {}, ""),
        ("/v1/monitoring/metrics", [{"metric": "x"}], "/0/type"),
        ("/v1/monitoring/metrics", [{**METRIC, "points": [{"time": "now"}]}], "/0/points/0/time"),
        (
            "/v1/monitoring/metrics",
            [{**METRIC, "points": [{"time": "2026-01-01T00:00:00Z", "values": [1.5]}]}],
            "/0/points/0/values/0",
        ),
        ("/v1/monitoring/events", [{**EVENT, "priority": "huge"}], "/0/priority"),
        ("/v1/monitoring/events", [{**EVENT, "labels": {"a": 1}}], "/0/labels/a"),
        ("/v1/object-cache", {**SAVE, "scope": "planet"}, "/scope"),
        ("/v1/object-cache", {**SAVE, "expires": "soon"}, "/expires"),
        ("/v1/object-cache", {**SAVE, "value": None}, "/value"),
    ],
)
def test_a_body_of_another_shape(path, body, where):
    """422 with its place, and nothing is remembered."""
    platform = Platform()
    reply = platform.ask("POST", path, body)
    assert code(reply)[0] == 422
    assert isinstance(reply.data, dict)
    assert reply.data["error"]["source"] == where
    assert platform.world.memory == build().memory


def test_a_body_that_is_no_json():
    """400."""
    for body in (b"", b"{", b"[NaN]", b"[" * 100_000):
        asked = Query(
            method="POST",
            path="/v1/monitoring/metrics",
            query={},
            headers={"x-cycle-token": TOKEN},
            body=SecretBytes(body),
        )
        assert code(routes.respond(build(), asked, STARTED)) == (400, "400.invalid-syntax")


PATHS = sorted({(row.method, row.path, name) for name, row in OPERATIONS.items()})


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(PATHS), st.integers(0, 9), st.floats(0, 200)),
        min_size=1,
        max_size=15,
    )
)
def test_any_sequence_keeps_the_world_consistent(steps):
    """Every answer is valid, and every reference leads somewhere."""
    platform = Platform()
    for (method, path, name), pick, now in steps:
        body = json.loads(bodies_of(platform.world).get(name, b"null"))
        if name == "createInstanceJob":
            words = ("start", "stop")
            place = pick % len(platform.world.instances)
            body = task(platform.world, words[pick % 2], place)
        query = {"scope": "global", "key": "k"} if name == "getObjectCache" else {}
        reply = platform.ask(method, path, body, now=now, **query)
        assert reply.status < 500
        assert spec.faults_of(name, reply.status, reply.data) == []
    references(platform.world)


def references(world: World) -> None:
    containers = {item["id"] for item in world.containers}
    instances = {item["id"]: item for item in world.instances}
    assert world.own in containers
    assert {item["container_id"] for item in world.instances} <= containers
    for address in world.ips:
        assignment = address["assignment"]
        assert isinstance(assignment, dict)
        holder = instances[assignment["instance_id"]]
        assert holder["container_id"] == assignment["container_id"]
    for service in world.services.values():
        assert isinstance(service, dict)
        assert service["container"]["id"] in containers
        for item in service["instances"]:
            assert instances[item["id"]]["state"] == item["state"]
