"""The public clients of the internal API.

with Client() as cycle:
    print(cycle.environment()["name"], cycle.scoped_variables())
"""

from __future__ import annotations

import os
import random
from time import monotonic, sleep

import httpx

from cycle_exec.client import exchange, notifications
from cycle_exec.client.methods import AsyncMethods, Methods
from cycle_exec.secret import SecretBytes
from cycle_exec.settings.model import DEFAULT_SOCKET, SOCKET, TOKEN
from cycle_exec.sources.model import Response
from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping
    from typing import Any, Self

    from cycle_exec.client.exchange import Call
    from cycle_exec.client.notifications import Notification
    from cycle_exec.sources.model import Failure

TIMEOUT = 5.0  # seconds for one try
DEADLINE = 30.0  # seconds for one call with its retries
_BASE = "http://localhost"  # the server ignores it


class _Access:
    """Where the API is, and who asks."""

    def __init__(
        self,
        socket: str | None = None,
        token: str | None = None,
        *,
        timeout: float = TIMEOUT,
        deadline: float = DEADLINE,
    ) -> None:
        """Connect nothing yet.

        socket: the API's Unix socket, by default CYCLE_EXEC_SOCKET or the platform's path.
        token: by default CYCLE_API_TOKEN. timeout: seconds for one try. deadline: seconds for a
        call with all its retries. Raises ValueError for a token that no header can carry.
        """
        self._socket = socket or os.environ.get(SOCKET) or DEFAULT_SOCKET
        given = os.environ.get(TOKEN, "") if token is None else token
        if not (given.isascii() and given.isprintable()):
            raise ValueError("the token contains a character that is not allowed in an HTTP header")
        self._token = given
        self._timeout = timeout
        self._deadline = deadline
        headers = {"X-CYCLE-TOKEN": given, "User-Agent": f"cycle-exec/{__version__}"}
        self._open({"base_url": _BASE, "headers": headers, "trust_env": False})

    def _open(self, options: dict[str, Any]) -> None:
        """Make the client of httpx. options: what both kinds of it are given."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(socket={self._socket!r})"


class Client(_Access, Methods):
    """The synchronous client; keep one and use it as a context. Threads may share it."""

    def _open(self, options: dict[str, Any]) -> None:
        from cycle_exec.client.transport import Unix

        self._http = httpx.Client(transport=Unix(self._socket), **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def notifications(self, prefix: str = "") -> Generator[Notification, None, None]:
        """Yield what changes, without end; raise NotAuthorized.

        A lost connection is made again, after 1 s, doubling to 30 s. What happens while there is
        none is not told later: look at what you follow after each `connected`. prefix: of topics,
        "environment." for example.
        """
        return notifications.follow(self._socket, self._token, self._timeout, prefix)

    def raw(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> tuple[int, bytes]:
        """Make one call as curl would; return the status and the body of whatever is answered.

        Reads are retried as those of other methods. Raise Unavailable and ProtocolError.
        """
        return exchange.answered(self._exchanged(exchange.raw(method, path, query or {}, content)))

    def _ask(self, request: Call, empty: Any) -> Any:
        return exchange.result(request, self._exchanged(request), empty)

    def _exchanged(self, request: Call) -> Response | Failure:
        end = monotonic() + self._deadline
        attempt = 1
        while True:
            outcome = self._try(request, min(self._timeout, max(0.001, end - monotonic())))
            seconds = exchange.wait(request, outcome, attempt, end - monotonic(), _draw())
            if seconds is None:
                return outcome
            sleep(seconds)
            attempt += 1

    def _try(self, request: Call, seconds: float) -> Response | Failure:
        from cycle_exec.client import transport

        try:
            return _response(self._http.send(_built(self._http, request, seconds)))
        except transport.EXPECTED as error:
            return transport.failure(error)


class AsyncClient(_Access, AsyncMethods):
    """The asynchronous client; keep one and use it as a context."""

    def _open(self, options: dict[str, Any]) -> None:
        from cycle_exec.client.transport import AsyncUnix

        self._http = httpx.AsyncClient(transport=AsyncUnix(self._socket), **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    def notifications(self, prefix: str = "") -> AsyncGenerator[Notification, None]:
        """Yield as `Client.notifications` does."""
        return notifications.follow_async(self._socket, self._token, self._timeout, prefix)

    async def raw(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> tuple[int, bytes]:
        """Make one call as `Client.raw` does."""
        request = exchange.raw(method, path, query or {}, content)
        return exchange.answered(await self._exchanged(request))

    async def _ask(self, request: Call, empty: Any) -> Any:
        return exchange.result(request, await self._exchanged(request), empty)

    async def _exchanged(self, request: Call) -> Response | Failure:
        from cycle_exec.client.transport import pause

        end = monotonic() + self._deadline
        attempt = 1
        while True:
            outcome = await self._try(request, min(self._timeout, max(0.001, end - monotonic())))
            seconds = exchange.wait(request, outcome, attempt, end - monotonic(), _draw())
            if seconds is None:
                return outcome
            await pause(seconds)
            attempt += 1

    async def _try(self, request: Call, seconds: float) -> Response | Failure:
        from cycle_exec.client import transport

        try:
            return _response(await self._http.send(_built(self._http, request, seconds)))
        except transport.EXPECTED as error:
            return transport.failure(error)


def _draw() -> float:
    return random.random()  # noqa: S311 - spreads retries, keeps no secret


def _built(
    client: httpx.Client | httpx.AsyncClient, request: Call, seconds: float
) -> httpx.Request:
    return client.build_request(
        request.method,
        request.path,
        params=dict(request.query) or None,
        headers=dict(request.headers),
        content=request.content,
        timeout=seconds,
    )


def _response(found: httpx.Response) -> Response:
    headers = tuple((name.lower(), value) for name, value in found.headers.items())
    return Response(status=found.status_code, headers=headers, body=SecretBytes(found.content))
