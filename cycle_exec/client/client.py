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
from cycle_exec.client.errors import NotAuthorized
from cycle_exec.client.methods import AsyncMethods, Methods
from cycle_exec.secret import SecretBytes
from cycle_exec.settings.model import DEFAULT_SOCKET, SOCKET, TOKEN
from cycle_exec.sources.model import Response
from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Mapping
    from typing import Any, Self

    from cycle_exec.client.exchange import Call
    from cycle_exec.client.notifications import Notification
    from cycle_exec.sources.model import Failure

TIMEOUT = 5.0  # seconds for one try
DEADLINE = 30.0  # seconds for one call with its retries
_BASE = "http://localhost"  # the server ignores it
_NO_TOKEN = (
    f"there is no token: no argument gives one, and {TOKEN} is not set; a launch removes it from "
    "the app's environment unless --keep-token is given"
)


class _Access:
    """Where the API is, and who asks."""

    def __init__(
        self,
        socket: str | os.PathLike[str] | None = None,
        token: str | None = None,
        *,
        timeout: float | httpx.Timeout | None = TIMEOUT,
        deadline: float = DEADLINE,
        transport: Any = None,
        limits: httpx.Limits | None = None,
        event_hooks: Mapping[str, list[Callable[..., Any]]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Connect nothing yet.

        socket: the API's Unix socket, by default CYCLE_EXEC_SOCKET or the platform's path.
        token: by default CYCLE_API_TOKEN. timeout: seconds for one try, or httpx's own. deadline:
        seconds for a call with all its retries. transport: of httpx, instead of the socket; then no
        token is needed. limits, event_hooks, headers: as httpx takes them; headers are sent beside
        the token's. Notifications know only the socket and the token.

        Raise NotAuthorized where there is no token, ValueError for one that no header can carry.
        """
        self._socket = os.fspath(socket or os.environ.get(SOCKET) or DEFAULT_SOCKET)
        given = (os.environ.get(TOKEN) or None) if token is None else token
        if given is None and transport is None:
            raise NotAuthorized(0, title=_NO_TOKEN)
        self._token = given or ""
        if not (self._token.isascii() and self._token.isprintable()):
            raise ValueError("the token contains a character that is not allowed in an HTTP header")
        self._timeout = httpx.Timeout(timeout)
        self._deadline = deadline
        self._place = "" if transport else self._socket  # for messages
        self._reached = False
        own = {"X-CYCLE-TOKEN": self._token} if given is not None else {}
        options = {
            "base_url": _BASE,
            "headers": {"User-Agent": f"cycle-exec/{__version__}", **(headers or {}), **own},
            "trust_env": False,
            "event_hooks": event_hooks,
        }
        self._open(transport, limits, options)

    def _open(self, transport: Any, limits: httpx.Limits | None, options: dict[str, Any]) -> None:
        """Make the client of httpx. options: what both kinds of it are given."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}(socket={self._socket!r})"


class Client(_Access, Methods):
    """The synchronous client; keep one and use it as a context. Threads may share it."""

    def _open(self, transport: Any, limits: httpx.Limits | None, options: dict[str, Any]) -> None:
        from cycle_exec.client.transport import LIMITS, Unix

        via = transport or Unix(self._socket, limits or LIMITS)
        self._http = httpx.Client(transport=via, **options)

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
        return notifications.follow(
            self._socket, self._token, self._timeout.connect or TIMEOUT, prefix
        )

    def raw(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        login: tuple[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Make one call as curl would; return the status and the body of whatever is answered.

        login: username and password, sent as Basic authorization. Reads are retried as those of
        other methods. Raise Unavailable and ProtocolError.
        """
        request = exchange.raw(method, path, query or {}, content, login)
        return exchange.answered(self._exchanged(request), self._place)

    def _ask(self, request: Call, empty: Any) -> Any:
        return exchange.result(request, self._exchanged(request), empty, self._place)

    def _exchanged(self, request: Call) -> Response | Failure:
        end = monotonic() + self._deadline
        attempt, last = 1, None
        while True:
            outcome = self._try(request, max(0.001, end - monotonic()))
            outcome = last = exchange.latest(outcome, last)
            self._reached = self._reached or exchange.reached(outcome)
            left = end - monotonic()
            seconds = exchange.wait(request, outcome, attempt, left, _draw(), self._reached)
            if seconds is None:
                return outcome
            sleep(seconds)
            attempt += 1

    def _try(self, request: Call, left: float) -> Response | Failure:
        from cycle_exec.client import transport

        try:
            timeout = _bounded(self._timeout, left)
            return _response(self._http.send(_built(self._http, request, timeout)))
        except transport.EXPECTED as error:
            return transport.failure(error)


class AsyncClient(_Access, AsyncMethods):
    """The asynchronous client; keep one and use it as a context."""

    def _open(self, transport: Any, limits: httpx.Limits | None, options: dict[str, Any]) -> None:
        from cycle_exec.client.transport import LIMITS, AsyncUnix

        via = transport or AsyncUnix(self._socket, limits or LIMITS)
        self._http = httpx.AsyncClient(transport=via, **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    def notifications(self, prefix: str = "") -> AsyncGenerator[Notification, None]:
        """Yield as `Client.notifications` does."""
        return notifications.follow_async(
            self._socket, self._token, self._timeout.connect or TIMEOUT, prefix
        )

    async def raw(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        login: tuple[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Make one call as `Client.raw` does."""
        request = exchange.raw(method, path, query or {}, content, login)
        return exchange.answered(await self._exchanged(request), self._place)

    async def _ask(self, request: Call, empty: Any) -> Any:
        return exchange.result(request, await self._exchanged(request), empty, self._place)

    async def _exchanged(self, request: Call) -> Response | Failure:
        from cycle_exec.client.transport import pause

        end = monotonic() + self._deadline
        attempt, last = 1, None
        while True:
            outcome = await self._try(request, max(0.001, end - monotonic()))
            outcome = last = exchange.latest(outcome, last)
            self._reached = self._reached or exchange.reached(outcome)
            left = end - monotonic()
            seconds = exchange.wait(request, outcome, attempt, left, _draw(), self._reached)
            if seconds is None:
                return outcome
            await pause(seconds)
            attempt += 1

    async def _try(self, request: Call, left: float) -> Response | Failure:
        from cycle_exec.client import transport

        try:
            timeout = _bounded(self._timeout, left)
            return _response(await self._http.send(_built(self._http, request, timeout)))
        except transport.EXPECTED as error:
            return transport.failure(error)


def _draw() -> float:
    return random.random()  # noqa: S311 - spreads retries, keeps no secret


def _bounded(timeout: httpx.Timeout, left: float) -> httpx.Timeout:
    """Return the same, with none of its times longer than what is left (seconds)."""
    times = timeout.as_dict().items()
    return httpx.Timeout(**{k: left if v is None else min(v, left) for k, v in times})


def _built(
    client: httpx.Client | httpx.AsyncClient, request: Call, timeout: httpx.Timeout
) -> httpx.Request:
    return client.build_request(
        request.method,
        request.path,
        params=dict(request.query) or None,
        headers=dict(request.headers),
        content=request.content,
        timeout=timeout,
    )


def _response(found: httpx.Response) -> Response:
    headers = tuple((name.lower(), value) for name, value in found.headers.items())
    return Response(status=found.status_code, headers=headers, body=SecretBytes(found.content))
