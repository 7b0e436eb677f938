"""Every answer of the emulator, by value, and against the official document."""

from __future__ import annotations

import json
from base64 import b64encode
from ipaddress import ip_address, ip_interface, ip_network
from itertools import product

import pytest

from cycle_exec.emulator import routes, scenario, world
from cycle_exec.emulator.documents import identity
from cycle_exec.emulator.model import Cached, Memory, Pair, Query, Reply, World
from cycle_exec.secret import Secret, SecretBytes
from cycle_exec.sources.operations import OPERATIONS
from tests.support import spec

STARTED = 1_700_000_000.0
TOKEN = "dev-token"
EMPTY = f'token = "{TOKEN}"'
FULL = f"""
token = "{TOKEN}"
[variables]
A = "1"
SHORT = {{ value = "x", duration = "30s" }}
[[integrations]]
identifier = "s3-backups"
vendor = "aws"
auth = {{ key_id = "AK", secret = "s" }}
extra = {{ bucket = "b" }}
[[integrations]]
identifier = "other"
vendor = "aws"
[[certificates]]
domains = ["a.test", "*.a.test"]
[vpn.users]
alice = "correct: horse"
[environment]
name = "dev"
[[containers]]
identifier = "web"
[[containers]]
identifier = "api"
instances = 2
[[networks]]
identifier = "net"
[services.discovery]
[services.loadbalancer]
[services.scheduler]
[services.gateway]
[[virtual_machines]]
identifier = "db"
domains = ["db.a.test"]
"""


MACHINE = identity("virtual-machine", "db")
LB_METRICS = {
    "disconnects": dict.fromkeys(
        (
            *("no_error", "request_invalid", "timeout_idle", "router_none", "router_nomatch"),
            *("destination_unavailable", "unknown_error"),
        ),
        0,
    ),
    **dict.fromkeys(("connections", "requests", "bytes_transmitted", "bytes_received"), 1),
}
SNAPSHOT = {
    "time": "2026-01-01T00:00:00Z",
    "started": "2026-01-01T00:00:00Z",
    "dataset_id": 1,
    "current": {"metrics": LB_METRICS},
    "cumulative": {"metrics": LB_METRICS},
}
METRIC = {
    "metric": "visits",
    "type": "count",
    "labels": {"a": "b"},
    "points": [{"time": "2026-01-01T00:00:00Z", "values": [1]}],
}
EVENT = {"event": "deployed", "type": "info", "priority": "low", "text": None}
SAVE = {"scope": "global", "key": "k", "value": "v", "expires": "1m30s"}


def bodies_of(given: World) -> dict[str, bytes]:
    """A good body for each operation that takes one."""
    instance = given.instances[0] if given.instances else {}
    contents = {"instance_id": instance.get("id"), "container_id": instance.get("container_id")}
    found: dict[str, object] = {
        "submitLoadBalancerTelemetry": {"lb": SNAPSHOT},
        "downloadImage": {"image_id": "a" * 24},
        "createInstanceJob": {"action": "container.instance.stop", "contents": contents},
        "postMetric": [METRIC],
        "postEvent": [EVENT],
        "postObjectCache": SAVE,
    }
    return {name: json.dumps(body).encode() for name, body in found.items()}


def with_cache(given: World) -> World:
    """The world with one object in its cache."""
    held = Cached(value="v", expires="1h", ends=STARTED + 3600)
    return given.replace(memory=Memory(cache={("global", "k"): held}))


def build(text: str = FULL) -> World:
    state = scenario.parse(text, "state.toml")
    pair = Pair(bundle="B", private_key=Secret("K"))
    return world.build(state, [pair] * len(state.certificates), STARTED)


def ask(path: str, given: World | None = None, *, after: float = 0, **query: str) -> Reply:
    asked = Query(
        method="GET",
        path=path,
        query={name.replace("_", "-"): value for name, value in query.items()},
        headers={"x-cycle-token": TOKEN},
    )
    return routes.respond(given or build(), asked, STARTED + after)


def data(reply: Reply) -> object:
    assert reply.status == 200
    assert isinstance(reply.data, dict)
    assert list(reply.data) == ["data"]
    return reply.data["data"]


def code(reply: Reply) -> tuple[int, str]:
    assert isinstance(reply.data, dict)
    assert reply.data["data"] is None
    error = reply.data["error"]
    assert error["status"] == reply.status
    assert set(error) == {"status", "code", "title", "detail", "source"}
    return reply.status, error["code"]


def login(given: str, token: str = TOKEN, world: World | None = None) -> Reply:
    headers = {"authorization": given} if given else {}
    if token:
        headers["x-cycle-token"] = token
    asked = Query(method="POST", path="/v1/vpn/login", query={}, headers=headers)
    return routes.respond(world or build(), asked, STARTED)


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


def test_variables_last_as_long_as_they_are_meant_to():
    """A variable with a duration is served for so many seconds of the run."""
    path = "/v1/environment/scoped-variables"
    assert data(ask(path)) == {"A": "1", "SHORT": "x"}
    assert data(ask(path, after=29.9)) == {"A": "1", "SHORT": "x"}
    assert data(ask(path, after=30)) == {"A": "1"}


@pytest.mark.parametrize(
    ("query", "identifier"),
    [
        ({"identifier": "s3-backups"}, "s3-backups"),
        ({"vendor": "aws"}, "s3-backups"),
        ({"identifier": "other", "vendor": "aws"}, "other"),
    ],
)
def test_an_integration_is_found_by_identifier_or_vendor(query, identifier):
    """All that is given must fit; the first that fits is the answer."""
    found = data(ask("/v1/hub/integrations", **query))
    assert isinstance(found, dict)
    assert found["identifier"] == identifier


def test_an_integration_needs_a_name_and_must_be_there():
    """Neither identifier nor vendor is 422, an unknown one 404."""
    path = "/v1/hub/integrations"
    assert code(ask(path)) == (422, "422.missing-argument")
    assert code(ask(path, identifier="")) == (422, "422.missing-argument")
    assert code(ask(path, identifier="no")) == (404, "404.hub.integration")
    assert code(ask(path, identifier="other", vendor="gcp")) == (404, "404.hub.integration")


def test_a_containers_parts_are_those_of_the_one_asked_for():
    """Without container-id it is the instance's own container."""
    found = build()
    other = next(item["id"] for item in found.containers if item["identifier"] == "api")
    assert isinstance(other, str)
    assert data(ask("/v1/containers/domains", found)) == [{"fqdn": "a.test"}]
    assert data(ask("/v1/containers/domains", found, container_id=other)) == []
    assert data(ask("/v1/containers/certificates", found, container_id=other)) == []
    certificates = data(ask("/v1/containers/certificates", found, container_id=found.own))
    assert isinstance(certificates, list)
    assert certificates[0]["domains"] == ["a.test", "*.a.test"]
    container = data(ask("/v1/container", found, container_id=other))
    assert isinstance(container, dict)
    assert container["identifier"] == "api"
    instances = data(ask("/v1/container/instances", found, container_id=other))
    assert isinstance(instances, list)
    assert [item["hostname"] for item in instances] == ["api-0", "api-1"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/container",
        "/v1/container/instances",
        "/v1/containers/certificates",
        "/v1/containers/domains",
    ],
)
def test_an_unknown_container_is_404(path):
    """A container that is not there has nothing."""
    assert code(ask(path, container_id="0" * 24)) == (404, "404.container")


def test_a_vpn_login_is_true_or_false():
    """The right password is 200 and true, everything else 403 and false, not an error."""
    good = login(basic("alice:correct: horse"))
    assert (good.status, good.data) == (200, {"data": True})
    for wrong in ("alice:", "alice:correct", "bob:x", ":", "alice", ""):
        bad = login(basic(wrong))
        assert (bad.status, bad.data) == (403, {"data": False})
    for broken in ("Basic ", "Basic !!!", "Basic /w=="):
        assert login(broken).status == 403


def test_a_vpn_login_needs_a_login():
    """Without Basic credentials it is 422; the token must be good where one is given."""
    assert code(login("")) == (422, "422.missing-argument")
    assert code(login("Bearer x")) == (422, "422.missing-argument")
    assert code(login("", token="")) == (401, "401.auth-invalid")
    assert code(login(basic("alice:correct: horse"), token="bad")) == (401, "401.auth-invalid")
    assert login(basic("alice:correct: horse"), token="").status == 200


@pytest.mark.parametrize("path", ["/v1/hub", "/v1/nothing", "/v1/vpn/login", "/"])
def test_the_token_comes_first(path):
    """A missing or wrong token is 401 whatever is asked."""
    for headers in ({}, {"x-cycle-token": "wrong"}, {"x-cycle-token": ""}):
        asked = Query(method="GET", path=path, query={}, headers=headers)
        assert code(routes.respond(build(), asked, STARTED)) == (401, "401.auth-invalid")


def test_without_a_token_in_the_state_any_token_is_good():
    """But one there must be, as on the platform."""
    for token, status in (("whatever", 200), ("", 401)):
        asked = Query(method="GET", path="/v1/hub", query={}, headers={"x-cycle-token": token})
        assert routes.respond(build(""), asked, STARTED).status == status


def test_unknown_paths_and_wrong_methods_are_refused_in_the_envelope():
    """404, and 405 with Allow."""
    for path in ("/v1/hub/", "/v1", "/v2/hub", ""):
        assert code(ask(path)) == (404, "404.uri")
    wrong = ask("/v1/vpn/login")
    assert code(wrong) == (405, "405.method-not-allowed")
    assert wrong.headers == (("allow", "POST"),)


def test_notifications_come_on_a_websocket_alone():
    """The handshake is answered after its token; plain HTTP there is refused in the envelope."""
    asked = Query(
        method="GET",
        path="/v1/notifications",
        query={},
        headers={"x-cycle-token": TOKEN},
        upgrade=True,
    )
    assert routes.respond(build(), asked, STARTED).status == 101
    wrong = asked.replace(headers={"x-cycle-token": "wrong"})
    assert code(routes.respond(build(), wrong, STARTED)) == (401, "401.auth-invalid")
    plain = asked.replace(upgrade=False)
    assert code(routes.respond(build(), plain, STARTED)) == (400, "400.invalid-syntax")
    posted = routes.respond(build(), plain.replace(method="POST"), STARTED)
    assert (code(posted), posted.headers) == ((405, "405.method-not-allowed"), (("allow", "GET"),))


def test_every_operation_is_served():
    """And no other: one that the document gains has to be emulated."""
    assert set(OPERATIONS) == routes.SERVED
    assert {name: (row.method, row.path) for name, row in OPERATIONS.items()} == spec.operations()


@pytest.mark.parametrize("text", [EMPTY, FULL], ids=["empty state", "full state"])
@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_answer_is_valid_by_the_official_document(name, text):
    """Answers and errors of every operation validate against the platform's own schemas."""
    operation = OPERATIONS[name]
    machine = [{}, {"virtual-machine-id": MACHINE}, {"virtual-machine-id": "none"}]
    queries: list[dict[str, str]] = {
        "getHubIntegration": [{}, {"identifier": "s3-backups"}, {"vendor": "none"}],
        "getContainer": [{}, {"container-id": "none"}],
        "getObjectCache": [{}, {"scope": "global", "key": "k"}, {"scope": "x", "key": "k"}],
        "getVirtualMachine": machine,
        "getVirtualMachineDomains": machine,
        "getVirtualMachineGateways": machine,
    }.get(name, [{}])
    given = with_cache(build(text))
    for query, body in product(queries, [b"", b"{", b"[]", b"{}", bodies_of(given).get(name, b"")]):
        for headers in ({"x-cycle-token": TOKEN}, {}):
            headers["authorization"] = basic("alice:correct: horse")
            if name == "validateVPNLogin":
                headers["x-cycle-token"] = TOKEN
            asked = Query(
                method=operation.method,
                path=operation.path,
                query=query,
                headers=headers,
                body=SecretBytes(body),
            )
            reply = routes.respond(given, asked, STARTED)
            assert spec.faults_of(name, reply.status, reply.data) == []


def test_the_check_against_the_document_is_a_check():
    """A member that is missing, or of another type, is found."""
    container = data(ask("/v1/container"))
    assert isinstance(container, dict)
    for broken in (
        {**container, "id": "short"},
        {**container, "instances": "1"},
        {**container, "state": {"current": "flying", "changed": "2026-01-01T00:00:00Z"}},
        {name: value for name, value in container.items() if name != "events"},
    ):
        assert spec.faults_of("getContainer", 200, {"data": broken}) != []


def test_a_public_address_is_in_its_network():
    """Both as CIDR, in the network that the gateway is in too."""
    found = data(ask("/v1/environment/ips"))
    assert isinstance(found, list)
    assert {item["kind"] for item in found} == {"ipv4", "ipv6"}
    for item in found:
        network = ip_network(item["network"])
        assert ip_interface(item["cidr"]).network == network
        assert ip_interface(item["cidr"]).ip == ip_address(item["ip"])
        assert ip_address(item["gateway"]) in network


@pytest.mark.parametrize("status", sorted(routes.CODES))
def test_every_error_is_valid_by_the_official_document(status):
    """Also the errors that --fail asks for."""
    reply = routes.error(status, "Injected by --fail")
    assert spec.faults_of("getHub", 418, reply.data) == []
