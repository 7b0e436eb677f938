"""The state file's JSON Schema says what `scenario` reads."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import jsonschema
import pytest

from cycle_exec.emulator import json_schema, scenario
from cycle_exec.errors import Refused
from cycle_exec.settings.manifest import json_schema as manifest_schema
from tests.emulator.test_bodies import changed, changes
from tests.emulator.test_routes import FULL

JUDGE = jsonschema.Draft202012Validator(json_schema.schema())
EVERY_KEY = """
token = "t"
[variables]
A = "1"
B = { value = "x", duration = "1m30s" }
C = { url = "https://example.test" }
[[integrations]]
identifier = "a"
name = "A"
auth = { secret = "s" }
[[integrations]]
vendor = "aws"
extra = { bucket = "b" }
[[certificates]]
domains = ["a.test"]
days = -3
key = "rsa"
encoding = "pem"
container = "web"
serial = 2
[[certificates]]
bundle = "b.pem"
private_key = "k.pem"
[vpn.users]
alice = "pw"
[environment]
name = "dev"
[container]
identifier = "web"
instances = 2
domains = ["b.test"]
[[containers]]
identifier = "api"
ready = false
stateful = true
[server]
hostname = "h"
[hub]
name = "n"
[[networks]]
identifier = "net"
[services.discovery]
enable = true
[[virtual_machines]]
identifier = "db"
domains = ["db.test"]
"""


def is_read(state: Any) -> bool:
    try:
        scenario.read(state, "state.toml")
    except Refused:
        return False
    return True


def is_null(value: Any) -> bool:
    """Whether there is a null in it, which TOML does not have."""
    return value is None or (isinstance(value, dict | list) and "null" in json.dumps(value))


def test_it_is_a_schema_with_a_name():
    """Both schemas have an `$id` of their own."""
    jsonschema.Draft202012Validator.check_schema(json_schema.schema())
    assert json_schema.schema()["$id"] == json_schema.ID
    assert manifest_schema.schema()["$id"] == manifest_schema.ID != json_schema.ID


def test_every_table_is_described():
    """A key that the reader gains has to be in the schema."""
    fields = json_schema.schema()["properties"]
    assert isinstance(fields, dict)
    assert set(fields) == set(scenario._TOP)
    [certificate] = [fields["certificates"]["items"]]
    assert set(certificate["properties"]) == set(scenario._CERTIFICATE_KEYS)


@pytest.mark.parametrize("text", ["", FULL, EVERY_KEY], ids=["empty", "full", "every key"])
def test_schema_and_reader_agree(text):
    """On a good state, and on every state that is one change away from it."""
    state = tomllib.loads(text)
    assert JUDGE.is_valid(state)
    assert is_read(state)
    refused = 0
    for place, other in changes(state):
        if not place or is_null(other):
            continue
        broken = changed(state, place, other)
        good = JUDGE.is_valid(broken)
        refused += not good
        assert good == is_read(broken) or refers(place), (place, other)
    assert refused > 20 or not text


def refers(place: tuple[Any, ...]) -> bool:
    """Whether this part is named by another one, or names one, which no schema can judge."""
    return place == ("container", "identifier") or place[-1] == "container"
