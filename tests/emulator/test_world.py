"""The world of a state: filled in, and of one piece."""

from __future__ import annotations

from base64 import b64decode

from cycle_exec.emulator import scenario, world
from cycle_exec.emulator.documents import identity, merged
from cycle_exec.emulator.model import Pair, World
from cycle_exec.secret import Secret

STARTED = 1_700_000_000.0
PAIR = Pair(bundle="BUNDLE\n", private_key=Secret("KEY\n"))


def build(text: str = "") -> World:
    state = scenario.parse(text, "state.toml")
    return world.build(state, [PAIR] * len(state.certificates), STARTED)


def test_the_same_state_gives_the_same_world():
    """Ids come from names, times from the start: nothing is left to chance."""
    text = '[[containers]]\nidentifier = "api"\ninstances = 2'
    assert build(text) == build(text)


def test_ids_are_of_the_platforms_form():
    """24 hexadecimal digits, others for other names and kinds."""
    found = {identity("container", "a"), identity("container", "b"), identity("instance", "a")}
    assert len(found) == 3
    assert all(len(item) == 24 and int(item, 16) >= 0 for item in found)


def test_references_agree():
    """Whatever names another resource names one that is there."""
    found = build(
        """
        [environment]
        id = "aaaaaaaaaaaaaaaaaaaaaaaa"
        [hub]
        id = "bbbbbbbbbbbbbbbbbbbbbbbb"
        [server]
        id = "cccccccccccccccccccccccc"
        [vpn.users]
        alice = "x"
        [[containers]]
        identifier = "api"
        instances = 2
        [[networks]]
        identifier = "net"
        """
    )
    containers = {container["id"] for container in found.containers}
    assert found.own in containers
    assert {item["container_id"] for item in found.instances} == containers
    assert {item["server_id"] for item in found.instances} == {"c" * 24}
    assert {item["hub_id"] for item in (*found.instances, *found.containers)} == {"b" * 24}
    assert all(item["environment"]["id"] == "a" * 24 for item in found.instances)  # type: ignore[index]
    assert found.networks[0]["environments"] == [{"id": "a" * 24, "added": "2023-11-14T22:13:20Z"}]
    vpn = found.environment["services"]["vpn"]  # type: ignore[index]
    assert vpn["container_id"] in containers
    assert vpn["container_id"] == found.services["vpn"]["container"]["id"]  # type: ignore[index]
    assert len({item["id"] for item in found.instances}) == len(found.instances) == 3


def test_given_fields_win_over_generated_ones():
    """Tables merge, everything else is replaced."""
    found = build(
        """
        [server]
        hostname = "metal"
        provider = { zone = "z1" }
        [[containers]]
        identifier = "api"
        config = { deploy = { strategy = "edge" } }
        [[integrations]]
        identifier = "i"
        name = "I"
        """
    )
    assert found.server["hostname"] == "metal"
    assert found.server["provider"]["zone"] == "z1"  # type: ignore[index]
    assert found.server["provider"]["vendor"] == "local"  # type: ignore[index]
    deploy = found.containers[0]["config"]["deploy"]  # type: ignore[index]
    assert deploy == {"instances": 1, "strategy": "edge"}
    assert (found.integrations[0]["name"], found.integrations[0]["vendor"]) == ("I", "custom")


def test_merging_leaves_both_sides_alone():
    """The result is a new table."""
    generated = {"a": {"b": 1}, "c": [1]}
    given = {"a": {"d": 2}, "c": []}
    assert merged(generated, given) == {"a": {"b": 1, "d": 2}, "c": []}
    assert generated == {"a": {"b": 1}, "c": [1]}


def test_a_network_keeps_its_numbers_when_others_go():
    """They come from its name, not from its place in the list."""
    first, second = '[[networks]]\nidentifier = "a"\n', '[[networks]]\nidentifier = "b"\n'
    assert build(first + second).networks[1] == build(second).networks[0]
    assert build(first).networks[0] != build(second).networks[0]


def test_certificates_are_base64_unless_pem_is_asked_for():
    """Both members have the same encoding."""
    found = build(
        """
        [[certificates]]
        domains = ["a.test"]
        [[certificates]]
        domains = ["b.test"]
        encoding = "pem"
        """
    )
    first, second = found.certificates[found.own]
    assert b64decode(str(first["bundle"])) == b"BUNDLE\n"
    assert b64decode(str(first["private_key"])) == b"KEY\n"
    assert (second["bundle"], second["private_key"]) == ("BUNDLE\n", "KEY\n")


def test_domains_are_those_of_container_and_certificates():
    """A wildcard is no domain that points anywhere; each name comes once."""
    found = build(
        """
        [container]
        domains = ["plain.test", "a.test"]
        [[certificates]]
        domains = ["a.test", "*.a.test", "b.test"]
        """
    )
    assert found.domains[found.own] == ("plain.test", "a.test", "b.test")


def test_a_certificate_belongs_to_its_container():
    """Another container's certificates and domains are kept apart."""
    found = build(
        """
        [[containers]]
        identifier = "web"
        [[containers]]
        identifier = "api"
        [[certificates]]
        domains = ["api.test"]
        container = "api"
        """
    )
    api = identity("container", "api")
    assert list(found.certificates) == [api]
    assert found.domains == {found.own: (), api: ("api.test",)}


def test_variables_and_metadata_agree_with_the_api():
    """What the platform puts around an instance names the API's own resources."""
    found = build('token = "t"\n[services.discovery]\n[container]\ndeployment = { version = "v1" }')
    variables = world.variables(found)
    own = found.instances[0]
    assert variables == {
        "CYCLE_API_TOKEN": "t",
        "CYCLE_CLUSTER": "production",
        "CYCLE_CONTAINER_ID": found.own,
        "CYCLE_CONTAINER_IDENTIFIER": "app",
        "CYCLE_DEPLOYMENT_VERSION": "v1",
        "CYCLE_ENVIRONMENT_ID": found.environment["id"],
        "CYCLE_INSTANCE_ID": own["id"],
        "CYCLE_INSTANCE_IPV6_CIDR": own["environment"]["ipv6"]["cidr"],  # type: ignore[index]
        "CYCLE_INSTANCE_IPV6_IP": own["environment"]["ipv6"]["ip"],  # type: ignore[index]
        "CYCLE_LOCATION_ID": found.server["location_id"],
        "CYCLE_PROVIDER_LOCATION": "local",
        "CYCLE_PROVIDER_VENDOR": "local",
        "CYCLE_SERVER_ID": found.server["id"],
    }
    assert world.metadata(found) == {
        name: found.environment[name]
        for name in ("id", "deployments", "private_network", "services")
    }


def test_any_token_is_some_token_for_the_app():
    """Where the state takes any token the app gets one all the same."""
    assert world.variables(build())["CYCLE_API_TOKEN"] == "dev-token"


def test_a_container_may_have_no_instance():
    """Then there is no instance to speak of."""
    variables = world.variables(build("[container]\ninstances = 0"))
    assert "CYCLE_INSTANCE_ID" not in variables


def test_what_is_said_of_readiness():
    """Nothing, unless there is a readiness check, or the state says what."""
    check = 'config = { deploy = { readiness_check = { command = "true" } } }'
    for lines, expected in (
        ("", None),
        (check, True),
        ("ready = false", False),
        (f"ready = false\n{check}", False),
    ):
        [instance] = build(f'[[containers]]\nidentifier = "app"\n{lines}').instances
        state = instance["state"]
        assert isinstance(state, dict)
        readiness = state.get("readiness")
        assert readiness == (
            None if expected is None else {"ready": expected, "updated": "2023-11-14T22:13:20Z"}
        )
        assert state["current"] == "running"
