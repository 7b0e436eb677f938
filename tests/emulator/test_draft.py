"""A first state file: names and shapes as they are, and no value of the platform."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.emulator import draft, scenario
from cycle_exec.emulator.model import State, Variable
from tests.support.issued import leaf, pem


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])),
        st.text(st.characters(exclude_categories=["Cs"])),
    )
)
@example({"A B": 'x"\\\n\r\t\x00\x7f', "": "", "a.b": "\\u0041"})
def test_a_dotenv_files_values_come_back(values):
    """Whatever is in names and values."""
    state = scenario.parse(draft.toml(draft.of_variables(values)), "state.toml")
    assert state.token == "dev-token"
    assert state.variables == {name: Variable(value=value) for name, value in values.items()}


@pytest.mark.parametrize(
    ("value", "made_up"),
    [
        ("", ""),
        ("false", "true"),
        ("No", "yes"),
        ("8080", "1"),
        ("-3", "1"),
        ("0.25", "1.5"),
        ("postgres://app:s3cret@db.internal/x", "postgres://user:password@localhost:5432/app"),
        ("s3cret://a", "https://service.example.test/"),
        ("HTTPS://a.test", "https://service.example.test/"),
        ('{"key": "s3cret"}', "{}"),
        ('["s3cret"]', "[]"),
        ("6f1ed002-ab5f-4a26-9d6b-6a1c5e0f3c77", "00000000-0000-4000-8000-000000000000"),
        ("deadbeef" * 4, "0" * 32),
        ("boss@corp.test", "someone@example.test"),
        ("db.internal:5432", "localhost:1234"),
        ("s3cret-words", "made-up-made"),
        ("x" * 5000, ("made-up-" * 128)),
    ],
)
def test_a_made_up_value_has_the_shape_of_the_real_one(value, made_up):
    """So that an app that reads a number, a URL or a document starts with it."""
    assert draft.made_up(value) == made_up


@given(st.text(min_size=1) | st.from_regex(r"\A(?:postgres|https?|x)://[a-z0-9:@./]+\Z"))
def test_a_made_up_value_follows_from_kind_and_length(value):
    """Another value of the same kind has the same: nothing of the value is in it."""
    found = draft.made_up(value)
    fixed = {
        *draft._URLS.values(),
        *draft._SWITCHES.values(),
        *("", "1", "1.5", "{}", "[]", "someone@example.test", "localhost:1234"),
        "00000000-0000-4000-8000-000000000000",
        draft.made_up("-----BEGIN X"),
    }
    assert found in fixed or found in ("0" * len(found), ("made-up-" * 200)[: len(found)])
    assert len(found) <= max(len(value), 60)


def test_a_platform_becomes_a_state():
    """Names, numbers and kinds; what a state cannot say is left out."""
    rsa, ec = pem(leaf("r.test", kind="RSA 2048")), pem(leaf("e.test"))
    coded = b64encode(rsa.encode()).decode()
    document = draft.of_platform(
        variables={"URL": "redis://:s3cret@cache/1", "odd name": "s3cret"},
        environment={
            "name": "Shop",
            "identifier": "shop",
            "about": {"description": "s3cret"},
            "services": {"discovery": {"enable": True}, "vpn": None},
        },
        own={"id": "1", "identifier": "web", "instances": 3},
        domains=["r.test"],
        containers=[
            {"id": "1", "identifier": "web"},
            {"id": "2", "identifier": "api", "instances": 1},
            {"id": "3", "identifier": "api", "instances": 99_999},
            {"id": "4", "identifier": None, "name": "Named"},
            {"id": "5", "identifier": "lb", "image": {"service": "loadbalancer"}},
        ],
        certificates=[
            {"domains": ["r.test"], "bundle": coded, "private_key": "s3cret"},
            {"domains": ["e.test", "s3 cret"], "bundle": ec, "private_key": "s3cret"},
            {"domains": None, "bundle": ""},
        ],
        integrations=[
            {
                "identifier": "s3",
                "vendor": "aws",
                "auth": {"secret": "s3cret", "region": None},
                "extra": None,
            }
        ],
        networks=[{"identifier": "net", "private_network": {"subnet": "s3cret"}}],
        machines=[{"identifier": "vm"}],
    )
    text = draft.toml(document, ["words"])
    assert text.startswith("# words\ntoken = ")
    assert "s3cret" not in text
    state = scenario.parse(text, "state.toml")
    assert state == State(
        token="dev-token",
        variables={
            "URL": Variable(value="redis://user:password@localhost:6379/0"),
            "odd name": Variable(value="made-u"),
        },
        integrations=({"identifier": "s3", "vendor": "aws", "auth": {"secret": "made-u"}},),
        certificates=state.certificates,
        environment={"name": "Shop", "identifier": "shop"},
        containers=state.containers,
        networks=({"identifier": "net"},),
        services={"discovery": {}},
        virtual_machines=state.virtual_machines,
    )
    assert [(item.domains, item.key, item.encoding) for item in state.certificates] == [
        (("r.test",), "rsa", "base64"),
        (("e.test",), "ec", "pem"),
    ]
    assert [(item.identifier, item.instances, item.domains) for item in state.containers] == [
        ("web", 3, ("r.test",)),
        ("api", 1, ()),
        ("api-2", 1, ()),
        ("Named", 1, ()),
    ]
    assert [item.identifier for item in state.virtual_machines] == ["vm"]
