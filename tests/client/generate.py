"""Write cycle_exec/types.py.

    python -m tests.client.generate PATH/OF/internal-api.openapi.json

Types are names and shapes of the platform's official document, its known faults mended.
"""

from __future__ import annotations

import inspect
import json
import keyword
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from cycle_exec.client.methods import Methods
from cycle_exec.sources.operations import OPERATIONS
from tests.support.spec import mended

TYPES = Path(__file__).parent.parent.parent / "cycle_exec" / "types.py"
_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


class _Recorder(Methods):
    """Knows which operation was called last."""

    operation = ""

    def _call(self, operation: str, *_: Any, **__: Any) -> Any:
        self.operation = operation


def _operation(name: str) -> str:
    recorder = _Recorder()
    method = getattr(recorder, name)
    method(*inspect.signature(method).parameters)
    return recorder.operation


# The name of the method of every operation.
METHODS = {
    _operation(name): name
    for name, _ in inspect.getmembers(Methods, inspect.isfunction)
    if not name.startswith("_")
}

# What the document has without a name.
_NAMES = {
    "DomainsResultItem": "Domain",
    "DownloadImageResultItem": "ServerImage",
    "ServerImagesResultItem": "ServerImage",
    "ServerTelemetryResultItem": "InstanceTelemetry",
    "VirtualMachineDomainsResultItem": "VirtualMachineDomain",
    "VirtualMachineGatewaysResultItem": "VirtualMachineGateway",
    "EnvironmentServicesResult": "ServiceContainers",
}


class Types:
    """The types that operations need, under good names."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.schemas = document["components"]["schemas"]
        self.texts: dict[str, str] = {}

    def of(self, schema: dict[str, Any], name: str) -> str:
        """Return the annotation of a schema. name: what an object without one is called."""
        if "$ref" in schema:
            target = schema["$ref"].rsplit("/", 1)[1]
            return self.named(target)
        if "allOf" in schema:
            if len(schema["allOf"]) == 1 and not schema.get("properties"):
                return self.of(schema["allOf"][0], name)
            return self.table(name, *self.members(schema))
        for word in ("oneOf", "anyOf"):
            if word in schema:
                return self.union(schema[word], name)
        if "enum" in schema or "const" in schema:
            values = schema.get("enum", [schema.get("const")])
            literals = [repr(value) for value in values if value is not None]
            some = f"Literal[{', '.join(literals)}]" if literals else ""
            return " | ".join(filter(None, [some, "None" if None in values else ""]))
        kinds = schema.get("type", "object" if "properties" in schema else "")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        found = [self.single(kind, schema, name) for kind in kinds]
        return _joined(found)

    def single(self, kind: str, schema: dict[str, Any], name: str) -> str:
        if kind == "array":
            item = _NAMES.get(f"{name}Item", f"{name}Item")
            return f"list[{self.of(schema.get('items', {}), item)}]"
        if kind == "object":
            more = schema.get("additionalProperties")
            if schema.get("properties"):
                return self.table(name, *self.members(schema))
            if isinstance(more, dict):
                return f"dict[str, {self.of(more, name + 'Value')}]"
            return "dict[str, Any]"
        return _SIMPLE.get(kind, "Any")

    def union(self, parts: list[dict[str, Any]], name: str) -> str:
        found = []
        for number, part in enumerate(parts, 1):
            # An object beside null is the object itself.
            alone = sum(other.get("type") != "null" for other in parts) == 1
            found.append(self.of(part, name if alone else f"{name}{number}"))
        return _joined(each for text in found for each in text.split(" | "))

    def named(self, name: str) -> str:
        schema = self.schemas[name]
        if self.is_table(schema):
            if name not in self.texts:
                self.texts[name] = ""  # a type may lead back to itself
                self.table(name, *self.members(schema))
            return name
        return self.of(schema, name)

    def is_table(self, schema: dict[str, Any]) -> bool:
        return "allOf" in schema or bool(schema.get("properties"))

    def members(self, schema: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """Return properties and required names of an object, its parts put together."""
        if "$ref" in schema:
            return self.members(self.schemas[schema["$ref"].rsplit("/", 1)[1]])
        found = dict(schema.get("properties", {}))
        required = set(schema.get("required", ()))
        for part in schema.get("allOf", ()):
            more, needed = self.members(part)
            found.update(more)
            required |= needed
        for part in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
            more, _ = self.members(part)
            found = {**more, **found}
        return found, required

    def table(self, name: str, members: dict[str, Any], required: set[str]) -> str:
        lines = []
        for key, schema in members.items():
            text = self.of(schema, name + _title(key))
            lines.append((key, text if key in required else f"NotRequired[{text}]"))
        if not lines:
            return "dict[str, Any]"
        if all(key.isidentifier() and not keyword.iskeyword(key) for key, _ in lines):
            body = "".join(f"    {key}: {text}\n" for key, text in lines)
            text = f'class {name}(TypedDict):\n    """{_spoken(name)}."""\n\n{body}\n\n'
        else:
            body = "".join(f'        "{key}": "{text}",\n' for key, text in lines)
            text = f'{name} = TypedDict(\n    "{name}",\n    {{\n{body}    }},\n)\n\n\n'
        known = self.texts.get(name)
        assert not known or known == text, f"two shapes are called {name}"
        self.texts[name] = text
        return name


def _joined(found: Iterable[str]) -> str:
    """Return a union, None last."""
    return " | ".join(sorted(dict.fromkeys(found), key=lambda text: text == "None"))


def _title(key: str) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in key).split()
    return "".join(word[:1].upper() + word[1:] for word in words)


def _spoken(name: str) -> str:
    """Return the words of a name; abbreviations stay as they are: CPU snapshot."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+", name)
    text = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return text[:1].upper() + text[1:]


class Shape(NamedTuple):
    """What an operation takes and gives, as annotations."""

    query: dict[str, str]
    required: tuple[str, ...]
    body: str
    result: str


def shapes(document: dict[str, Any], types: Types) -> dict[str, Shape]:
    """Return the shape of every operation."""
    found = {}
    for path in document["paths"].values():
        for operation in path.values():
            if not isinstance(operation, dict) or "operationId" not in operation:
                continue
            name = operation["operationId"]
            given = [
                parameter
                for parameter in operation.get("parameters", ())
                if parameter.get("in") == "query"
            ]
            title = _title(METHODS[name])
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json", {}).get("schema")
            answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
            data = answer.get("properties", {}).get("data")
            named = f"{title}Result"
            result = types.of(data, _NAMES.get(named, named)) if data else "None"
            found[name] = Shape(
                query={each["name"]: types.of(each["schema"], title) for each in given},
                required=tuple(each["name"] for each in given if each.get("required")),
                # An object of one member is a parameter of its own.
                body=types.of(body, f"{title}Body") if body and name != "downloadImage" else "",
                result="bool" if result == "Literal[True]" else result,
            )
    return found


def types_text(types: Types) -> str:
    """Return the module of types."""
    body = "".join(types.texts[name] for name in sorted(types.texts))
    return (
        '"""Types of the internal API, from the platform\'s official document.\n\n'
        "Made by tests/client/generate.py; names and shapes only. Identifiers are 24 hex digits,\n"
        'times RFC 3339, durations texts as in "1h30m", sizes bytes.\n"""\n\n'
        "from __future__ import annotations\n\n"
        "from typing import Any, Literal, NotRequired, TypedDict\n\n\n" + body
    )


def formatted(text: str) -> str:
    """Return the text as ruff formats it."""
    words = [sys.executable, "-m", "ruff"]
    done = subprocess.run(
        [*words, "format", "-", "--stdin-filename", str(TYPES)],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def generated(document: dict[str, Any]) -> tuple[str, dict[str, Shape]]:
    """Return the module of types, and the shapes of all operations in its words."""
    whole = mended(document)
    types = Types(whole)
    found = shapes(whole, types)
    assert set(found) == set(METHODS) == set(OPERATIONS), "the document has other operations"
    return formatted(types_text(types)), found


if __name__ == "__main__":
    _text, _ = generated(json.loads(Path(sys.argv[1]).read_text()))
    TYPES.write_text(_text)
