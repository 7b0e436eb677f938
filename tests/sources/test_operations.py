"""The table of operations against the official document, where it is at hand."""

from __future__ import annotations

import json

import pytest

from cycle_exec.sources.operations import OPERATIONS
from tests.support.spec import openapi_path


def test_the_table_is_complete():
    """34 operations, each under its own operationId."""
    assert len(OPERATIONS) == 34
    assert all(operation.name == name for name, operation in OPERATIONS.items())
    assert len({(operation.method, operation.path) for operation in OPERATIONS.values()}) == 34


def test_the_table_is_that_of_the_document():
    """Method, path, operationId and parameters are those of the platform's document."""
    path = openapi_path()
    if path is None:
        pytest.skip("the platform's OpenAPI document is not here; set CYCLE_SPEC_DIR")
    document = json.loads(path.read_text())
    found = {}
    for route, item in document["paths"].items():
        for method in ("get", "post", "put", "patch", "delete"):
            if method in item:
                parameters = item[method].get("parameters", [])
                found[item[method]["operationId"]] = (
                    method.upper(),
                    route,
                    {entry["name"] for entry in parameters if entry["in"] == "query"},
                )
    assert found == {
        name: (operation.method, operation.path, set(operation.query))
        for name, operation in OPERATIONS.items()
    }
