"""The HTTP and WebSocket server behind the emulator's socket."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager

from cycle_exec.emulator.model import Delivery, Query
from cycle_exec.errors import refuse
from cycle_exec.secret import SecretBytes
from cycle_exec.system.emulator.broadcast import Broadcast
from cycle_exec.system.emulator.listener import BACKLOG

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from socket import socket

    from starlette.requests import HTTPConnection
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn import Config, Server

    from cycle_exec.system.emulator.listener import Listener

_EXTRA = "pip install 'cycle-exec[emulator]'"
_BODY_LIMIT = 16 * 1024 * 1024
_PIECES = 8  # of a slow body
_GRACE = 1  # seconds that answers under way get when the server ends
_FAREWELL = 0.2  # seconds that WebSocket clients get to take what was sent to them
_TICK = 0.05  # seconds between two looks at what is new
_HEARD = 1 << 16  # bytes of a client's message, which nobody reads
_INTERNAL = b'{"error": {"status": 500, "code": "500.unknown", "title": "emulator"}, "data": null}'


_ENDING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class _Cut(Exception):
    """Raised by a WebSocket's application: every uvicorn then ends it without a farewell."""


@contextmanager
def unhurried() -> Iterator[None]:
    """Hold back what ends the server, but for the time in which `serve` waits for it.

    Whoever makes files around `serve` does so in here, or a signal between would leave them.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        while pending := signal.sigpending() & _ENDING:
            signal.sigwait(pending)  # macOS has no sigtimedwait
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def require() -> None:
    """Raise Refused (usage) unless the extra `emulator` is installed."""
    from importlib.util import find_spec

    # uvicorn imports the last one by itself.
    names = ("cryptography", "starlette", "uvicorn", "websockets")
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise refuse("usage", "emulator", f"{', '.join(missing)} is missing", _EXTRA)


def serve(
    listener: Listener,
    answer: Callable[[Query], Delivery],
    *,
    news: Callable[[], Sequence[str]] = lambda: (),
    ready: Callable[[], None] = lambda: None,
    failed: Callable[[BaseException], None] = lambda _error: None,
    leash: int | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP, or until the leash ends.

    answer: called for each request, one at a time; a WebSocket is opened by its status 101.
    news: called many times a second; what it gives is sent to all WebSockets.
    failed: told of an `answer` or `news` that raised.
    leash: a pipe's reading end; when its writers are gone the server ends.
    """
    import logging

    import uvicorn

    quiet = logging.getLogger("uvicorn")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    broadcast = Broadcast()

    def publish() -> None:
        try:
            broadcast.publish(news())
        except Exception as error:  # noqa: BLE001 - the server outlives it
            failed(error)

    def answered(query: Query) -> Delivery:
        try:
            return answer(query)
        except Exception as error:  # noqa: BLE001 - the server outlives one bad answer
            failed(error)
            return Delivery(status=500, headers=(), body=_INTERNAL)
        finally:
            publish()  # before a client joins: it has just seen the state that this led to

    config = uvicorn.Config(
        _application(answered, broadcast),
        loop="asyncio",
        http="h11",
        ws="auto",
        ws_max_size=_HEARD,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=_GRACE,
    )
    _server(config, publish, ready, leash).run([listener.socket])


def _server(
    config: Config, tick: Callable[[], None], ready: Callable[[], None], leash: int | None
) -> Server:
    import uvicorn

    class Tethered(uvicorn.Server):
        """uvicorn without its own handlers, which end by raising the signal once more."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            loop = asyncio.get_running_loop()
            for number in _ENDING:
                loop.add_signal_handler(number, self.end)
            if leash is not None:
                loop.add_reader(leash, self.end)
            mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            try:
                yield
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)

        def end(self) -> None:
            self.should_exit = True
            if leash is not None:  # at its end a pipe stays readable
                asyncio.get_running_loop().remove_reader(leash)

        async def startup(self, sockets: list[socket] | None = None) -> None:
            await super().startup(sockets)
            self._ticking = asyncio.create_task(self._tick())
            ready()

        async def _tick(self) -> None:
            while True:
                await asyncio.sleep(_TICK)
                tick()

        async def shutdown(self, sockets: list[socket] | None = None) -> None:
            self._ticking.cancel()
            asyncio.get_running_loop().call_later(_FAREWELL, self._hang_up)
            await super().shutdown(sockets)

        def _hang_up(self) -> None:
            # A close waits for the client to read what is before it, and some never do.
            kind = self.config.ws_protocol_class
            for connection in list(self.server_state.connections):
                if kind is not None and isinstance(connection, kind):
                    connection.transport.abort()

    return Tethered(config)


def _application(answer: Callable[[Query], Delivery], broadcast: Broadcast) -> ASGIApp:
    from starlette.requests import ClientDisconnect, HTTPConnection, Request

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()  # the handshake's announcement
            query = _query(HTTPConnection(scope), "GET", b"").replace(upgrade=True)
            await _shake_hands(answer(query), broadcast, receive, send)
            return
        request = Request(scope, receive)
        parts: list[bytes] = []
        room = _BODY_LIMIT
        try:
            # Chunked or not; what is beyond the limit is dropped.
            async for part in request.stream():
                parts.append(part[:room])
                room -= len(parts[-1])
        except ClientDisconnect:
            return
        delivery = answer(_query(request, request.method, b"".join(parts)))
        await asyncio.sleep(delivery.fault.latency)
        await _send(delivery, send, "http.response")

    return application


def _query(request: HTTPConnection, method: str, body: bytes) -> Query:
    return Query(
        method=method,
        path=request.scope["path"],
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=SecretBytes(body),
    )


async def _shake_hands(
    delivery: Delivery, broadcast: Broadcast, receive: Receive, send: Send
) -> None:
    """Open the WebSocket and keep it until the client is gone, or refuse in plain HTTP."""
    try:
        await asyncio.sleep(delivery.fault.latency)
        if delivery.status != 101:
            await _send(delivery, send, "websocket.http.response")
            return
        with broadcast.mailbox() as mailbox:
            await send({"type": "websocket.accept"})
            if delivery.fault.cut:
                raise _Cut
            await mailbox.attend(receive, send)
    except OSError:  # uvicorn's word for a client that is gone
        return


async def _send(delivery: Delivery, send: Send, kind: str) -> None:
    """kind: of the ASGI messages, which a refused handshake has its own names for."""
    body = delivery.body
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in delivery.headers
    ]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": f"{kind}.start", "status": delivery.status, "headers": headers})
    if delivery.fault.cut:
        # An application that ends before its body makes uvicorn close the connection.
        await send({"type": f"{kind}.body", "body": body[: len(body) // 2], "more_body": True})
        return
    step = max(1, -(-len(body) // _PIECES)) if delivery.fault.pause else max(1, len(body))
    for start in range(0, len(body), step):
        if start:
            await asyncio.sleep(delivery.fault.pause)
        part = body[start : start + step]
        await send({"type": f"{kind}.body", "body": part, "more_body": True})
    await send({"type": f"{kind}.body", "body": b""})
