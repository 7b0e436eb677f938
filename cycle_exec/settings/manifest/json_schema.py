"""The manifest's JSON Schema (2020-12), made from the same table as the validator."""

from __future__ import annotations

from cycle_exec.settings.manifest import nodes
from cycle_exec.settings.manifest.keys import MANIFEST

ID = "https://github.com/cycle-exec/cycle-exec/schemas/manifest.json"


def schema() -> dict[str, object]:
    """Return the schema as plain data, ready for JSON."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "cycle-exec manifest",
        **_node(MANIFEST),
    }


def _node(node: nodes.Node) -> dict[str, object]:
    described: dict[str, object] = {"description": node.help} if node.help else {}
    described.update(_shape(node))
    if node.default is not None:
        described["default"] = node.default
    return described


def _shape(node: nodes.Node) -> dict[str, object]:
    match node:
        case nodes.Text():
            return {"type": "string", "pattern": node.rule.pattern}
        case nodes.Either():
            return {"oneOf": [_shape(node.text), _shape(node.table)]}
        case nodes.Choice():
            return {"type": "string", "enum": list(node.choices)}
        case nodes.SwitchOr():
            return {"enum": [True, False, node.word]}
        case nodes.Switch():
            return {"type": "boolean"}
        case nodes.Number():
            return {"type": "integer", "minimum": node.least, "maximum": node.most}
        case nodes.Amount():
            number = {"type": "integer", "minimum": 0, "maximum": nodes.MOST}
            return {"oneOf": [number, {"const": "unlimited"}]}
        case nodes.ListOf():
            least: dict[str, object] = {"minItems": node.least} if node.least else {}
            return {"type": "array", "items": _node(node.item), **least}
        case nodes.MapOf():
            return {
                "type": "object",
                "propertyNames": {"pattern": node.key.pattern},
                "additionalProperties": _node(node.value),
            }
    assert isinstance(node, nodes.Table)
    return _table(node)


def _table(table: nodes.Table) -> dict[str, object]:
    shape: dict[str, object] = {
        "type": "object",
        "properties": {name: _node(field) for name, field in table.fields.items()},
        "additionalProperties": False,
    }
    if table.required:
        shape["required"] = list(table.required)
    if table.one_of:
        shape["anyOf"] = [{"required": [name]} for name in table.one_of]
    if table.implies is not None:
        array, item, key = table.implies
        has_item = {"type": "array", "contains": {"const": item}}
        shape["if"] = {"properties": {array: has_item}, "required": [array]}
        shape["then"] = {"required": [key]}
    return shape
