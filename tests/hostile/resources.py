"""What templates ask for: resources that are away, and those that only look as if needed."""

from __future__ import annotations

from typing import Any

from tests.hostile.model import FETCHED, PLAIN, SHORT, Refuses, Scenario, Starts
from tests.support.hostile import (
    CANARY,
    CONTAINER_INSTANCES,
    DOMAINS,
    ENVIRONMENT,
    HUB,
    INSTANCES,
    NETWORKS,
    SERVER,
    VARIABLES,
    Behaviour,
    data,
    drop,
    error,
    hang,
    reply,
)

TEMPLATE_OF = {
    HUB: "{{ hub.id }}",
    SERVER: "{{ server.id }}",
    ENVIRONMENT: "{{ environment.id }}",
    DOMAINS: "{{ domains }}",
    INSTANCES: "{{ instances }}",
    NETWORKS: "{{ networks }}",
    CONTAINER_INSTANCES: "{{ instance.id }}",
}
NAMES = {
    HUB: "hub",
    SERVER: "server",
    ENVIRONMENT: "environment",
    DOMAINS: "domains",
    INSTANCES: "instances",
    NETWORKS: "networks",
    CONTAINER_INSTANCES: "instance",
}


def _refused(
    name: str, path: str, behaviour: Behaviour, reason: str, kind: str, code: int = 65, **more: Any
) -> Scenario:
    """The template uses it, so the launch needs it."""
    problem = f"~/page.j2: {NAMES[path]} (GET {path}): {reason} ({kind})"
    return Scenario(
        f"resource: {name}",
        Refuses(code, (problem,)),
        on={path: behaviour},
        template=TEMPLATE_OF[path],
        asked={VARIABLES: 1, path: more.pop("asked", 1)},
        **more,
    )


def _renders(name: str, template: str, page: str, *paths: str, **more: Any) -> Scenario:
    return Scenario(
        f"resource: {name}",
        Starts(FETCHED, {"page.html": page.encode()}),
        template=template,
        asked={VARIABLES: 1, **dict.fromkeys(paths, 1)},
        **more,
    )


def _undefined(name: str, template: str, reason: str, kind: str = "template-undefined") -> Scenario:
    problem = f"~/page.j2:1: {reason} ({kind})"
    return Scenario(f"template: {name}", Refuses(65, (problem,)), template=template)


RESOURCES = (
    _refused("absent", HUB, error(404), "the API answered 404 (404.hostile)", "answer-refused"),
    _refused("denied", HUB, error(403), "the API answered 403 (403.hostile)", "denied", 77),
    _refused("a list", SERVER, data([]), "data is not an object", "answer-malformed"),
    _refused("null", SERVER, data(None), "data is not an object", "answer-malformed"),
    _refused(
        "empty",
        ENVIRONMENT,
        reply(200),
        "the response is not valid JSON: it is empty",
        "answer-malformed",
    ),
    _refused("an object", INSTANCES, data({}), "data is not a list", "answer-malformed"),
    _refused("numbers", NETWORKS, data([1, 2]), "an item is not an object", "answer-malformed"),
    _refused(
        "domains of numbers", DOMAINS, data([7]), "a domain is not an object", "answer-malformed"
    ),
    _refused(
        "a domain without a name",
        DOMAINS,
        data([{"id": CANARY}]),
        "fqdn is missing or not a string",
        "answer-malformed",
    ),
    _refused(
        "instances without ours",
        CONTAINER_INSTANCES,
        data([{"id": "i2", "hostname": "other"}]),
        "this instance is not in the container's list (see CYCLE_INSTANCE_ID)",
        "answer-malformed",
        environ={"HOSTNAME": "app-1"},
    ),
    _refused(
        "dropped without end",
        HUB,
        drop,
        "<cut><tries>, the deadline has passed",
        "unavailable",
        69,
        asked=range(1, 40),
        options=("--deadline", SHORT),
    ),
    _refused(
        "silent",
        SERVER,
        hang,
        "no complete response in time, the deadline has passed",
        "unavailable",
        69,
        options=("--deadline", SHORT),
    ),
    _renders("all is well", "{{ hub.id }} {{ server.hostname }}", "h1 server-1", HUB, SERVER),
    _renders(
        "our instance",
        "{{ instance.id }}",
        "i1",
        CONTAINER_INSTANCES,
        environ={"HOSTNAME": "app-1"},
    ),
    _renders(
        "lists that are null",
        "{{ instances }}{{ domains }}",
        "[][]",
        INSTANCES,
        DOMAINS,
        on={INSTANCES: data(None), DOMAINS: data(None)},
    ),
    _renders(
        "one that is absent and only mentioned",
        "{% set hub = 7 %}{{ hub }}",
        "7",
        HUB,
        on={HUB: error(404)},
    ),
    _renders(
        "one that is silent and only mentioned",
        "{% set hub = 7 %}{{ hub }}",
        "7",
        HUB,
        on={HUB: hang},
    ),
    _renders(
        "template syntax in one",
        "{{ hub.name }}",
        "{{ variables.PLAIN }}",
        HUB,
        world={"documents": {HUB: {"name": "{{ variables.PLAIN }}"}}},
    ),
    _renders(
        "a member named as a method",
        "{{ hub.items }} {{ hub.get }}",
        "1 2",
        HUB,
        world={"documents": {HUB: {"items": 1, "get": 2}}},
    ),
)

TEMPLATES = (
    _undefined(
        "a name that is not there",
        "{{ variables.PLAIM }}",
        "PLAIM is not defined, did you mean PLAIN",
    ),
    _undefined("a value as a name", "{{ {}[variables.PLAIN] }}", "a computed name is not defined"),
    _undefined(
        "a value as an attribute",
        "{{ variables[variables.PLAIN] }}",
        "a computed name is not defined",
    ),
    _undefined(
        "a value as a filter",
        "{{ [1] | map(variables.PLAIN) | list }}",
        "a filter or a test that does not exist is named",
        "template-failed",
    ),
    _undefined(
        "a value as a number",
        "{{ variables.PLAIN | from_json }}",
        "from_json: the value is not JSON",
        "template-failed",
    ),
    _undefined(
        "a value as base64",
        "{{ variables.PLAIN | b64decode }}",
        "b64decode: the value is not base64",
        "template-failed",
    ),
    _undefined(
        "a way out of the sandbox",
        "{{ ''.__class__.__mro__ }}",
        "the sandbox forbids this access",
        "template-failed",
    ),
    _undefined(
        "an enormous text",
        "{{ variables.PLAIN | center(10**9) }}",
        "its results would take too much memory",
        "template-failed",
    ),
    _undefined(
        "an enormous text that is constant",
        "{{ 'x' | center(500000000) }}",
        "its results would take too much memory",
        "template-failed",
    ),
    Scenario(
        "template: a value beside an error",
        Refuses(65, ("~/page.j2:2: division by zero (template-failed)",)),
        template=f"{{{{ variables.PLAIN }}}} {PLAIN}\n{{{{ 1 // 0 }}}}\n",
    ),
)

SCENARIOS = (*RESOURCES, *TEMPLATES)
