"""The state file's JSON Schema (2020-12), for editors. What `scenario` accepts is what counts."""

from __future__ import annotations

from cycle_exec.settings import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    Schema = dict[str, object]

ID = "https://github.com/cycle-exec/cycle-exec/schemas/state.json"
_OFFICIAL = "Other fields are those of the platform's schema."


def schema() -> Schema:
    """Return the schema as plain data, ready for JSON."""
    fields: dict[str, Schema] = {
        "token": _text("The token that clients must have; without it, any token is accepted."),
        "variables": {
            "type": "object",
            "description": "Scoped variables.",
            "additionalProperties": {"oneOf": [{"type": "string"}, _VARIABLE]},
        },
        "integrations": _list(_INTEGRATION, "Integrations of the hub."),
        "certificates": _list(_CERTIFICATE, "Certificates, issued by the emulator or from files."),
        "vpn": {
            "type": "object",
            "description": "The VPN service.",
            "properties": {"users": _texts("Names of users, and their passwords.")},
            "additionalProperties": False,
        },
        "environment": _object(f"The environment. {_OFFICIAL}"),
        "container": _container(f"This instance's container. {_OFFICIAL}", required=False),
        "containers": _list(
            _container("A container.", required=True),
            "All containers; the first is this instance's, unless there is [container].",
        ),
        "server": _object(f"The server. {_OFFICIAL}"),
        "hub": _object(f"The hub. {_OFFICIAL}"),
        "networks": _list(
            _object(f"An SDN network. {_OFFICIAL}", {"identifier": _NAME}, ("identifier",)),
            "SDN networks that the environment is attached to.",
        ),
        "services": {
            "type": "object",
            "description": "Services of the environment, by name: loadbalancer, discovery, ...",
            "additionalProperties": {"type": "object"},
        },
        "virtual_machines": _list(
            _object(
                f"A virtual machine. {_OFFICIAL}",
                {"identifier": _NAME, "domains": _DOMAINS},
                ("identifier",),
            ),
            "Virtual machines of the environment.",
        ),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "cycle-exec emulator state",
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
    }


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _texts(description: str) -> Schema:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": {"type": "string"},
    }


def _list(item: Schema, description: str) -> Schema:
    return {"type": "array", "description": description, "items": item}


def _object(
    description: str, fields: dict[str, Schema] | None = None, required: tuple[str, ...] = ()
) -> Schema:
    """Return a table; fields that are not named here may be there."""
    found: Schema = {"type": "object", "description": description}
    if fields:
        found["properties"] = fields
    if required:
        found["required"] = list(required)
    return found


_NAME: Schema = {"type": "string", "minLength": 1}
_DOMAINS: Schema = {
    "type": "array",
    "description": "Names that point at it.",
    "items": {"type": "string", "minLength": 1},
}
_VARIABLE: Schema = {
    "type": "object",
    "properties": {
        "value": {"type": "string"},
        "url": _text("Where the platform would get the value; the emulator serves nothing."),
        "duration": {
            "type": "string",
            "description": "How long after the start it is served.",
            "pattern": duration.PATTERN,
        },
    },
    "oneOf": [{"required": ["value"]}, {"required": ["url"]}],
    "additionalProperties": False,
}
_INTEGRATION: Schema = {
    **_object(
        f"An integration. {_OFFICIAL}",
        {
            "identifier": {"type": "string"},
            "vendor": {"type": "string"},
            "name": {"type": "string"},
            "auth": _texts("Its credentials."),
            "extra": _texts("Its other fields."),
        },
    ),
    "anyOf": [
        {"required": ["identifier"], "properties": {"identifier": _NAME}},
        {"required": ["vendor"], "properties": {"vendor": _NAME}},
    ],
}
_CERTIFICATE: Schema = {
    **_object(
        f"A certificate. {_OFFICIAL}",
        {
            "domains": {
                "type": "array",
                "description": "Host names that it is for.",
                "items": {"type": "string", "pattern": "^[!-~]{1,253}$"},
            },
            "bundle": {**_NAME, "description": "PEM, or the name of a file of it."},
            "private_key": {**_NAME, "description": "PEM, or the name of a file of it."},
            "days": {
                "type": "integer",
                "description": "Days until it expires; a negative number: expired.",
                "minimum": -3000,
                "maximum": 3000,
                "default": 60,
            },
            "key": {"type": "string", "enum": ["ec", "rsa"], "default": "ec"},
            "encoding": {
                "type": "string",
                "description": "How the API sends it.",
                "enum": ["base64", "pem"],
                "default": "base64",
            },
            "container": _text("Identifier of the container that it belongs to."),
            "serial": {
                "type": "integer",
                "description": "Another number: it is issued again.",
                "default": 0,
            },
        },
    ),
    "dependentRequired": {"bundle": ["private_key"], "private_key": ["bundle"]},
    "anyOf": [
        {"required": ["domains"], "properties": {"domains": {"minItems": 1}}},
        {"required": ["bundle"]},
    ],
}


def _container(description: str, *, required: bool) -> Schema:
    return _object(
        description,
        {
            "identifier": _NAME,
            "instances": {
                "type": "integer",
                "description": "The number of its instances.",
                "minimum": 0,
                "maximum": 10_000,
                "default": 1,
            },
            "ready": {
                "type": "boolean",
                "description": "What is said of the readiness of its instances.",
            },
            "domains": _DOMAINS,
        },
        ("identifier",) if required else (),
    )
