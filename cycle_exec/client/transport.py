"""httpx on a Unix socket: one connection pool, and no TLS context, which httpx's own transports
make even where no TLS will ever be spoken (it costs more than the rest of a client).
"""

from __future__ import annotations

import httpcore
import httpx

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Unix(httpx.BaseTransport):
    """For httpx.Client."""

    def __init__(self, path: str) -> None:
        self._pool = httpcore.ConnectionPool(uds=path)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One request. Raises httpcore's own exceptions, see `FAILURES`."""
        found = self._pool.handle_request(_request(request))
        return _response(found, _Body(found))

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class AsyncUnix(httpx.AsyncBaseTransport):
    """For httpx.AsyncClient."""

    def __init__(self, path: str) -> None:
        self._pool = httpcore.AsyncConnectionPool(uds=path)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request. Raises httpcore's own exceptions, see `FAILURES`."""
        found = await self._pool.handle_async_request(_request(request))
        return _response(found, _AsyncBody(found))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


# What can be raised for want of an answer, and the kind of failure (sources.model.Failure).
FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (httpcore.ConnectTimeout, "timeout"),
    (httpcore.ConnectError, "refused"),
    (httpcore.TimeoutException, "timeout"),
    (httpcore.NetworkError, "dropped"),
    (httpcore.RemoteProtocolError, "dropped"),
    (httpcore.ProtocolError, "malformed"),
    (httpx.DecodingError, "malformed"),
)
EXPECTED = tuple(kind for kind, _ in FAILURES)


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


def _response(
    found: httpcore.Response, body: httpx.SyncByteStream | httpx.AsyncByteStream
) -> httpx.Response:
    return httpx.Response(
        status_code=found.status, headers=found.headers, stream=body, extensions=found.extensions
    )


class _Body(httpx.SyncByteStream):
    def __init__(self, found: httpcore.Response) -> None:
        self._found = found

    def __iter__(self) -> Iterator[bytes]:
        yield from self._found.iter_stream()

    def close(self) -> None:
        self._found.close()


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, found: httpcore.Response) -> None:
        self._found = found

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._found.aiter_stream():
            yield piece

    async def aclose(self) -> None:
        await self._found.aclose()
