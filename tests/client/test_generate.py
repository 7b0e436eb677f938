"""The generated modules are what the official document says."""

from __future__ import annotations

import json

import pytest

from tests.client import generate
from tests.support import spec


def test_generating_again_gives_no_difference():
    """python -m tests.client.generate DOCUMENT"""
    path = spec.openapi_path()
    if path is None:
        pytest.skip("NOT CHECKED AGAINST THE OFFICIAL DOCUMENT: set CYCLE_SPEC_DIR to its folder")
    found = generate.generated(json.loads(path.read_text()))
    for name, text in found.items():
        assert (generate.HERE / name).read_text() == text, f"{name} is not what is generated"


def test_shapes():
    """Optional members, nulls, enums, references, odd names, unions, parts put together."""
    schemas = {
        "Id": {"type": "string"},
        "A": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"$ref": "#/components/schemas/Id"},
                "maybe": {"type": ["null", "integer"]},
                "one": {"type": "string", "enum": ["x", "y"]},
                "more": {"type": "object", "additionalProperties": {"type": "number"}},
                "below": {"type": "object", "properties": {"a-b": {"type": "boolean"}}},
                "again": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/A"}]},
            },
        },
        "B": {
            "allOf": [
                {"$ref": "#/components/schemas/A"},
                {"type": "object", "required": ["z"], "properties": {"z": {"type": "array"}}},
            ]
        },
    }
    types = generate.Types({"components": {"schemas": schemas}})
    assert types.of({"$ref": "#/components/schemas/B"}, "X") == "B"
    assert (
        types.of({"type": "array", "items": {"$ref": "#/components/schemas/A"}}, "X") == "list[A]"
    )
    a = types.texts["A"]
    assert "    id: str\n" in a
    assert "    maybe: NotRequired[int | None]\n" in a
    assert "    one: NotRequired[Literal['x', 'y']]\n" in a
    assert "    more: NotRequired[dict[str, float]]\n" in a
    assert "    again: NotRequired[A | None]\n" in a
    assert '        "a-b": "NotRequired[bool]",\n' in types.texts["ABelow"]
    assert "    z: list[Any]\n" in types.texts["B"]
    assert "    id: str\n" in types.texts["B"]
