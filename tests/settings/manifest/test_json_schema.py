"""The JSON Schema of the manifest, and that it agrees with the validator."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from cycle_exec.settings.manifest.json_schema import schema
from cycle_exec.settings.manifest.keys import MANIFEST
from cycle_exec.settings.manifest.manifest import findings
from cycle_exec.settings.manifest.nodes import (
    Amount,
    Choice,
    Either,
    ListOf,
    MapOf,
    Node,
    Number,
    Switch,
    Table,
    Text,
)
from cycle_exec.settings.rules import Rule
from tests.settings.test_manifest import FULL

VALIDATOR = Draft202012Validator(schema())


def test_schema_is_valid():
    """The schema is a JSON Schema 2020-12, is JSON, and has a name of its own."""
    Draft202012Validator.check_schema(schema())
    document = json.loads(json.dumps(schema()))
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["title"] == "cycle-exec manifest"
    assert document["$id"] == "https://github.com/cycle-exec/cycle-exec/schemas/manifest.json"
    assert document["additionalProperties"] is False


def test_full():
    """A manifest with every key agrees with the schema."""
    assert list(VALIDATOR.iter_errors(tomllib.loads(FULL))) == []


def _nodes(node: Node, path="manifest"):
    yield path, node
    match node:
        case Table():
            for name, field in node.fields.items():
                yield from _nodes(field, f"{path}.{name}")
        case ListOf(item=Table() as table):
            yield from _nodes(table, path)
        case MapOf(value=Table() as table):
            for name, field in table.fields.items():
                yield from _nodes(field, f"{path}.*.{name}")


def test_described():
    """Every key is described, and every default is one that the schema itself accepts."""
    for path, node in _nodes(MANIFEST):
        if path.count(".") > 1:
            assert node.help, path
    for path, shape in _shapes(schema()):
        if "default" in shape:
            assert Draft202012Validator(shape).is_valid(shape["default"]), path


def _shapes(shape, path=()):
    yield path, shape
    for name, inner in shape.get("properties", {}).items():
        yield from _shapes(inner, (*path, name))
    for name in ("items", "additionalProperties"):
        if isinstance(shape.get(name), dict):
            yield from _shapes(shape[name], (*path, name))


_ODD = st.sampled_from([0, 7, -1, 1.5, True, "", "x", "/x", "0600", "9999", "5s", [], {}, ["a"]])
_GOOD = {
    "duration": ["5s", "1m30s"],
    "octal": ["0600", "644"],
    "absolute": ["/a", "/b/c"],
    "user": ["app", "app:app", ":0"],
    "on_change": ["none", "restart", "signal:HUP", "signal:SIGUSR1"],
    "signal": ["TERM", "15", "RTMIN+1", "NONE"],
    "field": ["auth.k", "extra.b"],
    "limit": ["nofile", "core"],
}


def _texts(rule: Rule):
    fitting = [text for texts in _GOOD.values() for text in texts if rule.accepts(text)]
    return st.sampled_from([*fitting, "A", "B_1", "a-b", "1", "a b", "", "\0", "\u00e9", "*"])


def _values(node: Node):
    match node:
        case Text():
            good = _texts(node.rule)
        case Choice():
            good = st.sampled_from(node.choices)
        case Switch():
            good = st.booleans()
        case Amount():
            good = st.sampled_from([0, 1, 65_536, 2**63 - 1, 2**63, -1, "unlimited", "no"])
        case Number():
            good = st.integers(node.least - 1, node.most + 1)
        case ListOf():
            good = st.lists(_values(node.item), max_size=2)
        case MapOf():
            good = st.dictionaries(_texts(node.key), _values(node.value), max_size=2)
        case Either():
            good = st.one_of(_values(node.text), _values(node.table))
        case Table():
            good = _tables(node)
        case _:
            raise TypeError(node)
    return st.integers(0, 19).flatmap(lambda draw: _ODD if draw == 19 else good)


def _tables(node: Table):
    known = st.fixed_dictionaries(
        {name: _values(node.fields[name]) for name in node.required},
        optional={
            name: _values(field) for name, field in node.fields.items() if name not in node.required
        },
    )
    return st.integers(0, 19).flatmap(
        lambda draw: (
            known.map(lambda table: {**table, "unknown": 1} if draw == 19 else table)
            if draw
            else st.just({})
        )
    )


_SECTIONS = st.sampled_from(sorted(MANIFEST.fields))


@settings(max_examples=400)
@given(_SECTIONS.flatmap(lambda name: _values(MANIFEST.fields[name]).map(lambda v: {name: v})))
def test_agreement(document):
    """Schema and validator accept and refuse the same, but for what is listed twice."""
    found = [finding for finding in findings(document) if finding.also is None]
    assert VALIDATOR.is_valid(document) == (found == [])


@pytest.mark.parametrize("document", [{}, {"certificates": {}}, {"integrations": []}])
def test_small(document):
    """Empty sections are fine for both."""
    assert findings(document) == []
    assert VALIDATOR.is_valid(document)
