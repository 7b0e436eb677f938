"""`.ci/audit`: what it says and how it ends, whatever an advisory service answers."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.packaging.conftest import HOME, alone
from tests.packaging.test_locks import NAMES

pytestmark = pytest.mark.timeout(600)
ADVISORY = {
    "vulns": [
        {
            "id": "PYSEC-2000-1",
            "summary": "a hole",
            "affected": [
                {
                    "package": {"name": "any", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
                }
            ],
        }
    ]
}


@contextmanager
def advisories(holes: Callable[[str, str], bool]) -> Iterator[str]:
    """A service with OSV's interface; holes tells whether a name and version has one."""

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = holes(asked["package"]["name"], asked["version"])
            body = json.dumps(ADVISORY if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def audit(url: str) -> tuple[int, str]:
    """Exit code and words of an audit that can ask this service only."""
    environ = {**os.environ, "ADVISORIES": "osv", "OSV_URL": url}
    with alone():
        done = subprocess.run(
            [HOME / ".ci" / "audit"], env=environ, capture_output=True, text=True, check=False
        )
    return done.returncode, done.stdout + done.stderr


def is_canary(name: str, version: str) -> bool:
    return (name, version) == ("jinja2", "2.4.1")


def test_no_hole_is_known():
    """Every lock is looked up, and the audit passes."""
    asked: set[str] = set()

    def holes(name: str, version: str) -> bool:
        asked.add(name)
        return is_canary(name, version)

    with advisories(holes) as url:
        code, words = audit(url)
    assert code == 0, words
    assert "NOT DONE" not in words
    for name in NAMES:
        assert f".ci/requirements/{name}.txt" in words
    assert {"httpx", "pytest", "hatchling", "pip-audit", "cyclonedx-python-lib"} <= asked


def test_a_hole_fails():
    """One vulnerable package in one lock is enough."""
    with advisories(lambda name, version: is_canary(name, version) or name == "click") as url:
        code, words = audit(url)
    assert code == 1
    assert "PYSEC-2000-1" in words


def test_a_service_without_advisories_is_none():
    """Answers that know of no hole at all, not even of the oldest, are no audit."""
    with advisories(lambda *_: False) as url:
        code, words = audit(url)
    assert code == 0
    assert "NOT DONE" in words


def test_a_service_that_cannot_be_reached():
    """It does not fail, and it does not pass silently."""
    code, words = audit("http://127.0.0.1:1/v1/query")
    assert code == 0
    assert "NOT DONE" in words
    assert "Traceback" not in words
