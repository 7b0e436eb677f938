"""examples/gunicorn and examples/node: the same app in two languages, asked over HTTP."""

from __future__ import annotations

import hmac
import os
import urllib.error
import urllib.request

import pytest

from tests.support import ports
from tests.support.image import EXAMPLES, Image
from tests.support.waiting import PATIENCE

# gunicorn runs in the tests' own Python, which may lie where only root goes.
EXPECTED = {"gunicorn": ("CYCLE_EXEC_USER",), "node": ()}
STATE = """
[variables]
DATABASE_URL = "postgres://app:s3cret@elsewhere.internal/customers"
SECRET_KEY = "k\\u00e9y 'of' $the test"
PORT = "1"
"""
KEY = "k\u00e9y 'of' $the test".encode()


@pytest.fixture(params=EXPECTED)
def image(request):
    """Each of them."""
    with Image(EXAMPLES / request.param, *EXPECTED[request.param]) as found:
        yield found


def get(port: int, path: str) -> tuple[int, str, str]:
    """Status, signature and body."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
            return answer.status, answer.headers["X-Signature"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["X-Signature"], error.read().decode()


def test_it_serves_what_the_platform_says_and_ends_on_term(image):
    """The variables' values arrive, the health check knows up from down, TERM ends it with 0."""
    [port] = ports.free()
    with image.running(STATE, PORT=str(port)) as container:
        assert container.serves(port), container.log
        for path, status, body in (
            ("/", 200, "data in customers on elsewhere.internal\n"),
            ("/health", 200, "healthy\n"),
            ("/none", 404, "not found\n"),
        ):
            signature = hmac.new(KEY, body.encode(), "sha256").hexdigest()
            assert get(port, path) == (status, signature, body)
        health = image.run(*image.dockerfile.health, PORT=str(port))
        assert health.returncode == 0, health.stderr
        assert container.stop() == 0, container.log
        for secret in ("s3cret", "of' $the test"):
            assert secret not in container.log
    assert image.run(*image.dockerfile.health, PORT=str(port)).returncode == 1


def test_it_runs_as_nobody_and_gets_its_own_variables_alone(image):
    """Ids and environment of the process that serves."""
    [port] = ports.free()
    with image.running(PORT=str(port)) as container:
        assert container.serves(port), container.log
        app = _listener(container.process.pid, image.dockerfile.words("CMD")[0])
        with open(f"/proc/{app}/environ") as file:
            environ = dict(pair.split("=", 1) for pair in file.read().split("\0")[:-1])
        with open(f"/proc/{app}/status") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        assert container.stop() == 0
    assert environ["SECRET_KEY"] == "not for production"
    assert environ["PORT"] == str(port)
    assert not {"ADMIN_PASSWORD", "CYCLE_API_TOKEN"} & environ.keys()
    assert status["NoNewPrivs"] == "1"
    if "CYCLE_EXEC_USER" in image.environ:
        assert status["Uid"].split() == ["65534"] * 4


@pytest.mark.parametrize("missing", ["DATABASE_URL", "SECRET_KEY"])
def test_it_is_not_started_without_its_variables(image, missing):
    """One refusal that names what is missing, and no stack trace of an app."""
    state = STATE.replace(missing, "OTHER")
    with image.running(state, PORT=str(ports.free()[0])) as container:
        assert container.process.wait(PATIENCE) == 65
        assert f"variable {missing}" in container.log
        assert "(variable-missing)" in container.log


def _listener(dev: int, name: str) -> int:
    """The child of dev that the command became."""
    with open(f"/proc/{dev}/task/{dev}/children") as file:
        children = file.read().split()
    for child in children:
        with open(f"/proc/{child}/cmdline") as file:
            words = file.read().split("\0")
        if any(os.path.basename(word) == name for word in words[:2]):
            return int(child)
    raise AssertionError(f"{name} is not among {children}")
