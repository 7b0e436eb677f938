"""What is told of a change: everything that a client could see of it, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle_exec.emulator import notifications, routes, scenario, world
from cycle_exec.emulator.documents import identity
from cycle_exec.emulator.model import Pair, Query, State, World
from cycle_exec.secret import Secret
from cycle_exec.sources.operations import OPERATIONS
from tests.support import notified

Document = Mapping[str, object]

STARTED = 1_700_000_000.0
BASE = """
token = "t"
[variables]
A = "1"
[[integrations]]
identifier = "s3"
vendor = "aws"
auth = { secret = "s" }
[[certificates]]
domains = ["www.a.test"]
[vpn.users]
alice = "pw"
[environment]
name = "dev"
[server]
hostname = "h"
[hub]
name = "n"
[[networks]]
identifier = "net"
[services.discovery]
[container]
identifier = "app"
domains = ["app.b.test"]
"""
API = '[[containers]]\nidentifier = "api"\n'


def build(state: State) -> World:
    pairs = [
        # Another order is another certificate.
        Pair(bundle=f"{item.order or item.bundle}", private_key=Secret("K"))
        for item in state.certificates
    ]
    return world.build(state, pairs, STARTED)


def read(text: str) -> World:
    return build(scenario.parse(text, "state.toml"))


def told(old: str, new: str) -> list[Document]:
    return list(notifications.between(read(old), read(new)))


def names(found: list[Document]) -> list[object]:
    """Topics, with the states where there are some."""
    said: list[object] = []
    for notification in found:
        about = notification["object"]
        assert isinstance(about, dict)
        states = [about[name] for name in ("previous_state", "state") if name in about]
        said.append(" ".join([str(notification["topic"]), *states]))
    return said


def change(old: str, new: str) -> list[object]:
    assert old in BASE or not old
    return names(told(BASE, BASE.replace(old, new) if old else BASE + new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('A = "1"', 'A = "1"', []),
        ('token = "t"', 'token = "u"', []),
        ("[variables]", "# said differently\n[variables]", []),
        ('A = "1"', 'A = "2"', ["environment.scoped-variable.updated"]),
        (
            'A = "1"',
            'A = { value = "1", duration = "9s" }',
            ["environment.scoped-variable.updated"],
        ),
        ('A = "1"', 'A = "1"\nB = "2"', ["environment.scoped-variable.new"]),
        ('A = "1"', "", ["environment.scoped-variable.state.changed live deleted"]),
        ('"s"', '"other"', ["hub.integration.updated"]),
        ('vendor = "aws"', 'vendor = "aws"\nname = "x"', ["hub.integration.updated"]),
        (
            'vendor = "aws"',
            'vendor = "aws"\nstate = { current = "error" }',
            ["hub.integration.state.changed live error"],
        ),
        (
            'identifier = "s3"',
            'identifier = "s4"',
            ["hub.integration.state.changed live deleted", "hub.integration.new"],
        ),
        (
            'domains = ["www.a.test"]',
            'domains = ["www.a.test"]\nserial = 2',
            ["dns.certificate.state.changed live", "dns.zone.certificate.ready"],
        ),
        (
            'domains = ["www.a.test"]',
            'domains = ["www.a.test"]\nencoding = "pem"',
            ["dns.certificate.state.changed live", "dns.zone.certificate.ready"],
        ),
        (
            '[[certificates]]\ndomains = ["www.a.test"]',
            "",
            ["dns.zone.records.reconfigured", "dns.certificate.state.changed deleted"],
        ),
        (
            "",
            '[[certificates]]\ndomains = ["*.c.test"]',
            ["dns.certificate.new", "dns.zone.certificate.ready"],
        ),
        ('["app.b.test"]', "[]", ["dns.zone.records.reconfigured"]),
        ('"pw"', '"other"', ["environment.services.vpn.users.updated"]),
        ("", "[environment.about]\ndescription = 'x'", ["environment.updated"]),
        (
            "",
            "[environment.state]\ncurrent = 'stopped'",
            ["environment.state.changed live stopped"],
        ),
        ("", "[environment.deployments.tags]\nx = 'v1'", ["environment.deployments.reconfigured"]),
        (
            "[services.discovery]",
            "[services.discovery]\nx = 1",
            ["environment.services.reconfigured"],
        ),
        (
            'hostname = "h"',
            'hostname = "h"\nnickname = "x"',
            ["infrastructure.server.reconfigured"],
        ),
        ('name = "n"', 'name = "m"', ["hub.updated"]),
        ('name = "n"', 'name = "n"\nstate = { current = "x" }', ["hub.state.changed live x"]),
        (
            "",
            API,
            ["container.new", "container.instances.reconfigured"],
        ),
        (
            'identifier = "app"',
            'identifier = "app"\ninstances = 2',
            ["container.reconfigured", "container.instances.reconfigured"],
        ),
        (
            'identifier = "app"',
            'identifier = "app"\nstate = { current = "stopped" }',
            ["container.state.changed running stopped"],
        ),
        (
            'identifier = "app"',
            'identifier = "app"\nstate = { current = "stopped", changed = 2026-01-01T00:00:00Z }',
            ["container.state.changed running stopped", "container.reconfigured"],
        ),
        ('"net"', '"net"\nname = "x"', ["sdn.network.reconfigured"]),
        (
            'identifier = "net"',
            'identifier = "n2"',
            ["sdn.network.state.changed live deleted", "sdn.network.created"],
        ),
    ],
)
def test_each_change_has_its_topics(old, new, expected):
    """One notification for each thing that is not what it was."""
    assert change(old, new) == expected


def test_a_container_that_goes_takes_its_service_with_it():
    """What refers to it changes too, and each of these is told."""
    assert names(told(BASE, BASE.replace("[services.discovery]", ""))) == [
        "environment.services.reconfigured",
        "container.state.changed running deleted",
    ]


def test_a_container_that_becomes_public():
    """Its first domain brings addresses, and a virtual machine that comes has its own topic."""
    assert names(told(API, API + 'domains = ["api.test"]\n')) == [
        "environment.services.lb.ips.modified",
        "dns.zone.records.reconfigured",
    ]
    machine = '[[virtual_machines]]\nidentifier = "db"\n'
    assert names(told(API, API + machine)) == ["virtual-machine.new"]


def test_things_of_one_name_are_all_heard():
    """Two integrations of one vendor share an id; a change of either is told once."""
    text = '[[integrations]]\nvendor = "aws"\n[[integrations]]\nvendor = "aws"\nname = "b"\n'
    assert names(told(text, text.replace('"b"', '"c"'))) == ["hub.integration.updated"]
    assert names(told(text, '[[integrations]]\nvendor = "aws"')) == ["hub.integration.updated"]


def test_a_notification_says_where():
    """Hub, environment, cluster and, where there are some, containers and zones, by their ids."""
    [certificate, ready] = told(BASE, BASE.replace('["www.a.test"]', '["www.a.test"]\nserial = 1'))
    found = read(BASE)
    assert certificate == {
        "topic": "dns.certificate.state.changed",
        "object": {
            "id": found.certificates[found.own][0]["id"],
            "state": "live",
        },
        "context": {
            "label": "",
            "hub_id": found.hub["id"],
            "account_id": identity("account", "developer"),
            "environments": [found.environment["id"]],
            "dns_zones": [identity("zone", "a.test")],
            "clusters": ["production"],
            "containers": [found.own],
        },
    }
    assert ready["context"] == certificate["context"]
    [records] = told(BASE, BASE.replace('["app.b.test"]', "[]"))
    assert records["object"] == {"id": identity("zone", "b.test")}
    [_, instances] = told(BASE, BASE.replace('"app"', '"app"\ninstances = 2'))
    assert instances["object"] == {"id": found.own}
    assert instances["context"] == {
        **certificate["context"],  # type: ignore[dict-item]
        "dns_zones": [],
    }


# Few words, so that two states have much in common; each value can be searched for.
_WORDS = st.sampled_from(["one", "two", "three"])
_VALUES = st.sampled_from(["c4n4ry-x", "c4n4ry-y"])


def tables(**members: st.SearchStrategy[object]) -> st.SearchStrategy[list[dict[str, object]]]:
    """A list of tables of different identifiers."""
    table = st.fixed_dictionaries({"identifier": _WORDS}, optional=members)
    return st.lists(table, max_size=2, unique_by=lambda each: str(each["identifier"]))


_STATES = st.fixed_dictionaries(
    {},
    optional={
        "variables": st.dictionaries(_WORDS, _VALUES, max_size=2),
        "integrations": tables(vendor=_WORDS, auth=st.fixed_dictionaries({"secret": _VALUES})),
        "networks": tables(name=_WORDS),
        "certificates": st.lists(
            st.fixed_dictionaries(
                {"domains": st.sampled_from([["a.test"], ["*.a.test", "b.test"]])},
                optional={
                    "serial": st.integers(0, 2),
                    "encoding": st.sampled_from(["pem", "base64"]),
                },
            ),
            max_size=2,
        ),
        "containers": tables(
            instances=st.integers(0, 2),
            domains=st.lists(_WORDS.map(lambda word: f"{word}.test"), max_size=2),
            state=st.fixed_dictionaries({"current": st.sampled_from(["running", "stopped"])}),
        ),
        "environment": st.fixed_dictionaries({}, optional={"name": _WORDS, "cluster": _WORDS}),
        "server": st.fixed_dictionaries({}, optional={"hostname": _WORDS}),
        "hub": st.fixed_dictionaries({}, optional={"name": _WORDS}),
        "services": st.dictionaries(st.sampled_from(["vpn", "discovery"]), st.just({}), max_size=2),
        "vpn": st.fixed_dictionaries({"users": st.dictionaries(_WORDS, _VALUES, max_size=2)}),
    },
)


def made(table: dict[str, object]) -> World:
    return build(scenario.read(table, "state.toml"))


def shown(given: World) -> object:
    """Everything that a client can be told of a world, in no order."""
    seen: dict[str, object] = {"users": dict(given.users)}
    containers = [str(item["id"]) for item in given.containers]
    for name in sorted(routes.SERVED - {"getHubIntegration", "validateVPNLogin"}):
        of_container = "container-id" in OPERATIONS[name].query
        for container in sorted(containers) if of_container else [""]:
            asked = Query(
                method="GET",
                path=OPERATIONS[name].path,
                query={"container-id": container},
                headers={"x-cycle-token": "t"},
            )
            seen[f"{name} {container}"] = unordered(routes.respond(given, asked, STARTED).data)
    seen["integrations"] = unordered(list(given.integrations))
    return seen


def unordered(value: object) -> object:
    if isinstance(value, dict):
        return {name: unordered(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return sorted(json.dumps(unordered(each), sort_keys=True) for each in value)
    return value


@settings(max_examples=150, deadline=None)
@given(_STATES, _STATES)
def test_what_can_be_seen_is_told_and_nothing_else(old, new):
    """There are notifications if and only if some answer is another one; they hold no value."""
    before, after = made(old), made(new)
    found = notifications.between(before, after)
    assert bool(found) == (shown(before) != shown(after))
    for notification in found:
        assert "c4n4ry" not in json.dumps(notification)
        assert notified.faults_of(notification) == []
    said = [(item["topic"], json.dumps(item["object"])) for item in found]
    assert len(said) == len(set(said))


@settings(max_examples=50, deadline=None)
@given(_STATES)
def test_the_same_state_is_silent(state):
    """A file that was written once more is no change."""
    assert notifications.between(made(state), made(state)) == ()


def test_the_check_against_the_document_is_a_check():
    """A topic or a type that is not the document's is found."""
    [good] = told(BASE, BASE.replace('A = "1"', 'A = "2"'))
    assert notified.faults_of(good) == []
    for broken in (
        {**good, "topic": "environment.unheard"},
        {**good, "object": None},
        {**good, "context": {"label": None}},
        {name: value for name, value in good.items() if name != "context"},
    ):
        assert notified.faults_of(broken) != []
