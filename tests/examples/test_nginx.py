"""examples/nginx-tls with real nginx: a certificate is renewed while clients come and go."""

from __future__ import annotations

import http.server
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.support import ports
from tests.support.image import EXAMPLES, Container, Image
from tests.support.visitor import Visitor
from tests.support.waiting import PATIENCE, until

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="nginx gives its workers another user"),
    pytest.mark.needs("nginx"),
]

HOST = "www.example.test"


class Upstream(http.server.ThreadingHTTPServer):
    """The app behind: it says by which way it was asked, while it is free."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.begun = threading.Event()
        self.free = threading.Event()
        self.free.set()


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Upstream)
        self.server.begun.set()
        assert self.server.free.wait(PATIENCE)
        body = f"{self.headers['X-Forwarded-Proto']} for {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """It serves."""
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def served(upstream: Upstream) -> Iterator[tuple[Container, int, int]]:
    """The example with free ports, https and http, once it serves."""
    https, plain = ports.free(2)
    state = (EXAMPLES / "nginx-tls" / "state.toml").read_text()
    for old, new in (("8443", https), ("8080", plain), ("8000", upstream.server_address[1])):
        assert old in state
        state = state.replace(old, str(new))
    with (
        Image(EXAMPLES / "nginx-tls") as image,
        image.running(state, CYCLE_EXEC_LOG_LEVEL="info") as container,
    ):
        # Before that it is `nginx -t` that listens, for a moment.
        container.says("ready in")
        assert container.serves(https), container.log
        yield container, https, plain


def test_a_renewed_certificate_is_served_without_a_failed_request(upstream):
    """TLS is verified against the emulator's CA before and after; no request fails in between."""
    with served(upstream) as (container, https, _):
        container.says("listening for notifications")
        visitor = Visitor(container.ca, HOST, https)
        visitor.start()
        try:
            assert until(lambda: visitor.certificates)
            state = container.state.read_text()
            assert "serial = 1" in state
            container.state.write_text(state.replace("serial = 1", "serial = 2"))
            container.says(f"certificate {HOST} #")
            assert until(lambda: len(set(visitor.certificates)) == 2)
            renewed = len(visitor.answers)
            assert until(lambda: len(visitor.answers) > renewed + 5)
        finally:
            visitor.end()
        assert visitor.failures == []
        assert len(list(dict.fromkeys(visitor.certificates))) == 2
        assert set(visitor.answers) == {f"https for {HOST}"}
        key = container.image.path(f"/etc/cycle/certificates/{HOST}/privkey.pem")
        assert key.stat().st_mode & 0o777 == 0o600
        assert container.stop() == 0, container.log


def test_whoever_comes_without_tls_is_sent_to_it(upstream):
    """The redirect, as a client sees it."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    with served(upstream) as (container, https, plain):
        request = urllib.request.Request(f"http://127.0.0.1:{plain}/x?y", headers={"Host": HOST})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.build_opener(Stay).open(request, timeout=PATIENCE)
        with caught.value as answer:
            assert (answer.code, answer.headers["Location"]) == (301, f"https://{HOST}:{https}/x?y")
        assert container.stop() == 0, container.log


def test_an_open_request_is_answered_before_the_end(upstream):
    """The platform's TERM becomes nginx's QUIT: what has begun is brought to its end."""
    with served(upstream) as (container, https, _):
        visitor = Visitor(container.ca, HOST, https)
        upstream.free.clear()
        upstream.begun.clear()
        with ThreadPoolExecutor(1) as pool:
            try:
                visit = pool.submit(visitor.visit)
                assert upstream.begun.wait(PATIENCE)
                container.process.terminate()
                assert until(lambda: not ports.listens(https))
                assert not visit.done()
            finally:
                upstream.free.set()
            assert visit.result(PATIENCE)[1] == f"https for {HOST}"
        assert container.process.wait(PATIENCE) == 0, container.log
