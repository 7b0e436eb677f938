"""The API for benchmarks: prepared bytes on Unix sockets, each with a latency for every request.

One process, one thread, epoll: fast enough not to be what is measured (the emulator is not). It
runs from `start` until its standard input ends.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple

_BACKLOG = 512
_END = b"\r\n\r\n"
_MISSING = b'{"error":{"status":404,"code":"404.missing"}}'
_DENIED = b'{"error":{"status":401,"code":"401.permissions"}}'


class Site(NamedTuple):
    """A socket, how long each answer takes (seconds), and the body for each target."""

    path: str
    latency: float
    token: str
    bodies: Mapping[str, bytes]


@contextmanager
def serving(sites: Sequence[Site]) -> Iterator[None]:
    """The sites are served, by a process of their own, while the body runs."""
    told = [
        {
            "path": site.path,
            "latency": site.latency,
            "token": site.token,
            "bodies": {target: b64encode(body).decode() for target, body in site.bodies.items()},
        }
        for site in sites
    ]
    process = subprocess.Popen(
        [sys.executable, "-I", str(Path(__file__).resolve())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(told).encode() + b"\n")
        process.stdin.flush()
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the benchmark's server does not start")
        yield
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _message(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + _END + body


class _Prepared:
    """One site with its answers as they go over the wire."""

    def __init__(self, site: Site) -> None:
        self.latency = site.latency
        self.token = site.token.encode()
        self.answers = {
            target.encode(): _message("200 OK", body) for target, body in site.bodies.items()
        }
        self.missing = _message("404 Not Found", _MISSING)
        self.denied = _message("401 Unauthorized", _DENIED)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(site.path)
        self.listener.listen(_BACKLOG)
        self.listener.setblocking(False)

    def answer(self, head: bytes) -> tuple[bytes, bool]:
        """The message for a request, and whether the connection ends after it."""
        first, *lines = head.split(b"\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(b":") for x in lines)
        }
        ends = headers.get(b"connection", b"").lower() == b"close"
        if headers.get(b"x-cycle-token") != self.token:
            return self.denied, ends
        return self.answers.get(first.split(b" ")[1], self.missing), ends


class _Connection:
    """A client: what it has sent, what it is still to get."""

    def __init__(self, socket: socket.socket, site: _Prepared) -> None:
        self.socket = socket
        self.site = site
        self.received = b""
        self.left = memoryview(b"")
        self.ends = False


class _Server:
    def __init__(self, sites: Sequence[_Prepared]) -> None:
        self.poller = select.epoll()
        self.listeners = {site.listener.fileno(): site for site in sites}
        self.connections: dict[int, _Connection] = {}
        self.due: list[tuple[float, int, _Connection, bytes]] = []
        self.count = 0
        for descriptor in (*self.listeners, 0):
            self.poller.register(descriptor, select.EPOLLIN)

    def run(self) -> None:
        while True:
            # Unlike epoll_wait, select takes fractions of a millisecond.
            wait = max(0.0, self.due[0][0] - time.monotonic()) if self.due else None
            if wait != 0.0:
                select.select([self.poller.fileno()], [], [], wait)
            for descriptor, events in self.poller.poll(0):
                if descriptor == 0:
                    return
                if descriptor in self.listeners:
                    self._accept(self.listeners[descriptor])
                elif descriptor in self.connections:
                    self._serve(self.connections[descriptor], events)
            now = time.monotonic()
            while self.due and self.due[0][0] <= now:
                _, _, connection, message = heappop(self.due)
                self._answer(connection, message)

    def _accept(self, site: _Prepared) -> None:
        while True:
            try:
                accepted, _ = site.listener.accept()
            except BlockingIOError:
                return
            accepted.setblocking(False)
            connection = self.connections[accepted.fileno()] = _Connection(accepted, site)
            self.poller.register(accepted.fileno(), select.EPOLLIN)
            self._serve(connection, select.EPOLLIN)

    def _serve(self, connection: _Connection, events: int) -> None:
        if events & select.EPOLLOUT:
            self._send(connection)
            return
        try:
            data = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(connection)
            return
        connection.received += data
        head, end, rest = connection.received.partition(_END)
        if not end:
            return
        connection.received = rest
        message, connection.ends = connection.site.answer(head)
        if connection.site.latency:
            self.count += 1
            due = time.monotonic() + connection.site.latency
            heappush(self.due, (due, self.count, connection, message))
        else:
            self._answer(connection, message)

    def _answer(self, connection: _Connection, message: bytes) -> None:
        if connection.socket.fileno() >= 0:
            connection.left = memoryview(message)
            self._send(connection)

    def _send(self, connection: _Connection) -> None:
        descriptor = connection.socket.fileno()
        try:
            while connection.left:
                connection.left = connection.left[connection.socket.send(connection.left) :]
        except BlockingIOError:
            self.poller.modify(descriptor, select.EPOLLOUT)
            return
        except OSError:
            self._close(connection)
            return
        if connection.ends:
            self._close(connection)
        else:
            self.poller.modify(descriptor, select.EPOLLIN)

    def _close(self, connection: _Connection) -> None:
        descriptor = connection.socket.fileno()
        if self.connections.pop(descriptor, None) is not None:
            self.poller.unregister(descriptor)
            connection.socket.close()


def main() -> None:
    """Read the sites from standard input and serve them until it ends."""
    told = json.loads(sys.stdin.buffer.readline())
    sites = [
        Site(
            path=each["path"],
            latency=each["latency"],
            token=each["token"],
            bodies={target: b64decode(body) for target, body in each["bodies"].items()},
        )
        for each in told
    ]
    server = _Server([_Prepared(site) for site in sites])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.run()


if __name__ == "__main__":
    main()
