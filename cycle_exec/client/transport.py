"""httpx on a Unix socket, by way of httpcore, on which httpx's own transports are built.

Those take no network backend, so that the socket of a failed connect would be left to the garbage
collector; and they make a TLS context, though no TLS is ever spoken. Importing httpcore takes
some 15 ms, and httpx imports it when a client is made: so does this module's importer.
"""

from __future__ import annotations

from contextlib import contextmanager
from select import POLLIN, poll
from socket import AF_UNIX, socket

import httpcore
import httpx

from cycle_exec.sources.model import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

# What can be raised where there is no answer, and the kind of failure.
_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (httpcore.ConnectTimeout, "timeout"),
    (httpcore.ConnectError, "refused"),
    (httpcore.TimeoutException, "timeout"),
    (httpcore.NetworkError, "dropped"),
    (httpcore.RemoteProtocolError, "dropped"),
    (httpcore.ProtocolError, "malformed"),
    (httpx.DecodingError, "malformed"),
)
EXPECTED = tuple(kind for kind, _ in _FAILURES)


def failure(error: Exception) -> Failure:
    """Return what one of the expected exceptions stands for."""
    return Failure(kind=next(kind for expected, kind in _FAILURES if isinstance(error, expected)))


async def pause(seconds: float) -> None:
    """Sleep, on the event loop that runs."""
    await httpcore.AnyIOBackend().sleep(seconds)


class Unix(httpx.BaseTransport):
    """For httpx.Client."""

    def __init__(self, path: str) -> None:
        self._pool = httpcore.ConnectionPool(uds=path, network_backend=_Backend())

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raise httpcore's own exceptions, see `EXPECTED`."""
        found = self._pool.handle_request(_request(request))
        try:
            return _response(found, found.read())
        finally:
            found.close()

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class AsyncUnix(httpx.AsyncBaseTransport):
    """For httpx.AsyncClient."""

    def __init__(self, path: str) -> None:
        self._pool = httpcore.AsyncConnectionPool(uds=path)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raise httpcore's own exceptions, see `EXPECTED`."""
        found = await self._pool.handle_async_request(_request(request))
        try:
            return _response(found, await found.aread())
        finally:
            await found.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


def _request(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


def _response(found: httpcore.Response, body: bytes) -> httpx.Response:
    return httpx.Response(
        status_code=found.status, headers=found.headers, content=body, extensions=found.extensions
    )


class _Backend(httpcore.SyncBackend):
    """httpcore's backend, but for a socket that could not connect: it is closed at once."""

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - the pool is given none
    ) -> httpcore.NetworkStream:
        with _raising(httpcore.ConnectTimeout, httpcore.ConnectError):
            connecting = socket(AF_UNIX)
            try:
                connecting.settimeout(timeout)
                connecting.connect(path)
            except BaseException:
                connecting.close()
                raise
        return _Stream(connecting)


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
        if info != "is_readable":
            return None
        # An idle connection with something to read has been closed by the server.
        if self._socket.fileno() < 0:
            return True
        polling = poll()
        polling.register(self._socket, POLLIN)
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
