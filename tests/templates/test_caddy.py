"""builtin:caddy/Caddyfile.j2 with real Caddy: our certificates, and none of its own."""

from __future__ import annotations

import pytest

from tests.support import ports
from tests.templates import web
from tests.templates.serving import HOST, place, served, state

NAME = "caddy/Caddyfile.j2"
SECOND = "second.example.test"
WILD = "*.wild.example.test"


@pytest.mark.needs("caddy")
def test_each_host_has_its_certificate():
    """TLS verified against the emulator's authority; http is sent to https."""
    https, http = ports.free(2)
    with place() as folder, web.service("web") as upstream:
        variables = {
            "UPSTREAM_URL": f"http://127.0.0.1:{upstream.port}",
            "CADDY_HTTPS_PORT": str(https),
            "CADDY_HTTP_PORT": str(http),
            "CADDY_STORAGE": str(folder / "storage"),
        }
        with served(folder, NAME, state(variables, HOST, SECOND, WILD), https) as server:
            for host in (HOST, SECOND):
                answer = web.get(https, host, "/page", server.tls)
                assert (answer.status, answer.body) == (200, "web /page https\n")
                assert answer.names == (host,)
            answer = web.get(https, "any.wild.example.test", "/page", server.tls)
            assert (answer.status, answer.names) == (200, (WILD,))
            moved = web.get(http, HOST, "/page?x=1")
            location = f"https://{HOST}:{https}/page?x=1"
            assert (moved.status, moved.headers["location"]) == (301, location)
            assert web.modern_alone(https)
