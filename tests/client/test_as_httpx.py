"""The clients take what httpx's clients take, and what watches or replaces httpx sees them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import httpx
import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cycle_exec import AsyncClient, Client, NotFound, ProtocolError, Unavailable
from tests.client.test_client import both
from tests.support.hostile import ANY, data, hang, hostile

HUB = "http://localhost/v1/hub"


@pytest.fixture
def api():
    with hostile() as platform:
        yield platform


class Nowhere:
    """For what must not need a socket."""

    socket = "/nonexistent/api.sock"
    token = "t"


@both
def test_pytest_httpx_answers(call, httpx_mock):
    """With no socket at all."""
    httpx_mock.add_response(url=HUB, json={"data": {"name": "mine"}})
    assert call(Nowhere, "hub") == {"name": "mine"}
    assert httpx_mock.get_requests()[0].headers["X-CYCLE-TOKEN"] == "t"
    httpx_mock.add_exception(httpx.ReadTimeout("late"))
    with pytest.raises(Unavailable, match="no complete response in time"):
        call(Nowhere, "reboot_server")


@pytest.mark.parametrize("using", ["httpcore", "httpx"])
@both
def test_respx_answers(call, using):
    """By either of its ways."""
    import respx

    with respx.mock(using=using) as mocked:
        mocked.get(HUB).mock(return_value=httpx.Response(200, json={"data": {"name": "mine"}}))
        mocked.get("http://localhost/v1/server").mock(return_value=httpx.Response(404, json={}))
        assert call(Nowhere, "hub") == {"name": "mine"}
        with pytest.raises(NotFound):
            call(Nowhere, "server")
        assert mocked.calls.call_count == 2


@both
def test_opentelemetry_makes_a_span(api, call):
    """Of each request that goes through the real socket."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    api.on("/v1/hub", data({}))
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    try:
        call(api, "hub")
    finally:
        HTTPXClientInstrumentor().uninstrument()
    [span] = exporter.get_finished_spans()
    assert HUB in (span.attributes or {}).values()


@both
def test_a_transport_of_ones_own_needs_neither_socket_nor_token(call, monkeypatch):
    """As httpx's MockTransport; what it raises is told as of a socket, without a path."""
    monkeypatch.delenv("CYCLE_API_TOKEN", raising=False)
    seen = []

    def handle(request):
        seen.append(request)
        if request.url.path == "/v1/server":
            raise httpx.ConnectError("no")
        return httpx.Response(200, json={"data": {"name": "mine"}})

    class Unnamed:
        socket = token = None

    assert call(Unnamed, "hub", transport=httpx.MockTransport(handle)) == {"name": "mine"}
    assert "X-CYCLE-TOKEN" not in seen[0].headers
    with pytest.raises(Unavailable) as raised:
        call(Unnamed, "server", transport=httpx.MockTransport(handle), deadline=0.1)
    assert str(raised.value) == "nothing is listening on the socket"


def test_hooks_and_headers(api):
    """Hooks see each attempt; the token cannot be replaced by a header, the agent can."""
    seen = []
    api.on("/v1/hub", data({}))
    hooks = {"request": [lambda request: seen.append(request.url.path)]}
    headers = {"User-Agent": "mine/1", "X-CYCLE-TOKEN": "other", "X-Trace": "7"}
    with Client(api.socket, api.token, event_hooks=hooks, headers=headers) as client:
        client.hub()
    assert seen == ["/v1/hub"]
    sent = api.requests[0].headers
    assert (sent["user-agent"], sent["x-trace"]) == ("mine/1", "7")
    assert sent["x-cycle-token"] == api.token


def test_hooks_of_asyncio(api):
    """They are awaited."""
    seen = []

    async def hook(response):
        seen.append(response.status_code)

    async def run():
        async with AsyncClient(api.socket, api.token, event_hooks={"response": [hook]}) as client:
            await client.hub()

    api.on("/v1/hub", data({}))
    asyncio.run(run())
    assert seen == [200]


@both
@pytest.mark.parametrize("timeout", [httpx.Timeout(5.0, read=0.1), 0.1])
def test_a_timeout_of_httpx(api, call, timeout):
    """Its parts are obeyed, and none outlasts the deadline."""
    api.on(ANY, hang)
    with pytest.raises(Unavailable, match="no complete response in time"):
        call(api, "reboot_server", timeout=timeout)
    with pytest.raises(Unavailable):
        call(api, "reboot_server", timeout=None, deadline=0.2)


@pytest.mark.parametrize(("limits", "most"), [(None, 100), (httpx.Limits(max_connections=2), 2)])
def test_as_many_connections_as_httpx_has(api, limits, most):
    """A hundred unless the limits say otherwise: one more call waits for one of them."""
    entered, leave = threading.Semaphore(0), threading.Event()

    def hold(_):
        entered.release()
        leave.wait(60)

    api.on("/v1/hub", data({}))
    options = {"limits": limits, "event_hooks": {"response": [hold]}, "timeout": 60.0}
    with Client(api.socket, api.token, **options) as client:
        threads = [threading.Thread(target=client.hub) for _ in range(most + 1)]
        for thread in threads:
            thread.start()
        assert all(entered.acquire(timeout=60) for _ in range(most))
        assert not entered.acquire(timeout=0.3)
        leave.set()
        for thread in threads:
            thread.join()
    assert len(api.requests) == most + 1


@both
def test_an_answer_without_gzip_is_a_protocol_error(call, httpx_mock):
    """Also where a library makes the answer."""
    httpx_mock.add_exception(httpx.DecodingError("no gzip"))
    with pytest.raises(ProtocolError):
        call(Nowhere, "hub")


def test_no_tls_context_is_made():
    """Not even by httpx's own transports, which the clients are."""
    code = (
        "import ssl\n"
        "def refuse(*_, **__): raise SystemExit('a TLS context')\n"
        "ssl.create_default_context = ssl.SSLContext = refuse\n"
        "import asyncio, cycle_exec\n"
        "cycle_exec.Client('/s', 't').close()\n"
        "asyncio.run(cycle_exec.AsyncClient('/s', 't').close())\n"
        "print('none')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.stdout == "none\n", done.stderr
