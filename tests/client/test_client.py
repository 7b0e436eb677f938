"""The public client, synchronous and asynchronous, against a platform that behaves and one that
does not."""

from __future__ import annotations

import asyncio
import base64
import inspect
import json
import os
import socket
import subprocess
import sys
import threading
import time
import typing
from pathlib import Path
from typing import NamedTuple

import pytest

import cycle_exec
from cycle_exec import (
    ApiError,
    AsyncClient,
    Client,
    NotAuthorized,
    NotFound,
    ProtocolError,
    RateLimited,
    Unavailable,
    types,
)
from cycle_exec.client import transport
from cycle_exec.client.methods import AsyncMethods, Methods
from cycle_exec.sources.operations import OPERATIONS
from tests.client.generate import METHODS
from tests.support.emulated import emulated, start
from tests.support.hostile import (
    ANY,
    CANARY,
    after,
    data,
    drop,
    error,
    garbage,
    hang,
    hostile,
    reply,
)

GIVEN = {
    "container_id": "c" * 24,
    "virtual_machine_id": "d" * 24,
    "identifier": "a b&c",
    "vendor": "aws",
    "scope": "global",
    "key": "k/é",
    "snapshots": {"lb": {"x": 1}},
    "image_id": "e" * 24,
    "task": {"action": "container.instance.start"},
    "metrics": [{"x": 1}],
    "events": [{"x": 1}],
    "save": {"scope": "global", "key": "k", "value": "v", "expires": "1h"},
    "username": "alice",
    "password": "pw:é",
}


@pytest.fixture
def api():
    with hostile() as platform:
        yield platform


def blocking(api, name, *words, **options):
    with Client(api.socket, api.token, **options) as client:
        return getattr(client, name)(*words)


def awaited(api, name, *words, **options):
    async def run():
        async with AsyncClient(api.socket, api.token, **options) as client:
            return await getattr(client, name)(*words)

    return asyncio.run(run())


both = pytest.mark.parametrize("call", [blocking, awaited])


@both
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_a_method(api, call, operation):
    """With its method, path, parameters and body."""
    row, name = OPERATIONS[operation], METHODS[operation]
    api.on(row.path, data(True))
    parameters = [word for word in inspect.signature(getattr(Methods, name)).parameters][1:]
    call(api, name, *(GIVEN[word] for word in parameters))
    [asked] = api.requests
    assert (asked.method, asked.path) == (row.method, row.path)
    assert asked.headers["x-cycle-token"] == api.token
    from urllib.parse import parse_qs

    query = parse_qs(asked.target.partition("?")[2])
    assert query == {word: [GIVEN[word.replace("-", "_")]] for word in row.query}
    if operation == "validateVPNLogin":
        login = asked.headers["authorization"].removeprefix("Basic ")
        assert base64.b64decode(login).decode() == "alice:pw:é"
    elif operation == "downloadImage":
        assert json.loads(asked.body) == {"image_id": GIVEN["image_id"]}
    elif row.method == "POST" and parameters:
        assert json.loads(asked.body) == GIVEN[parameters[0]]
    else:
        assert asked.body == b""


def test_both_clients_have_the_same_methods():
    """Names, parameters, annotations; one of them awaits."""
    for name in METHODS.values():
        here, there = getattr(Methods, name), getattr(AsyncMethods, name)
        assert inspect.signature(here) == inspect.signature(there)
        assert here.__doc__ == there.__doc__
        assert inspect.iscoroutinefunction(there)


@both
def test_the_odd_answers(api, call):
    """{} for a task, null for the cache, 403 with false for a login, null for a list."""
    api.on("/v1/conductor/tasks", reply(200, {}))
    assert call(api, "create_instance_task", GIVEN["task"]) is None
    api.on("/v1/object-cache", data(None))
    assert call(api, "object_cache_put", GIVEN["save"]) is None
    api.on("/v1/vpn/login", reply(403, {"data": False}))
    assert call(api, "vpn_login", "alice", "x") is False
    api.on("/v1/vpn/login", data(True))
    assert call(api, "vpn_login", "alice", "x") is True
    api.on("/v1/containers/certificates", data(None))
    assert call(api, "certificates") == []
    api.on("/v1/environment/scoped-variables", data(None))
    assert call(api, "scoped_variables") == {}
    api.on("/v1/container", data({"id": "x", "of a later platform": 1}, more=2))
    assert call(api, "container") == {"id": "x", "of a later platform": 1}


@both
@pytest.mark.parametrize(
    ("answer", "kind", "status", "code"),
    [
        (error(401), NotAuthorized, 401, "401.hostile"),
        (error(403, "403.permissions"), NotAuthorized, 403, "403.permissions"),
        (error(404, "404.container"), NotFound, 404, "404.container"),
        (error(422), ApiError, 422, "422.hostile"),
        (error(429), RateLimited, 429, "429.hostile"),
        (error(500), Unavailable, 500, "500.hostile"),
        (reply(404, {"error": {"code": 5}}), NotFound, 404, ""),
        (reply(404, b"<html>"), NotFound, 404, ""),
        (reply(200, {"data": 1, "error": {"status": 404, "title": "t"}}), NotFound, 404, ""),
        (reply(200, b"{"), ProtocolError, 200, ""),
        (reply(200, []), ProtocolError, 200, ""),
        (reply(200, {}), ProtocolError, 200, ""),
        (reply(302, b"", {"Location": "/v1/hub"}), ApiError, 302, ""),
        (drop, Unavailable, 0, ""),
        (hang, Unavailable, 0, ""),
        (garbage(), Unavailable, 0, ""),
        (reply(200, b"no gzip", {"Content-Encoding": "gzip"}), ProtocolError, 0, ""),
    ],
)
def test_errors_are_a_small_tree(api, call, answer, kind, status, code):
    """By the status; the platform's own words are there, the token is not."""
    api.on("/v1/container", answer)
    with pytest.raises(ApiError) as raised:
        call(api, "container", timeout=1, deadline=1.5)
    assert isinstance(raised.value, kind)
    assert (raised.value.status, raised.value.code) == (status, code)
    assert api.token not in str(raised.value) + repr(raised.value)
    if code.endswith("hostile"):
        assert raised.value.title == f"{CANARY} title"
        assert code in str(raised.value)


@both
def test_what_reads_is_tried_again(api, call):
    """429, 5xx, and answers that never came; Retry-After is honoured."""
    api.on("/v1/hub", [error(503), drop, error(429, headers={"Retry-After": "1"}), data({"a": 1})])
    began = time.monotonic()
    assert call(api, "hub") == {"a": 1}
    assert len(api.requests) == 4
    assert 1.0 <= time.monotonic() - began < 5.0
    api.on("/v1/vpn/login", [error(503), data(True)])
    assert call(api, "vpn_login", "a", "b") is True


@both
def test_an_answer_says_more_than_the_end_of_the_time(api, call):
    """The platform has said why, and then nothing before the deadline."""
    api.on("/v1/hub", [error(503, "503.not-ready"), hang])
    with pytest.raises(Unavailable) as raised:
        call(api, "hub", deadline=0.5)
    assert (raised.value.status, raised.value.code) == (503, "503.not-ready")
    assert len(api.requests) == 2


@both
def test_what_writes_is_not(api, call):
    """It may have been done."""
    api.on("/v1/server/power/reboot", [error(503), data(True)])
    with pytest.raises(Unavailable):
        call(api, "reboot_server")
    assert len(api.requests) == 1


@both
def test_a_wait_beyond_the_deadline_is_not_waited(api, call):
    """The error says how long it would be."""
    api.on("/v1/hub", error(429, headers={"Retry-After": "60"}))
    began = time.monotonic()
    with pytest.raises(RateLimited) as raised:
        call(api, "hub", deadline=2.0)
    assert raised.value.retry_after == 60
    assert time.monotonic() - began < 1.5


@both
def test_a_socket_that_never_was_there_is_not_waited_for(api, call, tmp_path):
    """Path and cause are said at once, as for one that this user may not use."""
    path, calls = tmp_path / "none", Silent(tmp_path / "none")
    with pytest.raises(Unavailable) as raised:
        call(calls, "hub", deadline=3600.0)
    assert str(raised.value) == f"{path}: there is no socket"
    with pytest.raises(Unavailable, match=r"x: there is no directory /.*/api.sock$"):
        call(Silent(f"{api.socket}/x"), "hub", deadline=3600.0)
    with pytest.raises(Unavailable, match="path of the socket is invalid"):
        call(Silent("/" + "x" * 200), "hub", deadline=3600.0)
    path.touch()
    with pytest.raises(Unavailable, match="none: nothing is listening on the socket"):
        call(calls, "hub", deadline=0.3)


class Silent(NamedTuple):
    """Where nobody answers."""

    socket: object
    token: str = "t"


def test_a_socket_that_is_gone_for_a_while_is_waited_for(api):
    """The platform makes it anew when it is started again."""
    api.on("/v1/hub", data({"name": "h"}))
    away = f"{api.socket}.away"
    with Client(Path(api.socket), api.token, headers={"Connection": "close"}) as client:
        assert client.raw("GET", "/v1/hub")[0] == 200
        os.rename(api.socket, away)
        threading.Timer(0.3, os.rename, (away, api.socket)).start()
        assert client.raw("GET", "/v1/hub")[0] == 200


@both
def test_without_a_token_nothing_is_asked(api, call, monkeypatch):
    """The message names the flag that keeps it."""
    monkeypatch.delenv("CYCLE_API_TOKEN", raising=False)
    api.token = None
    with pytest.raises(NotAuthorized, match=r"CYCLE_API_TOKEN is not set.*--keep-token"):
        call(api, "hub")
    monkeypatch.setenv("CYCLE_API_TOKEN", "")
    with pytest.raises(NotAuthorized, match="there is no token"):
        call(api, "hub")
    assert api.requests == []


def test_one_pool_of_connections(api):
    """Calls that follow each other share one; those at once do not wait for each other."""
    api.on(ANY, after(0.3, data({})))
    with Client(api.socket, api.token) as client:
        began = time.monotonic()
        threads = [threading.Thread(target=client.hub) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - began < 1.2
    assert len(api.requests) == 5


@both
def test_logins_and_bodies_that_cannot_be_sent(api, call):
    """Refused before anything is asked."""
    with pytest.raises(ValueError, match="colon"):
        call(api, "vpn_login", "a:b", "c")
    with pytest.raises(ValueError, match="JSON"):
        call(api, "post_metrics", [{"values": [float("nan")]}])
    with pytest.raises(TypeError):
        call(api, "post_metrics", {object()})
    assert api.requests == []


def test_who_asks_comes_from_the_environment(api, monkeypatch):
    """Of no proxy, and the token is never shown."""
    monkeypatch.setenv("CYCLE_EXEC_SOCKET", api.socket)
    monkeypatch.setenv("CYCLE_API_TOKEN", api.token)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    api.on("/v1/hub", data({}))
    with Client() as client:
        client.hub()
        assert api.token not in repr(client)
        assert api.socket in repr(client)
    assert api.requests[0].headers["x-cycle-token"] == api.token
    with pytest.raises(ValueError, match="HTTP header") as raised:
        Client(token="t0ken\n")
    assert "t0ken" not in str(raised.value)


def _loaded(text):
    code = f"import sys; {text}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd="/"
    )
    return set(done.stdout.split())


def test_importing_the_package_is_free():
    """Until a client is touched; and no client makes a TLS context."""
    free = _loaded("import cycle_exec; cycle_exec.__version__")
    assert not {"httpx", "cycle_exec.client", "typing", "json"} & free - _loaded("pass")
    touched = _loaded("from cycle_exec import Client")
    assert "httpx" in touched
    code = (
        "import ssl\n"
        "def refuse(*_, **__): raise SystemExit('a TLS context')\n"
        "ssl.create_default_context = ssl.SSLContext = refuse\n"
        "import cycle_exec\n"
        "cycle_exec.Client('/s', 't').close()\n"
        "print('none')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.stdout == "none\n", done.stderr


def test_importing_a_client_executes_no_types():
    """They would take most of the time; nor is httpcore imported that httpx has not imported."""
    loaded = _loaded("from cycle_exec import AsyncClient, Client") - _loaded("import httpx")
    assert not {"cycle_exec.types", "httpcore", "anyio"} & loaded
    assert "httpcore" in _loaded("from cycle_exec import Client; Client('/s', 't').close()")


@pytest.mark.parametrize("methods", [Methods, AsyncMethods])
def test_the_types_of_methods_can_be_resolved(methods):
    """With the names of cycle_exec.types, as the documentation says."""
    for name in METHODS.values():
        hints = typing.get_type_hints(getattr(methods, name), localns=vars(types))
        assert set(hints) == {*inspect.signature(getattr(methods, name)).parameters} - {"self"} | {
            "return"
        }
    assert typing.get_type_hints(methods.environment, localns=vars(types)) == {
        "return": types.Environment
    }


_FAILING = """
import asyncio, gc, sys
from cycle_exec import AsyncClient, Client, Unavailable

def blocking(path):
    with Client(path, "t", timeout=0.2, deadline=0.3) as client:
        client.hub()

async def awaited(path):
    async with AsyncClient(path, "t", timeout=0.2, deadline=0.3) as client:
        await client.hub()

none, deaf, full = sys.argv[1:]
for call, path in [
    (blocking, none), (blocking, deaf), (blocking, full),
    (lambda path: asyncio.run(awaited(path)), none),
    (lambda path: asyncio.run(awaited(path)), deaf),
    (lambda path: asyncio.run(awaited(path)), full),
]:
    try:
        call(path)
    except Unavailable as error:
        print(error)
    gc.collect()
"""


def test_a_socket_that_cannot_connect_is_closed(tmp_path):
    """Nothing is left to the garbage collector: no file, nobody listening, a full queue."""
    none, deaf, full = (str(tmp_path / name) for name in ("none", "deaf", "full"))
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(deaf)
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as waiting:
        listening.bind(full)
        listening.listen(0)
        waiting.connect(full)
        done = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", "-c", _FAILING, none, deaf, full],
            env={**os.environ, "PYTHONTRACEMALLOC": "5"},
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )
    assert done.stderr == ""
    slow = "the server does not accept connections fast enough: the queue of its socket is full"
    expected = [
        f"{none}: there is no socket",
        f"{deaf}: nothing is listening on the socket",
        f"{full}: {slow}",
    ]
    assert done.stdout.splitlines() == expected * 2


class Queue(NamedTuple):
    """A socket that listens with room for one connection, which is taken."""

    socket: str
    listening: socket.socket
    token: str = "t"


@pytest.fixture
def queue(tmp_path):
    """A full one."""
    path = str(tmp_path / "queue")
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as waiting:
        listening.bind(path)
        listening.listen(0)
        waiting.connect(path)
        yield Queue(path, listening)


@both
def test_a_full_queue_is_waited_for_without_haste(queue, call, monkeypatch):
    """Until the time of one try is over, with a pause between two looks."""
    made = []

    def counted(*args):
        made.append(socket.socket(*args))
        return made[-1]

    monkeypatch.setattr(transport, "socket", counted)
    with pytest.raises(Unavailable, match="queue of its socket is full"):
        call(queue, "reboot_server", timeout=0.2)
    assert 1 < len(made) < 15
    assert all(each.fileno() < 0 for each in made)


@both
def test_room_in_a_full_queue_is_taken(queue, call):
    """Also by what is never retried, since nothing has been sent yet."""

    def serve():
        time.sleep(0.1)
        queue.listening.accept()[0].close()
        with queue.listening.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"data": true}')

    server = threading.Thread(target=serve)
    server.start()
    assert call(queue, "reboot_server") is True
    server.join()


def _serve_one_request_each(listening, connections, ended):
    body = b'{"data": true}'
    for _ in range(connections):
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n" + body)
        ended.release()


def test_a_connection_that_has_ended_is_not_used_again(tmp_path):
    """What writes is not retried, so it must not be sent on a connection that was closed."""
    path, ended = str(tmp_path / "api.sock"), threading.Semaphore(0)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        serving = threading.Thread(target=_serve_one_request_each, args=(listening, 3, ended))
        serving.start()
        with Client(path, "t", timeout=5) as client:
            for _ in range(3):
                assert client.reboot_server() is True
                assert ended.acquire(timeout=5)
        serving.join()


def test_names_that_are_not_there():
    """As of any module; those that are can be listed."""
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        _ = cycle_exec.Nope
    for name in cycle_exec.__all__:
        assert getattr(cycle_exec, name).__name__ == name
    assert {*cycle_exec.__all__, "__version__", "types"} <= set(dir(cycle_exec))
    assert cycle_exec.types.Environment is types.Environment


STATE = 'token = "dev-token"\n[variables]\nA = "1"\n'


def test_notifications_over_more_than_one_connection():
    """The first of each connection says so; the prefix chooses; a lost one is made again."""
    with emulated(STATE) as platform, Client(platform.socket, platform.token) as client:
        stream = client.notifications("environment.scoped-variable")
        assert next(stream).connected
        platform.state.write_text(STATE + 'B = "2"\n')
        found = next(stream)
        assert found.topic.startswith("environment.scoped-variable")
        assert not found.connected
        assert found.message["topic"] == found.topic
        platform.stop()
        again = start(platform.socket, platform.log, state=str(platform.state))
        try:
            assert next(stream).connected
        finally:
            stream.close()
            again.terminate()
            again.wait()


def test_notifications_on_asyncio():
    """The same, awaited."""

    async def follow(platform):
        async with AsyncClient(platform.socket, platform.token) as client:
            stream = client.notifications()
            assert (await anext(stream)).connected
            platform.state.write_text(STATE + 'B = "2"\n')
            found = await anext(stream)
            await stream.aclose()
            return found

    with emulated(STATE) as platform:
        found = asyncio.run(follow(platform))
    assert found.topic.startswith("environment.scoped-variable")


def test_a_token_that_is_refused_ends_the_stream():
    """Again and again would not help."""

    async def follow(platform):
        async with AsyncClient(platform.socket, "wrong") as client:
            await anext(client.notifications())

    with emulated(STATE) as platform:
        with Client(platform.socket, "wrong") as client, pytest.raises(NotAuthorized):
            next(client.notifications())
        with pytest.raises(NotAuthorized):
            asyncio.run(follow(platform))
