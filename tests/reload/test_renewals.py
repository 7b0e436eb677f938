"""Real servers under requests, while their certificate is renewed again and again."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
from pathlib import Path

import pytest

from tests.launching.reload.conftest import Reloading, reloading
from tests.support import nginx, ports
from tests.support.emulated import Emulated, emulated
from tests.support.hostile import CERTIFICATES
from tests.support.visitor import Visitor
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.lasting

HOST = "app.example.test"
RENEWALS = 50
NGINX = nginx.tls("served")
HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend all
    bind 127.0.0.1:{{ variables.PORT }} ssl crt @/certificates
    http-request return status 200 content-type text/plain string served
"""
MANIFEST = """
[certificates]
directory = "@/certificates"
layout = "{layout}"
on_change = "signal:{signal}"
[[templates]]
source = "@/config.j2"
target = "@/config"
"""


def state(port: int, serial: int) -> str:
    return (
        f'token = "t"\n[variables]\nPORT = "{port}"\n'
        f'[[certificates]]\ndomains = ["{HOST}"]\nserial = {serial}\n'
    )


def digest(certificate: bytes) -> str:
    return hashlib.sha256(certificate).hexdigest()


def platforms(platform: Emulated) -> str:
    """The certificate that the platform has now."""
    [one] = platform.ask(CERTIFICATES).json["data"]
    leaf = base64.b64decode(one["bundle"]).decode().partition("-----END")[0]
    return digest(ssl.PEM_cert_to_DER_cert(f"{leaf}-----END CERTIFICATE-----"))


def served(platform: Emulated, port: int) -> str:
    """The certificate that a client gets now, and trusts."""
    context = ssl.create_default_context(cafile=platform.ca)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=HOST) as talk,
    ):
        found = talk.getpeercert(binary_form=True)
        assert found
        return digest(found)


def renewed(platform: Emulated, run: Reloading, port: int) -> list[str]:
    """Renew it so often; return what was served, each the platform's own."""
    found = [platforms(platform)]
    for serial in range(2, RENEWALS + 2):
        platform.state.write_text(state(port, serial))
        assert f"certificate {HOST} #" in run.says("reloaded in")
        found.append(platforms(platform))
        assert until(lambda: served(platform, port) == found[-1])
    return found


def play(ground: Path, manifest: str, *command: str) -> None:
    """Renew under requests: all of them are answered, by one and the same process."""
    [port] = ports.free()
    with emulated(state(port, 1)) as platform:
        visitor = Visitor(platform.ca, HOST, port)
        with reloading(platform, ground, manifest, *command) as run:
            run.says("listening for notifications")
            assert until(lambda: ports.listens(port))
            before = run.children()
            visitor.start()
            try:
                assert until(lambda: visitor.answers)
                found = renewed(platform, run, port)
                seen = len(visitor.answers)
                assert until(lambda: len(visitor.answers) > seen)
            finally:
                visitor.end()
            assert visitor.failures == []
            assert {answer.strip() for answer in visitor.answers} == {"served"}
            assert len(set(found)) == RENEWALS + 1
            assert run.children() == before
            run.end()
        assert [line for line in run.said if "warning" in line or "failed" in line] == []


@pytest.mark.needs("nginx")
def test_nginx_serves_each_of_fifty_renewals(ground):
    """Its master gets HUP."""
    (ground / "config.j2").write_text(NGINX.replace("@", str(ground)))
    manifest = MANIFEST.format(layout="folders", signal="HUP")
    manifest += 'check = ["nginx", "-t", "-q", "-c", "{{ staged }}"]\n'
    play(ground, manifest, "nginx", "-c", f"{ground}/config", "-e", "stderr")


@pytest.mark.needs("haproxy")
def test_haproxy_serves_each_of_fifty_renewals(ground):
    """It loads the whole directory, and its master gets USR2."""
    (ground / "config.j2").write_text(HAPROXY.replace("@", str(ground)))
    manifest = MANIFEST.format(layout="flat", signal="USR2")
    play(ground, manifest, "haproxy", "-W", "-db", "-f", f"{ground}/config")
