"""A platform that misbehaves on demand: any answer, any fault, by request and attempt.

    with hostile(variables={"PLAIN": "x"}) as api:
        api.on(VARIABLES, [error(503), drop, data({"PLAIN": "y"})])
        ...                                     # let something ask at api.socket with api.token
        assert [asked.path for asked in api.requests] == [VARIABLES] * 3

What is not scripted is answered well, from `api.world`. A behaviour is

- bytes: sent as they are, then the connection ends. `reply`, `data`, `error`, `chunked` and their
  kin make such bytes, so cutting an answer short is `data({...})[:-1]`;
- a function of a Talk, which may send, pause and raise what it likes; `hang`, `drip(...)`,
  `endless(...)` and their kin are or make such functions;
- a list of behaviours: one for each attempt, the last one for all that follow.

`api.on_accept` scripts connections before their request is read: `deaf`, `reset`.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from select import POLLHUP, POLLIN, POLLOUT, POLLRDHUP, poll
from typing import Any, NamedTuple

from cryptography import x509

from tests.support import issued
from tests.support.waiting import PATIENCE

CANARY = "c4n4ry"
TOKEN = f"t0ken-{CANARY}"
ANY = "*"

VARIABLES = "/v1/environment/scoped-variables"
INTEGRATIONS = "/v1/hub/integrations"
CERTIFICATES = "/v1/containers/certificates"
DOMAINS = "/v1/containers/domains"
ENVIRONMENT = "/v1/environment"
CONTAINER = "/v1/container"
CONTAINERS = "/v1/environment/containers"
CONTAINER_INSTANCES = "/v1/container/instances"
INSTANCES = "/v1/environment/instances"
SERVICES = "/v1/environment/services"
SERVER = "/v1/server"
HUB = "/v1/hub"
NETWORKS = "/v1/sdn/networks"

_JSON = "application/json"


class Gone(Exception):
    """The client has left, or the server is closing: the behaviour ends here."""


class Asked(NamedTuple):
    """A request as it came. `at` is on the monotonic clock; attempts of one target count from 1."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: float
    attempt: int

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


# Messages: bytes


def reply(
    status: int = 200,
    body: object = b"",
    headers: Mapping[str, object] | Iterable[tuple[str, object]] = (),
    *,
    content_type: str | None = _JSON,
    framing: str | None = "length",
    version: str = "1.1",
) -> bytes:
    """A whole answer. body: bytes, or a value for JSON; framing None: it ends with the connection.

    The status line has no reason phrase worth reading, as HTTP/1.1 allows.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = headers.items() if isinstance(headers, Mapping) else headers
    lines = [f"HTTP/{version} {status} Status"]
    if content_type is not None:
        lines.append(f"Content-Type: {content_type}")
    if framing == "length":
        lines.append(f"Content-Length: {len(content)}")
    lines.extend(f"{name}: {value}" for name, value in given)
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def data(value: object, **more: object) -> bytes:
    """A good answer with this data; more: other members of the envelope."""
    return reply(200, {"data": value, **more})


def error(
    status: int, code: str | None = None, headers: Mapping[str, object] | None = None
) -> bytes:
    """An error in the platform's envelope, with a canary in all that must not be repeated."""
    envelope = {
        "status": status,
        "code": code or f"{status}.hostile",
        "title": f"{CANARY} title",
        "detail": f"{CANARY} detail \x1b[31m",
    }
    return reply(status, {"data": None, "error": envelope}, headers or {})


def chunked(
    body: object, size: int = 1000, *, extension: str = "", trailers: str = "", end: bool = True
) -> bytes:
    """The same as `reply(200, body)` in chunks. end False: the last chunk never comes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = reply(200, b"", {"Transfer-Encoding": "chunked"}, framing=None)
    parts = [content[start : start + size] for start in range(0, len(content), size)]
    chunks = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension.encode(), part) for part in parts)
    return head + chunks + (f"0\r\n{trailers}\r\n".encode() if end else b"")


def until_close(body: object) -> bytes:
    """An answer that says neither how long it is nor that it comes in chunks."""
    return reply(200, body, framing=None)


def both_framings(body: object) -> bytes:
    """An answer with a length and in chunks: two readers may see two bodies in it."""
    message = chunked(body)
    return message.replace(b"\r\n", b"\r\nContent-Length: 4\r\n", 1)


def after_information(message: bytes, *statuses: int) -> bytes:
    """The message after answers that are none (1xx)."""
    heads = (reply(status, b"", content_type=None, framing=None) for status in statuses or (100,))
    return b"".join(heads) + message


def garbage(size: int = 4096, seed: int = 0) -> bytes:
    """The same bytes for the same seed."""
    return random.Random(seed).randbytes(size)


# Behaviours that are more than bytes


class Talk:
    """One connection, from the server's side. `request` is None until it was read."""

    def __init__(self, connection: socket.socket, stop: int) -> None:
        self.connection = connection
        self.request: Asked | None = None
        self._stop = stop

    def send(self, message: bytes) -> None:
        """Send all of it, as fast as the client reads. Raises Gone."""
        left = memoryview(message)
        while left:
            try:
                left = left[self.connection.send(left) :]
            except BlockingIOError:
                self._wait(POLLOUT, None)
            except OSError:
                raise Gone from None

    def receive(self) -> bytes:
        """What the client sends next. Raises Gone."""
        while True:
            try:
                received = self.connection.recv(65_536)
            except BlockingIOError:
                self._wait(POLLIN, None)
                continue
            except OSError:
                raise Gone from None
            if not received:
                raise Gone
            return received

    def pause(self, seconds: float | None = None) -> None:
        """Do nothing for so long, or until the client leaves. Raises Gone."""
        end = None if seconds is None else time.monotonic() + seconds
        while end is None or end > time.monotonic():
            self._wait(0, end)

    def _wait(self, events: int, end: float | None) -> None:
        poller = poll()
        poller.register(self.connection, events | POLLRDHUP)
        poller.register(self._stop, 0)
        timeout = None if end is None else max(0.0, end - time.monotonic()) * 1000
        for descriptor, found in poller.poll(timeout):
            # What a client sent before it left is there to be read all the same.
            gone = found & (POLLHUP | POLLRDHUP) and not found & events & POLLIN
            if descriptor == self._stop or gone:
                raise Gone


Behaviour = bytes | Callable[[Talk], None] | Sequence[Any]


def hang(talk: Talk) -> None:
    """Say nothing, for ever."""
    talk.pause()


def drop(talk: Talk) -> None:
    """Close without a word."""


def deaf(talk: Talk) -> None:
    """For `on_accept`: take the connection and never read a byte."""
    talk.pause()


def reset(talk: Talk) -> None:
    """For `on_accept`: end with the request unread, which the client sees as a reset."""
    poller = poll()
    poller.register(talk.connection, POLLIN)
    poller.poll(1000)


def after(seconds: float, behaviour: Behaviour) -> Callable[[Talk], None]:
    """Wait, then behave."""

    def behave(talk: Talk) -> None:
        talk.pause(seconds)
        perform(behaviour, talk)

    return behave


def then_hang(message: bytes) -> Callable[[Talk], None]:
    """Send this and keep the connection."""

    def behave(talk: Talk) -> None:
        talk.send(message)
        talk.pause()

    return behave


def drip(message: bytes, every: float = 1.0, size: int = 1) -> Callable[[Talk], None]:
    """Send the message in small pieces, with a pause after each."""

    def behave(talk: Talk) -> None:
        for start in range(0, len(message), size):
            talk.send(message[start : start + size])
            if every:
                talk.pause(every)

    return behave


def half_closed(message: bytes) -> Callable[[Talk], None]:
    """Send the message, say that nothing more will come, and keep listening."""

    def behave(talk: Talk) -> None:
        talk.send(message)
        talk.connection.shutdown(socket.SHUT_WR)
        talk.pause()

    return behave


def with_descriptors(message: bytes) -> Callable[[Talk], None]:
    """Send the message, and open files of ours along with it."""

    def behave(talk: Talk) -> None:
        with open(os.devnull, "rb") as one, open(os.devnull, "wb") as other:
            socket.send_fds(talk.connection, [message[:1]], [one.fileno(), other.fileno()])
        talk.send(message[1:])

    return behave


def unasked(message: bytes) -> Callable[[Talk], None]:
    """For `on_accept`: answer before a word was read, then hear the client out."""

    def behave(talk: Talk) -> None:
        talk.send(message)
        talk.receive()

    return behave


def endless(head: bytes, piece: bytes, every: float = 0.0) -> Callable[[Talk], None]:
    """Send the head, then the piece again and again."""

    def behave(talk: Talk) -> None:
        talk.send(head)
        while True:
            talk.send(piece)
            if every:
                talk.pause(every)

    return behave


def endless_chunks(size: int = 65_536, every: float = 0.0) -> Callable[[Talk], None]:
    """Chunks for ever: a JSON string that never ends."""
    head = chunked(b'{"data": "', end=False)
    return endless(head, b"%x\r\n%s\r\n" % (size, b"x" * size), every)


def endless_headers(every: float = 0.0) -> Callable[[Talk], None]:
    """A head that never ends."""
    return endless(b"HTTP/1.1 200 OK\r\n", b"X-Padding: " + b"x" * 500 + b"\r\n", every)


def endless_information(every: float = 0.0) -> Callable[[Talk], None]:
    """One "100 Continue" after the other."""
    return endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", every)


def endless_body(every: float = 0.0) -> Callable[[Talk], None]:
    """A body without a length that never ends."""
    return endless(until_close(b'{"data": "'), b"x" * 65_536, every)


def huge_length(length: int = 10**12) -> Callable[[Talk], None]:
    """Announce a body of that many bytes, send a few, and wait."""
    head = reply(200, b"", {"Content-Length": length}, framing=None)
    return then_hang(head + b'{"data": ')


def perform(behaviour: Behaviour, talk: Talk, attempt: int = 1) -> None:
    """Behave on this connection."""
    if isinstance(behaviour, bytes):
        talk.send(behaviour)
    elif callable(behaviour):
        behaviour(talk)
    else:
        perform(_of_attempt(behaviour, attempt), talk)


def _of_attempt(behaviours: Sequence[Any], attempt: int) -> Any:
    return behaviours[min(attempt, len(behaviours)) - 1]


# The well-behaved world


def integration(
    identifier: str = "s3-backups",
    vendor: str = "aws",
    auth: Mapping[str, object] | None = None,
    extra: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """An integration as the hub gives it."""
    return {
        "id": "6512f0e1a1b2c3d4e5f60718",
        "identifier": identifier,
        "vendor": vendor,
        "name": f"The {identifier}",
        "auth": {"key_id": f"{CANARY}-key-id", "secret": f"{CANARY}-secret"}
        if auth is None
        else dict(auth),
        "extra": {"bucket": f"{CANARY}-bucket"} if extra is None else dict(extra),
    }


@cache
def _pems(names: tuple[str, ...], days: float, kind: str) -> tuple[str, str]:
    now = int(time.time())
    begin = now - 90 * issued.DAY
    own = issued.key(kind)
    identifiers = (
        x509.SubjectKeyIdentifier.from_public_key(own.public_key()),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issued.MIDDLE.key.public_key()),
    )
    leaf = issued.certificate(
        issued.name(names[0]),
        own,
        issued.MIDDLE,
        names=names,
        extensions=identifiers,
        not_before=begin,
        not_after=now + int(days * issued.DAY),
    )
    middle = issued.certificate(
        issued.MIDDLE.name,
        issued.MIDDLE.key,
        issued.ROOT,
        authority=True,
        extensions=(x509.SubjectKeyIdentifier.from_public_key(issued.MIDDLE.key.public_key()),),
        not_before=begin,
        not_after=now + 900 * issued.DAY,
    )
    return issued.pem(leaf, middle), issued.key_pem(own)


def certificate(
    *domains: str, days: float = 60, kind: str = "P-256", encoded: bool = False, **other: object
) -> dict[str, object]:
    """A certificate as the platform gives it, good for these domains.

    days: until it expires. encoded: base64 of the PEM texts. other: members to replace.
    """
    names = domains or ("app.example.test",)
    bundle, key = _pems(names, days, kind)
    return {
        "id": "6512f0e1a1b2c3d4e5f60719",
        "hub_id": "6512f0e1a1b2c3d4e5f60720",
        "domains": list(names),
        "bundle": b64encode(bundle.encode()).decode() if encoded else bundle,
        "private_key": b64encode(key.encode()).decode() if encoded else key,
        "time_created": "2026-01-01T00:00:00Z",
        **other,
    }


class World:
    """What a healthy platform knows; every member may be replaced before or while it serves."""

    def __init__(
        self,
        variables: Mapping[str, object] | None = None,
        integrations: Sequence[Mapping[str, object]] | None = None,
        certificates: Sequence[Mapping[str, object]] | None = None,
    ) -> None:
        self.variables: Any = {"PLAIN": f"{CANARY}-plain"} if variables is None else variables
        self.integrations: Any = [integration()] if integrations is None else integrations
        self.certificates: Any = [certificate()] if certificates is None else certificates
        instance = {"id": "i1", "hostname": "app-1", "state": {"current": "running"}}
        self.documents: dict[str, object] = {
            DOMAINS: [{"id": "d1", "fqdn": "app.example.test"}],
            ENVIRONMENT: {"id": "e1", "identifier": "staging", "name": "Staging"},
            CONTAINER: {"id": "c1", "identifier": "app", "name": "App"},
            CONTAINERS: [{"id": "c1", "identifier": "app", "name": "App"}],
            CONTAINER_INSTANCES: [instance],
            INSTANCES: [instance],
            SERVICES: {"discovery": {"enable": True}},
            SERVER: {"id": "s1", "hostname": "server-1", "location_id": "l1"},
            HUB: {"id": "h1", "identifier": "hub", "name": "Hub"},
            NETWORKS: [{"id": "n1", "identifier": "net", "name": "Net"}],
        }

    def answer(self, request: Asked) -> bytes:
        """What a healthy platform says to it."""
        if request.method != "GET":
            return error(405)
        if request.path == VARIABLES:
            return data(self.variables)
        if request.path == CERTIFICATES:
            return data(self.certificates)
        if request.path == INTEGRATIONS:
            return self._integration(request.target.partition("?")[2])
        if request.path in self.documents:
            return data(self.documents[request.path])
        return error(404)

    def _integration(self, query: str) -> bytes:
        wanted = dict(pair.split("=", 1) for pair in query.split("&") if pair)
        for found in self.integrations:
            if all(found.get(name) == value for name, value in wanted.items()):
                return data(found)
        return error(404)


# The server


class Hostile:
    """The running server; `hostile(...)` makes one."""

    def __init__(self, path: str, token: str, world: World) -> None:
        self.socket = path
        self.token = token
        self.world = world
        self.requests: list[Asked] = []
        self.connections = 0
        self.most_at_once = 0
        self.failures: list[Exception] = []
        self._scripts: dict[str, Behaviour] = {}
        self._accepting: Behaviour | None = None
        self._attempts: dict[str, int] = {}
        self._open = 0
        self._changed = threading.Condition()

    def on(self, where: str, behaviour: Behaviour) -> Hostile:
        """Script a target (with its query), a path, or ANY; the most exact script counts.

        Attempts count from here.
        """
        self._scripts[where] = behaviour
        self._attempts.clear()
        return self

    def off(self, *where: str) -> Hostile:
        """Take scripts away: these are answered well again."""
        for each in where:
            self._scripts.pop(each, None)
        self._attempts.clear()
        return self

    def on_accept(self, behaviour: Behaviour) -> Hostile:
        """Script connections before their request is read; a None in a list reads it after all."""
        self._accepting = behaviour
        return self

    def asked(self, path: str = ANY) -> list[Asked]:
        """The requests for a path, in the order they came."""
        return [asked for asked in list(self.requests) if path in (ANY, asked.path)]

    def wait_for(self, requests: int = 1, path: str = ANY) -> None:
        """Until so many requests for the path have come; fails when they do not."""
        self._until(lambda: len(self.asked(path)) >= requests)

    def wait_for_connections(self, count: int = 1) -> None:
        """Until so many connections were accepted; fails when they are not."""
        self._until(lambda: self.connections >= count)

    def secrets(self) -> list[str]:
        """Texts that nothing but the app and its targets may ever hold."""
        found = [CANARY, self.token]
        for one in self.world.certificates or ():
            lines = str(one["private_key"]).replace("\\n", "\n").splitlines()
            found.extend(line for line in lines if len(line) > 20 and not line.startswith("---"))
        return found

    def _until(self, reached: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(reached, PATIENCE), f"only {self.requests} came"

    # Called by the threads of `hostile`

    def converse(self, talk: Talk) -> None:
        """One connection from its first byte to its end."""
        with self._changed:
            self.connections += 1
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
            number = self.connections
            self._changed.notify_all()
        try:
            accepting = self._accepting
            if isinstance(accepting, Sequence) and not isinstance(accepting, bytes):
                accepting = _of_attempt(accepting, number)
            if accepting is not None:
                perform(accepting, talk)
                return
            talk.request = self._read(talk)
            behaviour = self._behaviour(talk.request)
            perform(behaviour, talk, talk.request.attempt)
        except Gone:
            pass
        except Exception as failure:  # noqa: BLE001 - raised again where the server ends
            self.failures.append(failure)
        finally:
            with self._changed:
                self._open -= 1
            talk.connection.close()

    def _behaviour(self, request: Asked) -> Behaviour:
        for where in (request.target, request.path, ANY):
            if where in self._scripts:
                return self._scripts[where]
        if request.headers.get("x-cycle-token") != self.token:
            return error(401, "401.unauthorized")
        return self.world.answer(request)

    def _read(self, talk: Talk) -> Asked:
        received = b""
        while b"\r\n\r\n" not in received:
            received += talk.receive()
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _version = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        while len(body) < int(headers.get("content-length", 0)):
            body += talk.receive()
        with self._changed:
            attempt = self._attempts[target] = self._attempts.get(target, 0) + 1
            asked = Asked(method, target, headers, body, time.monotonic(), attempt)
            self.requests.append(asked)
            self._changed.notify_all()
        return asked


@contextmanager
def hostile(
    *,
    after: float = 0.0,
    stale: bool = False,
    accepting: bool = True,
    backlog: int = 128,
    token: str = TOKEN,
    **world: Any,
) -> Iterator[Hostile]:
    """The server, from its socket to its last thread.

    after: seconds until the socket appears. stale: until then there is one that nobody listens
    on. accepting False: connections are never taken from the queue. world: members of World.
    """
    folder = Path(tempfile.mkdtemp(prefix="cx-"))
    path = str(folder / "api.sock")
    api = Hostile(path, token, World(**world))
    stop, closing = os.pipe()
    door = _Door(path, backlog)
    server = threading.Thread(target=_serve, args=(api, door, stop, after, accepting))
    try:
        if stale:
            door.bind()
        if not after:
            door.listen()
        server.start()
        yield api
    finally:
        os.close(closing)
        if server.ident is not None:
            server.join(PATIENCE)
        door.listener.close()
        os.close(stop)
        shutil.rmtree(folder, ignore_errors=True)
    assert not server.is_alive(), "the hostile server does not end"
    if api.failures:
        raise api.failures[0]


class _Door:
    """The socket that clients knock at."""

    def __init__(self, path: str, backlog: int) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._path = path
        self._backlog = backlog
        self._bound = False

    def bind(self) -> None:
        """Let there be a socket that nobody listens on."""
        self.listener.bind(self._path)
        self._bound = True

    def listen(self) -> None:
        """Let clients connect."""
        if not self._bound:
            self.bind()
        self.listener.listen(self._backlog)


def _serve(api: Hostile, door: _Door, stop: int, after: float, accepting: bool) -> None:
    """Open late, accept until the stop pipe closes, then wait for every conversation."""
    poller = poll()
    poller.register(stop, 0)
    if after:
        if poller.poll(after * 1000):
            return
        door.listen()
    if accepting:
        poller.register(door.listener, POLLIN)
    talks: list[threading.Thread] = []
    while all(descriptor != stop for descriptor, _ in poller.poll()):
        connection, _ = door.listener.accept()
        connection.setblocking(False)
        talk = threading.Thread(target=api.converse, args=(Talk(connection, stop),))
        talk.start()
        talks = [each for each in talks if each.is_alive()] + [talk]
    for talk in talks:
        talk.join()
