"""The official document of the internal API, its known faults mended, as a validator.

The document is not part of this repository: `CYCLE_SPEC_DIR` names its folder, else
`../shared/spec` beside the repository is tried.
"""

from __future__ import annotations

import copy
import json
import os
from functools import cache
from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import Any

import jsonschema
import pytest

_NAME = "internal-api.openapi.json"
_DEFAULT = Path(__file__).parent.parent.parent.parent / "shared" / "spec"


def openapi_path() -> Path | None:
    """The official OpenAPI document as it came, None where it is not to be had."""
    path = Path(os.environ.get("CYCLE_SPEC_DIR", "") or _DEFAULT) / _NAME
    return path if path.is_file() else None


@cache
def document() -> dict[str, Any]:
    """The document with its faults mended; skips the test where it is not to be had."""
    path = openapi_path()
    if path is None:
        pytest.skip(
            f"NOT CHECKED AGAINST THE OFFICIAL DOCUMENT: {_NAME} is not there, "
            "set CYCLE_SPEC_DIR to its folder"
        )
    loaded: dict[str, Any] = json.loads(path.read_text())
    return mended(loaded)


def mended(broken: dict[str, Any]) -> dict[str, Any]:
    """A copy without the faults that make every correct answer invalid.

    Names that are required but not declared are misspelt or left over; statuses that the platform
    sends are not listed, nor is a code for 405; the state schemas forget that they are objects.
    """
    found = copy.deepcopy(broken)
    schemas = found["components"]["schemas"]
    error = schemas["Error"]
    error["required"] = ["status", "code", "title"]
    error["properties"]["status"]["enum"] += [405, 413, 429]
    error["properties"]["code"]["enum"] += ["405.method-not-allowed"]
    _require(schemas["Ip"], {"assingment": "assignment"})
    _require(schemas["SchedulerEnvironmentService"], {"high_availablity": "high_availability"})
    _require(schemas["VpnEnvironmentService"], {"high_availability": None})
    _require(schemas["GatewayEnvironmentService"], {"config": None})
    _require(schemas["InstanceSummary"], {"events": None})
    _require(schemas["HubMembership"], {"permissions": None, "prefereneces": "preferences"})
    _require(schemas["IntegrationDefinition"], {"required_fields": None})
    _walk(schemas["ContainerIntegrations"], lambda part: _require(part, {"destination": None}))
    _walk(schemas["HubMembership"], _mend_notifications)
    for name, schema in schemas.items():
        if name.endswith("State"):
            _walk(schema, _mend_object)
    _mend_object(schemas["Instance"]["properties"]["events"])
    return found


def _require(schema: Any, names: dict[str, str | None]) -> None:
    """Replace names in `required` that are not declared; None: leave them out."""
    if not isinstance(schema.get("required"), list):
        return
    declared = schema.get("properties", {})
    wanted = [
        names[name] if name in names and name not in declared else name
        for name in schema["required"]
    ]
    schema["required"] = [name for name in wanted if name is not None and name in declared]


def _mend_notifications(schema: Any) -> None:
    declared = schema.get("properties", {})
    if "notificaitons" in declared:
        declared["notifications"] = declared.pop("notificaitons")


def _mend_object(schema: Any) -> None:
    if "properties" in schema and "type" not in schema:
        schema["type"] = "object"


def _walk(schema: Any, mend: Any) -> None:
    if isinstance(schema, dict):
        mend(schema)
        for part in list(schema.values()):
            _walk(part, mend)
    elif isinstance(schema, list):
        for part in schema:
            _walk(part, mend)


def operations() -> dict[str, tuple[str, str]]:
    """Method and path of each operation of the document."""
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict) and "operationId" in operation
    }


def faults_of(operation: str, status: int, body: object) -> list[str]:
    """What is wrong with an answer, by the document; empty for a good one."""
    method, path = operations()[operation]
    responses = document()["paths"][path][method.lower()]["responses"]
    answer = responses.get(str(status), responses["default"])
    if "$ref" in answer:
        answer = document()["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    schema = answer["content"]["application/json"]["schema"]
    return [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(body)]


def validator(schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
    """What judges by a schema of the document."""
    return _validator(json.dumps(schema))


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    whole = {**json.loads(schema), "components": document()["components"]}
    checker = jsonschema.FormatChecker([])
    checker.checks("objectid")(_is_object_id)
    checker.checks("date-time")(_is_time)
    checker.checks("ip-address", raises=ValueError)(_is_address)
    checker.checks("cidr", raises=ValueError)(_is_cidr)
    return jsonschema.Draft202012Validator(whole, format_checker=checker)


def _is_object_id(value: object) -> bool:
    return not isinstance(value, str) or (
        len(value) == 24 and all(digit in "0123456789abcdef" for digit in value)
    )


def _is_address(value: object) -> bool:
    return not isinstance(value, str) or bool(ip_address(value))


def _is_cidr(value: object) -> bool:
    return not isinstance(value, str) or ("/" in value and bool(ip_interface(value)))


def _is_time(value: object) -> bool:
    from datetime import datetime

    if not isinstance(value, str):
        return True
    try:
        return datetime.fromisoformat(value).tzinfo is not None and "T" in value
    except ValueError:
        return False
