"""Write cycle_exec/client/types.py and cycle_exec/client/methods.py.

    python -m tests.client.generate PATH/OF/internal-api.openapi.json

Types are names and shapes of the platform's official document, its known faults mended; methods
come from the table below, once for the synchronous client and once for the asynchronous one.
"""

from __future__ import annotations

import json
import keyword
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from cycle_exec.sources.operations import OPERATIONS
from tests.support.spec import mended

HERE = Path(__file__).parent.parent.parent / "cycle_exec" / "client"
_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


class Method(NamedTuple):
    """A method of both clients: its name, and what its documentation says."""

    name: str
    about: str
    body: str = ""


METHODS = {
    "getEnvironment": Method("environment", "Return the environment of this instance."),
    "getEnvironmentContainers": Method(
        "environment_containers", "Return the containers of this environment."
    ),
    "getEnvironmentInstances": Method(
        "environment_instances", "Return the instances of this environment."
    ),
    "getEnvironmentIPs": Method(
        "environment_ips", "Return the public IP addresses of this environment."
    ),
    "getEnvironmentServices": Method(
        "environment_services",
        "Return the services of this environment by name: discovery, vpn, loadbalancer, ...",
    ),
    "getEnvironmentVirtualMachines": Method(
        "environment_virtual_machines", "Return the virtual machines of this environment."
    ),
    "getEnvironmentScopedVariables": Method(
        "scoped_variables",
        "Return the scoped variables that this container may read, by identifier.\n\n"
        "A value whose URL source failed is an empty string.",
    ),
    "getHub": Method("hub", "Return the public part of the hub of this environment."),
    "getHubIntegration": Method(
        "integration", "Return an integration, by identifier, by vendor, or by both; one is needed."
    ),
    "getServer": Method("server", "Return the server that this instance runs on."),
    "getServerInstances": Method("server_instances", "Return the instances on this server."),
    "getServerInstancesTelemetry": Method(
        "server_telemetry", "Return what each instance on this server uses. Sizes are bytes."
    ),
    "getServerContainers": Method("server_containers", "Return the containers on this server."),
    "getServerImages": Method("server_images", "Return the images that this server holds."),
    "getContainer": Method("container", "Return a container, by default this one."),
    "getContainerInstances": Method(
        "container_instances", "Return a container's instances, by default those of this one."
    ),
    "getContainerCertificates": Method(
        "certificates",
        "Return a container's TLS certificates with their keys, by default those of this one.\n\n"
        "Bundle and key are PEM, or base64 of PEM.",
    ),
    "getContainerDomains": Method(
        "domains", "Return the domains that lead to a container, by default this one."
    ),
    "getNetworks": Method(
        "networks", "Return the SDN networks that this environment is attached to."
    ),
    "getNetworkInstances": Method("network_instances", "Return the instances in these networks."),
    "getNetworkEnvironments": Method(
        "network_environments", "Return the environments in these networks."
    ),
    "getVirtualMachine": Method("virtual_machine", "Return a virtual machine."),
    "getVirtualMachineDomains": Method(
        "virtual_machine_domains", "Return the domains that lead to a virtual machine."
    ),
    "getVirtualMachineGateways": Method(
        "virtual_machine_gateways", "Return the gateways before a virtual machine."
    ),
    "getObjectCache": Method(
        "object_cache_get", "Return an object of the cache; raise NotFound where it does not exist."
    ),
    "submitLoadBalancerTelemetry": Method(
        "submit_load_balancer_telemetry", "Hand in snapshots, by controller.", "snapshots"
    ),
    "downloadImage": Method(
        "download_image", "Have this server fetch an image; return the images it holds.", "image_id"
    ),
    "poweroffServer": Method(
        "power_off_server", "Turn this server off. The container needs power_management."
    ),
    "rebootServer": Method(
        "reboot_server", "Restart this server. The container needs power_management."
    ),
    "createInstanceJob": Method("create_instance_task", "Start or stop an instance.", "task"),
    "postMetric": Method("post_metrics", "Report metrics.", "metrics"),
    "postEvent": Method("post_events", "Report events.", "events"),
    "validateVPNLogin": Method(
        "vpn_login", "Return whether a VPN user has this password.", "login"
    ),
    "postObjectCache": Method(
        "object_cache_put",
        'Put an object into the cache. `expires` is a duration such as "1h30m".',
        "save",
    ),
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
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name)
    return words.strip().capitalize()


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
            title = _title(METHODS[name].name)
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


def methods_text(found: dict[str, Shape]) -> str:
    """Return the module of methods, for both clients."""
    names = sorted({word for shape in found.values() for word in _words(shape)})
    lists = sorted(name for name, shape in found.items() if shape.result.startswith("list["))
    head = (
        '"""Every operation as a method, synchronous and asynchronous.\n\n'
        "Made by tests/client/generate.py from its table and the official document. The types are\n"
        "for type checkers: executing them takes longer than importing the rest of a client.\n"
        "`get_type_hints(Client.hub, localns=vars(cycle_exec.client.types))` resolves them.\n"
        '"""\n\n'
        "from __future__ import annotations\n\n"
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n"
        "    from typing import Any, Literal\n\n"
        f"    from cycle_exec.client.types import {', '.join(names)}\n\n"
        "# Whose answer is a list; null stands for an empty one.\n"
        f"LISTS = frozenset({tuple(lists)!r})\n\n\n"
    )
    return head + _class(found, "") + _class(found, "async ")


def _words(shape: Shape) -> set[str]:
    text = " ".join([*shape.query.values(), shape.body, shape.result])
    plain = "".join(letter if letter.isalnum() else " " for letter in text).split()
    known = {"Literal", "Any", "None", "True"}
    return {word for word in plain if word[0].isupper() and word not in known}


def _class(found: dict[str, Shape], mark: str) -> str:
    kind = "Asynchronous" if mark else "Synchronous"
    call = "await self._call" if mark else "self._call"
    parts = [
        f"class {'Async' if mark else ''}Methods:\n"
        f'    """{kind} methods; what carries them out is the client\'s.\n\n'
        "    Each raises ApiError or one of its kinds (client.errors). Times are RFC 3339,\n"
        '    identifiers 24 hex digits, sizes bytes, durations texts as in "1h30m".\n    """\n\n'
        f"    {mark}def _call(\n"
        "        self, operation: str, query: dict[str, str | None], body: Any = None\n"
        "    ) -> Any:\n"
        "        raise NotImplementedError\n"
    ]
    for name, method in METHODS.items():
        shape, row = found[name], OPERATIONS[name]
        where = f"{row.method} {row.path}"
        about = method.about.replace("\n", "\n        ")
        parts.append(
            f"\n    {mark}def {method.name}({_parameters(shape, method)}) -> {shape.result}:\n"
            f'        """{about}\n\n        {where}\n        """\n'
            + _ending(f"{call}({_given(name, shape, method)})", shape.result)
        )
    return "".join(parts) + "\n\n"


def _ending(call: str, result: str) -> str:
    if result == "None":
        return f"        {call}\n"
    return f"        found: {result} = {call}\n        return found\n"


def _parameters(shape: Shape, method: Method) -> str:
    found = ["self"]
    if method.name == "vpn_login":
        return "self, username: str, password: str"
    if method.body:
        kind = "str" if method.body == "image_id" else shape.body
        found.append(f"{method.body}: {kind}")
    for key, kind in shape.query.items():
        name = key.replace("-", "_")
        optional = "" if key in shape.required else " | None = None"
        found.append(f"{name}: {kind}{optional}")
    return ", ".join(found)


def _given(name: str, shape: Shape, method: Method) -> str:
    query = ", ".join(f'"{key}": {key.replace("-", "_")}' for key in shape.query)
    words = [repr(name), f"{{{query}}}"]
    if method.name == "vpn_login":
        words.append("(username, password)")
    elif method.body == "image_id":
        words.append('{"image_id": image_id}')
    elif method.body:
        words.append(method.body)
    return ", ".join(words)


def formatted(text: str) -> str:
    """Return the text as ruff formats it."""
    words = [sys.executable, "-m", "ruff"]
    done = subprocess.run(
        [*words, "format", "-", "--stdin-filename", str(HERE / "x.py")],
        input=text,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def generated(document: dict[str, Any]) -> dict[str, str]:
    """Return both modules, by the names of their files."""
    whole = mended(document)
    types = Types(whole)
    found = shapes(whole, types)
    assert set(found) == set(METHODS) == set(OPERATIONS), "the document has other operations"
    return {
        "types.py": formatted(types_text(types)),
        "methods.py": formatted(methods_text(found)),
    }


if __name__ == "__main__":
    for _name, _text in generated(json.loads(Path(sys.argv[1]).read_text())).items():
        (HERE / _name).write_text(_text)
