"""builtin:nginx/tls.conf.j2 with real nginx: TLS by name in front of two services."""

from __future__ import annotations

import ssl
import subprocess

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from cycle_exec.planning.templates.filters import quoting
from tests.support import nginx, ports
from tests.support.waiting import until
from tests.templates import web
from tests.templates.serving import (
    HOST,
    as_root,
    named,
    place,
    served,
    state,
)

pytestmark = [as_root, pytest.mark.needs("nginx", "openssl")]


NAME = "nginx/tls.conf.j2"
SECOND = "second.example.test"


def test_each_host_has_its_certificate_and_each_path_its_service():
    """TLS verified against the emulator's authority, the old one is turned away."""
    https, http = ports.free(2)
    with place() as folder, web.service("web") as upstream, web.service("api") as other:
        variables = {
            "UPSTREAM_URL": f"http://web:{upstream.port}",
            "NGINX_ROUTES": f"/api/ http://api:{other.port}/v1/, /plain http://api:{other.port}",
            "NGINX_HTTPS_PORT": str(https),
            "NGINX_HTTP_PORT": str(http),
            "NGINX_PID": f"{folder}/nginx.pid",
        }
        (folder / "etc/nginx").mkdir(parents=True)
        text = state(variables, HOST, SECOND)
        with served(folder, NAME, text, https, before=named(folder, "web", "api")) as server:
            for host in (HOST, SECOND):
                answer = web.get(https, host, "/page?x=1", server.tls)
                assert (answer.status, answer.body) == (200, "web /page?x=1 https\n")
                assert answer.names == (host,)
            assert upstream.seen[0]["Host"] == HOST
            assert web.get(https, HOST, "/api/a", server.tls).body == "api /v1/a https\n"
            assert web.get(https, HOST, "/plain/b", server.tls).body == "api /plain/b https\n"
            moved = web.get(http, HOST, "/page?x=1")
            location = f"https://{HOST}:{https}/page?x=1"
            assert (moved.status, moved.headers["location"]) == (301, location)
            assert web.modern_alone(https)
            with pytest.raises(ssl.SSLCertVerificationError):
                web.get(https, "other.example.test", "/", server.tls)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0$"), max_size=60)
CONFIG = """
daemon off;
error_log stderr emerg;
pid @/nginx.pid;
events { worker_connections 64; }
http {
BELOW
    server {
        listen 127.0.0.1:PORT;
LOCATIONS
    }
}
"""


@settings(max_examples=3, deadline=None, phases=[Phase.generate])
@given(st.lists(TEXT, min_size=20, max_size=60))
def test_any_text_is_one_parameter(texts):
    """nginx sends back what quote_nginx wrote."""
    [port] = ports.free()
    locations = "\n".join(
        f"location = /{at} {{ return 200 {quoting.quote_nginx(text)}; }}"
        for at, text in enumerate(texts)
    )
    with place() as folder:
        config = (
            CONFIG.replace("BELOW", nginx.BELOW)
            .replace("@", str(folder))
            .replace("PORT", str(port))
        )
        (folder / "nginx.conf").write_bytes(config.replace("LOCATIONS", locations).encode())
        words = ["/usr/sbin/nginx", "-c", str(folder / "nginx.conf"), "-e", "stderr"]
        with subprocess.Popen(words) as server:
            try:
                assert until(lambda: ports.listens(port))
                for at, text in enumerate(texts):
                    assert web.get(port, HOST, f"/{at}").body == text
            finally:
                server.terminate()
