"""Requests over verified TLS, and a service behind the proxies."""

from __future__ import annotations

import http.client
import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from tests.support.waiting import PATIENCE
from tests.templates.serving import HOST


class Answer(NamedTuple):
    """What came: status, headers in lower case, body, and the certificate's names."""

    status: int
    headers: Mapping[str, str]
    body: str
    names: tuple[str, ...]


def get(
    port: int,
    host: str,
    path: str = "/",
    tls: ssl.SSLContext | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """One request to this machine under the host's name. Raises OSError."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.connect()
    names: tuple[str, ...] = ()
    if tls is not None:
        talk = tls.wrap_socket(connection.sock, server_hostname=host)
        connection.sock = talk
        certificate = talk.getpeercert()
        assert certificate
        pairs: tuple[tuple[str, str], ...] = certificate["subjectAltName"]  # type: ignore[assignment]
        names = tuple(name for _, name in pairs)
    try:
        connection.request("GET", path, headers={"Host": host, **(headers or {})})
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read().decode(), names)
    finally:
        connection.close()


class _Service(http.server.BaseHTTPRequestHandler):
    """Says its name, the path, and how the request came."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, _Server)
        server.seen.append(dict(self.headers))
        proto = self.headers.get("X-Forwarded-Proto", "")
        body = f"{server.word} {self.path} {proto}\n".encode() if server.word else b"up_to 1\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class _Server(http.server.ThreadingHTTPServer):
    word = ""
    seen: list[dict[str, str]]


class Service(NamedTuple):
    """Where it listens, and the headers that came."""

    port: int
    seen: list[dict[str, str]]


@contextmanager
def service(word: str) -> Iterator[Service]:
    """A service that answers with this word; without one, with a metric."""
    with _Server(("127.0.0.1", 0), _Service) as server:
        server.word, server.seen = word, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield Service(server.server_address[1], server.seen)
        finally:
            server.shutdown()
            thread.join()


def speaks(port: int, version: str, *more: str) -> bool:
    """Whether a client that knows this version of TLS alone comes in: "tls1_1", "tls1_2"."""
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", f"-{version}", *more]
    words += ["-cipher", "ALL:@SECLEVEL=0", "-servername", HOST]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
    )
    return done.returncode == 0


def modern_alone(port: int, *more: str) -> bool:
    """Whether TLS 1.2 is good enough, and TLS 1.1 is not. more: words for openssl s_client."""
    return speaks(port, "tls1_2", *more) and not speaks(port, "tls1_1", *more)
