"""The client against the emulator: each of the 34 operations, over a real socket."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from cycle_exec import Client, NotFound
from cycle_exec.sources.operations import OPERATIONS
from cycle_exec.testing import platform
from tests.client.generate import METHODS
from tests.emulator.test_routes import EVENT, FULL, METRIC, SAVE, SNAPSHOT
from tests.support import spec
from tests.support.emulated import UnixConnection

STATE = FULL.replace(
    'identifier = "web"\n',
    'identifier = "web"\nconfig = { runtime = { host = { power_management = true } } }\n',
)


@pytest.fixture(scope="module")
def served():
    with platform(STATE) as found:
        yield found


@pytest.fixture(scope="module")
def client(served):
    with served.client() as found:
        yield found


def given(client: Client, operation: str) -> list[object]:
    [machine] = client.environment_virtual_machines()
    instance = client.environment_instances()[0]
    contents = {"instance_id": instance["id"], "container_id": instance["container_id"]}
    words: dict[str, list[object]] = {
        "getHubIntegration": ["s3-backups"],
        "getVirtualMachine": [machine["id"]],
        "getVirtualMachineDomains": [machine["id"]],
        "getVirtualMachineGateways": [machine["id"]],
        "getObjectCache": ["global", "k"],
        "submitLoadBalancerTelemetry": [{"lb": SNAPSHOT}],
        "downloadImage": ["a" * 24],
        "createInstanceJob": [{"action": "container.instance.start", "contents": contents}],
        "postMetric": [[METRIC]],
        "postEvent": [[EVENT]],
        "validateVPNLogin": ["alice", "correct: horse"],
        "postObjectCache": [SAVE],
    }
    return words.get(operation, [])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation(client, operation):
    """What a method returns is what the official document calls data."""
    client.object_cache_put(SAVE)
    found = getattr(client, METHODS[operation])(*given(client, operation))
    whole = {} if operation == "createInstanceJob" else {"data": found}
    assert spec.faults_of(operation, 200, whole) == []
    if OPERATIONS[operation].method == "GET":
        assert found, "an empty answer shows little"


def test_what_is_not_there(client):
    """Is an error of its own kind."""
    with pytest.raises(NotFound):
        client.object_cache_get("global", "none")
    with pytest.raises(NotFound):
        client.container("a" * 24)
    assert client.vpn_login("alice", "wrong") is False


def test_a_task_is_told_to_those_who_listen(served, client):
    """Over the WebSocket, at once."""
    instance = client.environment_instances()[0]
    contents = {"instance_id": instance["id"], "container_id": instance["container_id"]}
    stream = client.notifications("container.")
    assert next(stream).connected
    client.create_instance_task({"action": "container.instance.stop", "contents": contents})
    found = next(stream)
    stream.close()
    assert (found.topic, found.object) == (
        "container.instances.reconfigured",
        contents["container_id"],
    )
    client.create_instance_task({"action": "container.instance.start", "contents": contents})
    assert served.kept("instances")[instance["id"]] == "running"


def test_bodies_and_clients_of_every_kind(served):
    """Chunked, without a Content-Type, for any Host; one connection for many, and many at once."""
    body = json.dumps([METRIC]).encode()
    connection = UnixConnection(served.socket)
    before = len(served.kept("metrics"))
    for _ in range(3):
        connection.request(
            "POST",
            "/v1/monitoring/metrics",
            body=iter([body[:10], body[10:]]),
            headers={"X-CYCLE-TOKEN": served.token, "Host": "any.where:99"},
            encode_chunked=True,
        )
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"data": true}')
    connection.close()
    with ThreadPoolExecutor(40) as pool, served.client() as client:
        names = list(pool.map(lambda _: client.environment()["name"], range(200)))
        assert names == ["dev"] * 200
    assert len(served.kept("metrics")) == before + 3
