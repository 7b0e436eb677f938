"""builtin:haproxy/haproxy.cfg.j2 with real HAProxy: many certificates, a container's instances."""

from __future__ import annotations

import subprocess
from base64 import b64encode

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.templates.filters import quoting
from tests.reload import test_renewals as renewals
from tests.support import ports
from tests.support.waiting import until
from tests.templates import headers, web
from tests.templates.serving import (
    HOST,
    TRICKY,
    as_root,
    named,
    place,
    served,
    state,
)

pytestmark = [as_root, pytest.mark.needs("haproxy", "openssl")]


NAME = "haproxy/haproxy.cfg.j2"
SECOND = "second.example.test"
CONTAINERS = """
[[containers]]
identifier = "api"
instances = 2
[[containers]]
identifier = "other"
"""


def login(password: str, user: str = "admin") -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def test_every_certificate_by_name_and_every_instance():
    """TLS is verified, the page of statistics knows its password, and only that one."""
    https, http, stats = ports.free(3)
    with place() as folder, web.service("api") as upstream:
        variables = {
            "HAPROXY_CONTAINER": "api",
            "HAPROXY_PORT": str(upstream.port),
            "HAPROXY_HTTPS_PORT": str(https),
            "HAPROXY_HTTP_PORT": str(http),
            "HAPROXY_STATS_PORT": str(stats),
            "HAPROXY_STATS_PASSWORD": TRICKY,
        }
        text = state(variables, HOST, SECOND, more=CONTAINERS)
        before = named(folder, "api-0", "api-1")
        with served(folder, NAME, text, https, before=before) as server:
            for host in (HOST, SECOND):
                answer = web.get(https, host, "/page", server.tls)
                assert (answer.status, answer.body) == (200, "api /page https\n")
                assert answer.names == (host,)
            moved = web.get(http, HOST, "/page")
            assert (moved.status, moved.headers["location"]) == (301, f"https://{HOST}/page")
            assert web.get(stats, HOST, "/", server.tls, login("wrong")).status == 401
            page = web.get(stats, HOST, "/;csv", server.tls, login(TRICKY))
            assert page.status == 200
            rows = [row.split(",")[:2] for row in page.body.splitlines()]
            assert [row[1] for row in rows if row[0] == "app"] == ["api-0", "api-1", "BACKEND"]
            assert TRICKY not in server.log
            assert web.modern_alone(https)
            target = folder / "run/haproxy/haproxy.cfg"
            assert target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", ["-W", "-Ws"])
def test_a_renewed_certificate_is_served_by_the_same_master(mode):
    """In reload mode, with the manifest of the header: it gets USR2."""
    https, http = ports.free(2)
    variables = {
        "HAPROXY_CONTAINER": "api",
        "HAPROXY_HTTPS_PORT": str(https),
        "HAPROXY_HTTP_PORT": str(http),
    }
    with place() as folder:
        manifest = headers.manifest(NAME, folder)
        assert manifest.count('on_change = "signal:USR2"') == 2
        manifest += '\n[process]\nreload = true\nreload_debounce = "20ms"\nreload_splay = "1ms"\n'
        words = [mode if word == "-W" else word for word in headers.command(NAME, folder)]
        before = named(folder, "api-0", "api-1")
        text = state(variables, HOST, more=CONTAINERS)
        with served(
            folder, NAME, text, https, words=words, before=before, manifest=manifest
        ) as server:
            first = renewals.platforms(server.platform)
            assert renewals.served(server.platform, https) == first
            pair = f'domains = ["{HOST}"]'
            server.platform.state.write_text(text.replace(pair, f"{pair}\nserial = 2"))
            assert until(lambda: renewals.platforms(server.platform) != first)
            second = renewals.platforms(server.platform)
            assert until(lambda: renewals.served(server.platform, https) == second)
            assert server.process.poll() is None
            assert "restart" not in server.log.partition("ready in")[2]


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"), min_size=1, max_size=60
)


@settings(max_examples=3, deadline=None, phases=[Phase.generate])
@given(st.lists(TEXT, min_size=20, max_size=60))
def test_any_text_is_one_word(texts):
    """HAProxy takes the password that quote_haproxy wrote, and no other."""
    [port] = ports.free()
    users = "".join(
        f"    user u{at} insecure-password {quoting.quote_haproxy(text)}\n"
        for at, text in enumerate(texts)
    )
    with place() as folder:
        text = f"userlist known\n{users}" + CONSOLE.format(port=port)
        (folder / "haproxy.cfg").write_bytes(text.encode())
        words = ["/usr/sbin/haproxy", "-db", "-q", "-f", str(folder / "haproxy.cfg")]
        with subprocess.Popen(words, stderr=subprocess.DEVNULL) as server:
            try:
                assert until(lambda: ports.listens(port))
                for at, password in enumerate(texts):
                    assert web.get(port, HOST, "/", None, login(password, f"u{at}")).status == 204
                assert web.get(port, HOST, "/", None, login(texts[0] + "x", "u0")).status == 401
            finally:
                server.terminate()


CONSOLE = """
defaults
    mode http
    timeout client 5s
frontend all
    bind 127.0.0.1:{port}
    http-request auth unless {{ http_auth(known) }}
    http-request return status 204
"""
