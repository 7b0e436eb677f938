"""The types are generated from the official document, and the methods are what it says."""

from __future__ import annotations

import inspect
import json

import pytest

from cycle_exec.client.methods import Methods
from cycle_exec.sources.operations import OPERATIONS
from tests.client import generate
from tests.support import spec


def test_generating_again_gives_no_difference():
    """python -m tests.client.generate DOCUMENT"""
    path = spec.openapi_path()
    if path is None:
        pytest.skip("NOT CHECKED AGAINST THE OFFICIAL DOCUMENT: set CYCLE_SPEC_DIR to its folder")
    text, _ = generate.generated(json.loads(path.read_text()))
    assert generate.TYPES.read_text() == text, "types.py is not what is generated"


def test_methods_are_what_the_document_says():
    """Parameters, which of them can be left out, bodies, results, and what null stands for."""
    path = spec.openapi_path()
    if path is None:
        pytest.skip("NOT CHECKED AGAINST THE OFFICIAL DOCUMENT: set CYCLE_SPEC_DIR to its folder")
    _, shapes = generate.generated(json.loads(path.read_text()))
    for operation, name in generate.METHODS.items():
        method, shape, row = getattr(Methods, name), shapes[operation], OPERATIONS[operation]
        annotations = dict(method.__annotations__)
        assert annotations.pop("return") == shape.result, name
        assert f"{row.method} {row.path}" in method.__doc__
        query = {}
        for key, kind in shape.query.items():
            needed = key in shape.required
            query[key.replace("-", "_")] = kind if needed else f"{kind} | None"
        if operation == "validateVPNLogin":
            assert annotations == {"username": "str", "password": "str"}
        elif operation == "downloadImage":  # an object of one member is that member
            assert annotations == {"image_id": "str"}
        elif shape.body:
            assert [*annotations.values()] == [shape.body], name
        else:
            assert annotations == query, name
        optional = {key for key, kind in query.items() if kind.endswith(" | None")}
        assert set(method.__kwdefaults__ or ()) == set()
        assert len(method.__defaults__ or ()) == len(optional), name


@pytest.mark.parametrize("operation", generate.METHODS)
def test_null_stands_for_an_empty_list_or_table(operation):
    """Where the result is one; no answer is shared."""
    method = getattr(Methods, generate.METHODS[operation])
    result = method.__annotations__["return"]
    kind = {"list": list, "dict": dict, "ServiceContainers": dict}.get(result.partition("[")[0])

    class Empty(Methods):
        def _call(self, *_, empty=None, **__):
            return empty

    def found():
        return method(Empty(), *inspect.signature(method).parameters.keys() - {"self"})

    assert found() == (kind() if kind else None)
    assert kind is None or found() is not found()


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
