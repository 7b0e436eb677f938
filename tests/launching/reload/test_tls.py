"""TLS with the platform's certificate: renewed under way, and nobody notices."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.launching.reload.conftest import reloading
from tests.support import nginx, ports
from tests.support.emulated import emulated
from tests.support.visitor import Visitor
from tests.support.waiting import until

HOST = "app.example.test"
CONFIG = nginx.tls('"{{ variables.WORDS }}"')
MANIFEST = """
[variables]
exclude = ["WORDS"]
[certificates]
directory = "@/certificates"
on_change = "signal:HUP"
[[templates]]
source = "@/nginx.conf.j2"
target = "@/nginx.conf"
check = ["nginx", "-t", "-q", "-c", "{{ staged }}"]
on_change = "signal:HUP"
"""


def state(port: int, serial: int, words: str = "first") -> str:
    return f"""
token = "t"
[variables]
PORT = "{port}"
WORDS = "{words}"
[[certificates]]
domains = ["{HOST}"]
serial = {serial}
"""


def pid(ground: Path) -> str:
    """The number of nginx's master."""
    return (ground / "nginx.pid").read_text()


@pytest.mark.needs("nginx")
def test_a_renewed_certificate_is_served_without_a_failed_request(ground: Path):
    """The key pair changes in the platform, nginx serves it after its HUP; then its config."""
    [port] = ports.free()
    (ground / "nginx.conf.j2").write_text(CONFIG.replace("@", str(ground)))
    command = ("nginx", "-c", f"{ground}/nginx.conf", "-e", "stderr")
    with emulated(state(port, 1)) as platform:
        visitor = Visitor(platform.ca, HOST, port)
        with reloading(platform, ground, MANIFEST, *command) as run:
            run.says("listening for notifications")
            assert until(lambda: ports.listens(port))
            # It listens before it writes that.
            assert until(lambda: (ground / "nginx.pid").exists() and pid(ground))
            master = pid(ground)
            visitor.start()
            try:
                assert until(lambda: visitor.certificates)
                first = visitor.certificates[0]
                platform.state.write_text(state(port, 2))
                line = run.says("reloaded in")
                assert f"certificate {HOST} #" in line
                assert until(lambda: visitor.certificates[-1] != first)
                second = visitor.certificates[-1]
                platform.state.write_text(state(port, 2, "second"))
                assert until(lambda: visitor.answers[-1] == "second")
                seen = len(visitor.answers)
                assert until(lambda: len(visitor.answers) > seen + 5)
            finally:
                visitor.end()
            assert visitor.failures == []
            assert list(dict.fromkeys(visitor.certificates)) == [first, second]
            assert pid(ground) == master
            key = ground / "certificates" / HOST / "privkey.pem"
            assert os.stat(key).st_mode & 0o777 == 0o600
            assert run.end() == 0


@pytest.mark.needs("nginx")
def test_a_config_that_nginx_refuses_is_never_swapped_in(ground: Path):
    """nginx -t says no: one warning, the old config, and requests go on."""
    [port] = ports.free()
    (ground / "nginx.conf.j2").write_text(CONFIG.replace("@", str(ground)))
    command = ("nginx", "-c", f"{ground}/nginx.conf", "-e", "stderr")
    with emulated(state(port, 1)) as platform:
        visitor = Visitor(platform.ca, HOST, port)
        with reloading(platform, ground, MANIFEST, *command) as run:
            run.says("listening for notifications")
            assert until(lambda: ports.listens(port))
            before = (ground / "nginx.conf").read_bytes()
            platform.state.write_text(state(port, 1, '\\"; nonsense'))
            line = run.says("reload failed")
            assert "nginx exited with code 1 (check-failed)" in line
            assert (ground / "nginx.conf").read_bytes() == before
            assert visitor.visit()[1] == "first"
            assert run.end() == 0


# An app that reads its certificate once, as many do.
SERVER = """
import signal, socket, ssl, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1] + "/fullchain.pem", sys.argv[1] + "/privkey.pem")
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])), reuse_port=True)
while True:
    client, _ = listener.accept()
    try:
        with context.wrap_socket(client, server_side=True) as talk:
            talk.recv(4096)
            talk.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\nserved")
    except OSError:
        client.close()
"""


def test_an_app_that_reads_its_certificate_once_is_restarted(ground: Path):
    """on_change = "restart": the renewed certificate is served by a new process."""
    [port] = ports.free()
    manifest = '[certificates]\ndirectory = "@/certificates"\non_change = "restart"\n'
    app = (sys.executable, "-I", "-c", SERVER, f"{ground}/certificates/{HOST}", str(port))
    with emulated(state(port, 1)) as platform:
        visitor = Visitor(platform.ca, HOST, port)
        with reloading(platform, ground, manifest, *app) as run:
            run.says("listening for notifications")
            assert until(lambda: ports.listens(port))
            first, answer = visitor.visit()
            assert answer == "served"
            platform.state.write_text(state(port, 2))
            assert run.says("reloaded in").endswith("; restart")

            def renewed() -> bool:
                try:
                    return visitor.visit()[0] != first
                except OSError:
                    return False

            assert until(renewed)
            assert run.end() == 0
