"""The state file: what it may say, and every word that refuses it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.emulator import scenario
from cycle_exec.emulator.model import CertificateState, ContainerState, Order, State, Variable
from cycle_exec.errors import Refused


def problems(text: str) -> dict[str, str]:
    with pytest.raises(Refused) as refused:
        scenario.parse(text, "state.toml")
    assert {problem.kind for problem in refused.value.problems} == {"manifest-invalid"}
    return {problem.subject: problem.reason for problem in refused.value.problems}


def test_an_empty_state_is_a_complete_one():
    """Every key is optional, and there is always a container of one's own."""
    assert scenario.parse("", "state.toml") == State()
    assert State().containers == (ContainerState(identifier="app"),)


def test_a_state_says_what_it_says():
    """Each section arrives in its own field, with its defaults."""
    state = scenario.parse(
        """
        token = "t"
        [variables]
        PLAIN = "x=y\\n"
        SHORT = { value = "v", duration = "1m30s" }
        [[integrations]]
        vendor = "aws"
        auth = { secret = "s" }
        [[certificates]]
        domains = ["a.test"]
        days = -3
        key = "rsa"
        encoding = "pem"
        container = "api"
        [[certificates]]
        bundle = "chain.pem"
        private_key = "-----BEGIN PRIVATE KEY-----"
        [vpn.users]
        alice = "pw"
        [container]
        domains = ["b.test"]
        [[containers]]
        identifier = "api"
        instances = 2
        stateful = true
        [[networks]]
        identifier = "net"
        [services.discovery]
        [server]
        hostname = "h"
        """,
        "state.toml",
    )
    issued = CertificateState(
        domains=("a.test",), days=-3, key="rsa", encoding="pem", container="api"
    )
    read = CertificateState(bundle="chain.pem", private_key="-----BEGIN PRIVATE KEY-----")
    assert state == State(
        token="t",
        variables={
            "PLAIN": Variable(value="x=y\n"),
            "SHORT": Variable(value="v", duration=90.0),
        },
        integrations=({"vendor": "aws", "auth": {"secret": "s"}},),
        certificates=(issued, read),
        users={"alice": "pw"},
        containers=(
            ContainerState(identifier="app", domains=("b.test",)),
            ContainerState(identifier="api", instances=2, extra={"stateful": True}),
        ),
        networks=({"identifier": "net"},),
        services={"discovery": {}},
        server={"hostname": "h"},
    )
    assert tuple(item.order for item in state.certificates if item.order) == (
        Order(domains=("a.test",), days=-3, key="rsa"),
    )
    assert state.files == ("chain.pem",)


def test_a_changed_certificate_table_is_another_order():
    """Whatever is changed, added or counted up in it; the same table is the same order."""
    said = [
        "",
        "days = 61",
        'key = "rsa"',
        "serial = 1",
        "serial = 2",
        "renewal = 2",
        "renewal = 3",
        "when = 2026-01-01",
        "a = { b = 1 }",
        "a = { b = 2 }",
    ]

    def order(more: str) -> Order:
        state = scenario.parse(f'[[certificates]]\ndomains = ["a.test"]\n{more}', "s")
        [certificate] = state.certificates
        assert certificate.order is not None
        return certificate.order

    assert len({order(more) for more in said}) == len(said)
    assert [order(more) for more in said] == [order(more) for more in said]
    assert order("a = 1\nb = { c = 1, d = 2 }") == order("b = { d = 2, c = 1 }\na = 1")
    assert order("serial = 0") == order("") == Order(domains=("a.test",))


def test_the_first_listed_container_is_the_own_one():
    """Without [container] the instance belongs to the first of the list."""
    state = scenario.parse('[[containers]]\nidentifier = "web"', "state.toml")
    assert [item.identifier for item in state.containers] == ["web"]


def test_dates_become_the_documents_times():
    """A TOML date-time is given as the API writes times."""
    state = scenario.parse("[hub.events]\ncreated = 2026-01-02T03:04:05Z", "state.toml")
    assert state.hub == {"events": {"created": "2026-01-02T03:04:05Z"}}


def test_all_problems_come_at_once():
    """A state is corrected in one go, and no message holds a value."""
    found = problems(
        """
        token = 5
        variabels = {}
        [variables]
        PORT = 8080
        BOTH = { duration = "soon", extra = 1 }
        [[integrations]]
        auth = { secret = 1 }
        [[certificates]]
        days = "many"
        serial = true
        key = "dsa"
        domains = ["ok.test", "not ok"]
        [[certificates]]
        bundle = "x"
        [[certificates]]
        domains = ["a.test"]
        container = "nowhere"
        [[certificates]]
        [[containers]]
        identifier = "a"
        [[containers]]
        identifier = "a"
        instances = -1
        ready = "soon"
        [[networks]]
        [services]
        vpn = "yes"
        """
    )
    longer = "not a duration longer than zero such as 500ms, 5s, 1m30s or 2h (at most 24h)"
    assert found == {
        "state.toml: token": "not a string",
        "state.toml: variabels": "unknown key, did you mean variables",
        "state.toml: variables.PORT": "not a string, nor a table of value and duration",
        "state.toml: variables.BOTH": "it needs a value or a url, and not both",
        "state.toml: variables.BOTH.extra": "unknown key",
        "state.toml: variables.BOTH.duration": longer,
        "state.toml: integrations[0]": "it has neither identifier nor vendor",
        "state.toml: integrations[0].auth.secret": "not a string",
        "state.toml: certificates[0].days": "not a number of days from -3000 to 3000",
        "state.toml: certificates[0].key": "not one of ec, rsa",
        "state.toml: certificates[0].serial": "not a whole number",
        "state.toml: certificates[0].domains": "a domain is not a host name",
        "state.toml: certificates[1]": "bundle and private_key belong together",
        "state.toml: certificates[2].container": "no container has this identifier",
        "state.toml: certificates[3]": "it has no domains",
        "state.toml: containers[1].instances": "not a number of instances",
        "state.toml: containers[1].ready": "not true or false",
        "state.toml: containers[1].identifier": "another container has the same identifier",
        "state.toml: networks[0]": "it has no identifier",
        "state.toml: services.vpn": "not a table",
    }


@pytest.mark.parametrize(
    ("text", "subject", "reason"),
    [
        ("\ntoken = ", "state.toml:2", "this value is not valid TOML (strings stand in quotes)"),
        ("x = " + "9" * 5000, "state.toml:1", "this is not valid TOML"),
        ("a = " + "[" * 5000, "state.toml:1", "its values are nested too deeply"),
        ("containers = 1", "state.toml: containers", None),
        ("[[containers]]", "state.toml: containers[0]", "it has no identifier"),
        ("[server]\nx = inf", "state.toml: server.x", "JSON does not support this number"),
        (
            '[container]\nidentifier = "a"\n[[containers]]\nidentifier = "a"',
            "state.toml: container",
            "a container in the list has the same identifier; define it only there",
        ),
        ('[[certificates]]\ndomains = "a.test"', "state.toml: certificates[0].domains", None),
    ],
)
def test_what_cannot_be_used_refuses(text, subject, reason):
    """Each wrong shape has its own words."""
    found = problems(text)
    assert list(found) == [subject]
    assert reason is None or found[subject] == reason


def test_a_dotenv_file_is_a_state_of_variables():
    """Variables of a dotenv file are served for ever, and nothing else is there."""
    assert scenario.from_variables({"A": "1"}) == State(variables={"A": Variable(value="1")})


@given(st.text())
def test_any_text_is_a_state_or_refuses(text):
    """No text breaks the reader."""
    with suppress(Refused):
        scenario.parse(text, "state.toml")


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        (".env", True),
        ("/srv/.env", True),
        (".env.local", True),
        ("dev.env", True),
        ("state.toml", False),
        ("/srv/app.env/state", False),
        ("environment", False),
        (".environment", False),
        ("state.env.toml", False),
    ],
)
def test_dotenv_files_are_known_by_their_names(path, is_one):
    """Whatever else a file is called, it is a state file."""
    assert scenario.is_dotenv(path) == is_one
