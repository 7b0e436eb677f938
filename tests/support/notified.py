"""Clients of /v1/notifications, and the official document's judgement of what they hear."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import jsonschema
import pytest
from websockets.sync.client import ClientConnection, unix_connect

from tests.support import spec
from tests.support.waiting import PATIENCE

PATH = "/v1/notifications"
_NAME = "internal-api.asyncapi.json"
# The document lists twelve topics. The platform's TypeScript client knows these as well, and has
# `sdn.network.new` for the document's `sdn.network.created`.
CLIENTS_TOPICS = (
    "container.new",
    "dns.certificate.new",
    "dns.certificate.state.changed",
    "environment.scoped-variable.new",
    "environment.scoped-variable.state.changed",
    "environment.scoped-variable.updated",
    "environment.services.vpn.users.updated",
    "environment.state.changed",
    "environment.updated",
    "hub.integration.new",
    "hub.integration.state.changed",
    "hub.integration.updated",
    "hub.state.changed",
    "hub.updated",
    "infrastructure.server.reconfigured",
    "infrastructure.server.state.changed",
    "sdn.network.state.changed",
)


@contextmanager
def connected(socket: str, token: str = "any-token") -> Iterator[ClientConnection]:
    """A client that listens."""
    with unix_connect(
        socket,
        f"ws://unix{PATH}",
        additional_headers={"x-cycle-token": token},
        open_timeout=PATIENCE,
        close_timeout=PATIENCE,
    ) as client:
        yield client


def heard(client: ClientConnection, number: int) -> list[dict[str, Any]]:
    """The next notifications."""
    messages = [client.recv(timeout=PATIENCE) for _ in range(number)]
    assert all(isinstance(message, str) for message in messages)
    return [json.loads(message) for message in messages]


def topics(client: ClientConnection, number: int) -> list[str]:
    """The topics of the next notifications."""
    return [str(notification["topic"]) for notification in heard(client, number)]


def faults_of(notification: object) -> list[str]:
    """What is wrong with a notification, by the document; empty for a good one."""
    validator = _validator(str(os.environ.get("CYCLE_SPEC_DIR", "")))
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(notification)]


@cache
def _validator(_folder: str) -> jsonschema.Draft202012Validator:
    openapi = spec.openapi_path()
    path = openapi.with_name(_NAME) if openapi else None
    if path is None or not path.is_file():
        pytest.skip(
            f"NOT CHECKED AGAINST THE OFFICIAL DOCUMENT: {_NAME} is not there, "
            "set CYCLE_SPEC_DIR to its folder"
        )
    schema = json.loads(path.read_text())["components"]["schemas"]["notification"]
    topic = schema["properties"]["topic"]
    assert not set(topic["enum"]) & set(CLIENTS_TOPICS), "the document has learned a topic"
    topic["enum"] += CLIENTS_TOPICS
    return jsonschema.Draft202012Validator(schema)
