"""builtin:prometheus/* with real Prometheus: a target for each instance, TLS for its API."""

from __future__ import annotations

import json
import time
from base64 import b64encode

import pytest

from tests.support import ports
from tests.support.waiting import PATIENCE
from tests.templates import headers, web
from tests.templates.serving import (
    HOST,
    TRICKY,
    Served,
    as_root,
    named,
    place,
    served,
    state,
)

pytestmark = [as_root, pytest.mark.needs("prometheus")]


NAME = "prometheus/prometheus.yml.j2"
# Prometheus takes blanks away at both ends; the template refuses those.
PASSWORD = TRICKY.strip()
CONTAINERS = """
[[containers]]
identifier = "api"
instances = 2
[[containers]]
identifier = "db"
[[containers]]
identifier = "unnamed"
"""


def targets(server: Served, port: int) -> dict[str, tuple[str, str]]:
    """Job and health of each target, by its address, as soon as all are known."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = web.get(port, HOST, "/api/v1/targets?state=active", server.tls)
        # It listens before it is ready.
        rows = json.loads(answer.body)["data"]["activeTargets"] if answer.status == 200 else []
        found = {
            row["labels"]["instance"]: (row["labels"]["container"], row["health"]) for row in rows
        }
        settled = found and all(health != "unknown" for _, health in found.values())
        if settled or time.monotonic() > end:
            return found
        time.sleep(0.05)


def test_every_instance_of_the_named_containers_is_asked():
    """With the password of the variable; what it says is there for clients of the API."""
    [port] = ports.free()
    with place() as folder, web.service("") as target:
        variables = {
            "PROMETHEUS_JOBS": f"api:{target.port}, db:{target.port}",
            "PROMETHEUS_INTERVAL": "1s",
            "PROMETHEUS_PASSWORD": PASSWORD,
        }
        words = [
            word.replace(":9090", f"127.0.0.1:{port}") for word in headers.command(NAME, folder)
        ]
        text = state(variables, HOST, more=CONTAINERS)
        before = named(folder, "api-0", "api-1", "db-0")
        with served(folder, NAME, text, port, words=words, before=before) as server:
            expected = {
                f"api-0:{target.port}": ("api", "up"),
                f"api-1:{target.port}": ("api", "up"),
                f"db-0:{target.port}": ("db", "up"),
            }
            assert targets(server, port) == expected, server.log
            login = b64encode(f"metrics:{PASSWORD}".encode()).decode()
            assert {seen["Authorization"] for seen in target.seen} == {f"Basic {login}"}
            assert web.modern_alone(port)
            assert PASSWORD not in server.log
            config = folder / "run/prometheus/prometheus.yml"
            assert config.stat().st_mode & 0o777 == 0o600
