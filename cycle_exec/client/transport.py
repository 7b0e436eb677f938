"""httpx on a Unix socket: its own transports, over connections of our own.

Their constructors are passed by: they take no network backend, so that the socket of a failed
connect would be left to the garbage collector, and they make a TLS context, though no TLS is ever
spoken. All else is httpx's, so that what replaces or wraps its transports (pytest-httpx, respx,
OpenTelemetry) sees these requests too. Where a server does not accept fast enough, httpcore's
synchronous connect fails at once, and its asynchronous one never sleeps. Importing httpcore takes
some 15 ms, and httpx imports it when a client is made: so does this module's importer.
"""

from __future__ import annotations

from contextlib import contextmanager
from math import inf
from os.path import isdir
from select import POLLIN, poll
from socket import AF_UNIX, socket
from time import monotonic, sleep

import httpcore
import httpx

from cycle_exec.sources.model import CONNECT_KINDS, Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

# Seconds between two tries to connect where the queue of connections is full.
_PAUSE = 0.02
# As many connections as httpx has.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20)


class QueueFull(httpcore.ConnectTimeout):
    """The server listens, but has not accepted a connection in time."""


class NotConnected(httpcore.ConnectError):
    """There is no connection. kind, lack: of the failure."""

    def __init__(self, kind: str, lack: str = "") -> None:
        self.kind = kind
        self.lack = lack
        super().__init__(kind)


# What httpx raises where there is no answer, and the kind of failure.
_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (httpx.ConnectError, "refused"),
    (httpx.TimeoutException, "timeout"),
    (httpx.NetworkError, "dropped"),
    (httpx.RemoteProtocolError, "dropped"),
    (httpx.ProtocolError, "malformed"),
    (httpx.DecodingError, "malformed"),
)
EXPECTED = tuple(kind for kind, _ in _FAILURES)


def failure(error: Exception) -> Failure:
    """Return what one of the expected exceptions stands for."""
    cause = error.__cause__
    if isinstance(cause, QueueFull):
        return Failure(kind="full")
    if isinstance(cause, NotConnected):
        return Failure(kind=cause.kind, lack=cause.lack)
    return Failure(kind=next(kind for expected, kind in _FAILURES if isinstance(error, expected)))


async def pause(seconds: float) -> None:
    """Sleep, on the event loop that runs."""
    import asyncio

    await asyncio.sleep(seconds)


class Unix(httpx.HTTPTransport):
    """For httpx.Client."""

    def __init__(self, path: str, limits: httpx.Limits = LIMITS) -> None:
        """Connect nothing yet."""
        self._pool = httpcore.ConnectionPool(
            uds=path, network_backend=_Backend(), **_limited(limits)
        )


class AsyncUnix(httpx.AsyncHTTPTransport):
    """For httpx.AsyncClient."""

    def __init__(self, path: str, limits: httpx.Limits = LIMITS) -> None:
        """Connect nothing yet."""
        self._pool = httpcore.AsyncConnectionPool(
            uds=path, network_backend=_AsyncBackend(), **_limited(limits)
        )


def _limited(limits: httpx.Limits) -> dict[str, Any]:
    return {
        "max_connections": limits.max_connections,
        "max_keepalive_connections": limits.max_keepalive_connections,
        "keepalive_expiry": limits.keepalive_expiry,
    }


class _Backend(httpcore.SyncBackend):
    """Connections of blocking sockets."""

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - the pool is given none
    ) -> httpcore.NetworkStream:
        end = _end(timeout)
        while (connected := _connected(path)) is None:
            sleep(_left(end))
        return _Stream(connected)


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    """Connections of sockets that asyncio waits for."""

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - the pool is given none
    ) -> httpcore.AsyncNetworkStream:
        end = _end(timeout)
        while (connected := _connected(path)) is None:
            await pause(_left(end))
        return _AsyncStream(connected)


def _connected(path: str) -> socket | None:
    """Return a socket that never blocks, connected; None where the queue is full.

    Raise NotConnected.
    """
    if not path or "\0" in path:
        raise NotConnected("unusable")  # Linux would take it for an abstract address
    try:
        connecting = socket(AF_UNIX)
        try:
            connecting.setblocking(False)
            connecting.connect(path)
        except BaseException:
            connecting.close()
            raise
    except BlockingIOError:
        return None
    except OSError as error:
        kind = CONNECT_KINDS.get(error.errno, "unusable")
        raise NotConnected(kind, _lack(path) if kind == "missing" else "") from error
    return connecting


def _lack(path: str) -> str:
    """Return which directory on the way to a socket is missing, in words; empty: none of them."""
    for end, character in enumerate(path):
        if end and character == "/" and not isdir(path[:end]):
            return f"there is no directory {path[:end]}"
    return ""


def _end(timeout: float | None) -> float:
    return inf if timeout is None else monotonic() + timeout


def _left(end: float) -> float:
    """Return the seconds to the next try; raise QueueFull at the end."""
    left = end - monotonic()
    if left <= 0:
        raise QueueFull("the queue of connections is full")
    return min(_PAUSE, left)


class _Stream(httpcore.NetworkStream):
    """A socket as httpcore's connections use it."""

    def __init__(self, connected: socket) -> None:
        self._socket = connected

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _raising(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(timeout)
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        with _raising(httpcore.WriteTimeout, httpcore.WriteError):
            self._socket.settimeout(timeout)
            while buffer:
                buffer = buffer[self._socket.send(buffer) :]

    def close(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        return _is_readable(self._socket) if info == "is_readable" else None


class _AsyncStream(httpcore.AsyncNetworkStream):
    """The same on the event loop that runs."""

    def __init__(self, connected: socket) -> None:
        self._socket = connected

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        import asyncio

        with _raising(httpcore.ReadTimeout, httpcore.ReadError):
            async with asyncio.timeout(timeout):
                return await asyncio.get_running_loop().sock_recv(self._socket, max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        import asyncio

        with _raising(httpcore.WriteTimeout, httpcore.WriteError):
            async with asyncio.timeout(timeout):
                await asyncio.get_running_loop().sock_sendall(self._socket, buffer)

    async def aclose(self) -> None:
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        return _is_readable(self._socket) if info == "is_readable" else None


def _is_readable(connected: socket) -> bool:
    """Whether there is something to read: then the server has closed an idle connection."""
    if connected.fileno() < 0:
        return True
    polling = poll()
    polling.register(connected, POLLIN)
    return bool(polling.poll(0))


@contextmanager
def _raising(timeout: type[Exception], otherwise: type[Exception]) -> Iterator[None]:
    """Raise what httpcore expects of a backend for what the socket raises."""
    try:
        yield
    except TimeoutError as error:
        raise timeout(str(error)) from error
    except OSError as error:
        raise otherwise(str(error)) from error
