"""The emulator's Unix socket and the HTTP server behind it."""

from __future__ import annotations

import errno
import os
import signal
import stat
from contextlib import contextmanager
from socket import AF_UNIX, SOCK_STREAM, socket

from cycle_exec.emulator.model import Delivery, Query
from cycle_exec.errors import Refused, refuse
from cycle_exec.secret import SecretBytes
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded
from cycle_exec.system.issue import EXTRA
from cycle_exec.system.scratch import LONGEST_SOCKET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn import Config, Server

_BODY_LIMIT = 16 * 1024 * 1024
_BACKLOG = 1024
_PIECES = 8  # of a slow body
_GRACE = 1  # seconds that answers under way get when the server ends
_PROBE = 1.0  # seconds; a live emulator accepts at once
_INTERNAL = b'{"error": {"status": 500, "code": "500.unknown", "title": "emulator"}, "data": null}'


_ENDING = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


@contextmanager
def unhurried() -> Iterator[None]:
    """Hold back what ends the server, but for the time in which `serve` waits for it.

    Whoever makes files around `serve` does so in here, or a signal between would leave them.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        while signal.sigtimedwait(_ENDING, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def require() -> None:
    """Raise Refused (usage) where the extra that serving needs is not installed."""
    try:
        import starlette.requests  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError:
        raise refuse("usage", "emulator", "starlette or uvicorn is missing", EXTRA) from None


class Listener:
    """A listening Unix socket. Its file is removed by `close`, if it still is this one's.

    Clients can connect from the moment it exists; they wait until `serve` accepts them.
    """

    def __init__(self, path: str, mode: int) -> None:
        """mode: of the socket file. Raises Refused (target-refused)."""
        self._path = encoded(path)
        if len(self._path) > LONGEST_SOCKET or b"\0" in self._path:
            reason = f"a socket's path has at most {LONGEST_SOCKET} bytes"
            raise refuse("target-refused", path, reason, "name a shorter path")
        self.socket = socket(AF_UNIX, SOCK_STREAM)
        umask = os.umask(0o777 & ~mode)
        try:
            self._bind(path)
            self.socket.listen(_BACKLOG)
            found = os.lstat(self._path)
            self._identity = (found.st_dev, found.st_ino)
        except OSError as error:
            self.socket.close()
            raise refuse("target-refused", path, words(error)) from None
        except Refused:
            self.socket.close()
            raise
        finally:
            os.umask(umask)

    def _bind(self, path: str) -> None:
        try:
            self.socket.bind(self._path)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            self._clear(path)
            self.socket.bind(self._path)

    def _clear(self, path: str) -> None:
        """Remove the socket of a server that is dead, and nothing else."""
        fix = "name another path with --socket, or remove what is there"
        if not stat.S_ISSOCK(os.lstat(self._path).st_mode):
            raise refuse("target-refused", path, "something that is no socket is there", fix)
        with socket(AF_UNIX, SOCK_STREAM) as probe:
            probe.settimeout(_PROBE)
            try:
                probe.connect(self._path)
            except ConnectionRefusedError:
                os.unlink(self._path)
                return
            except OSError:
                pass
        raise refuse("target-refused", path, "another server is listening there", fix)

    def close(self) -> None:
        """Stop listening and remove the file."""
        self.socket.close()
        try:
            found = os.lstat(self._path)
            if (found.st_dev, found.st_ino) == self._identity:
                os.unlink(self._path)
        except OSError:
            return


def serve(
    listener: Listener,
    answer: Callable[[Query], Delivery],
    *,
    ready: Callable[[], None] = lambda: None,
    failed: Callable[[BaseException], None] = lambda _error: None,
    leash: int | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP, or until the leash ends.

    answer: called for each request, one at a time. failed: told of an `answer` that raised.
    leash: a pipe's reading end; when its writers are gone the server ends.
    """
    import logging

    import uvicorn

    quiet = logging.getLogger("uvicorn")
    quiet.addHandler(logging.NullHandler())
    quiet.propagate = False
    config = uvicorn.Config(
        _application(answer, failed),
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=_GRACE,
    )
    _server(config, ready, leash).run([listener.socket])


def _server(config: Config, ready: Callable[[], None], leash: int | None) -> Server:
    import asyncio

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
            ready()

    return Tethered(config)


def _application(
    answer: Callable[[Query], Delivery], failed: Callable[[BaseException], None]
) -> ASGIApp:
    from starlette.requests import ClientDisconnect, Request

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            query = await _query(Request(scope, receive))
        except ClientDisconnect:
            return
        try:
            delivery = answer(query)
        except Exception as error:  # noqa: BLE001 - the server outlives one bad answer
            failed(error)
            delivery = Delivery(status=500, headers=(), body=_INTERNAL)
        await _send(delivery, send)

    return application


async def _query(request: Request) -> Query:
    """The request with its whole body, chunked or not; what is beyond the limit is dropped."""
    parts: list[bytes] = []
    room = _BODY_LIMIT
    async for part in request.stream():
        parts.append(part[:room])
        room -= len(parts[-1])
    return Query(
        method=request.method,
        path=request.scope["path"],
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=SecretBytes(b"".join(parts)),
    )


async def _send(delivery: Delivery, send: Send) -> None:
    import asyncio

    if delivery.latency:
        await asyncio.sleep(delivery.latency)
    body = delivery.body
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in delivery.headers
    ]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": delivery.status, "headers": headers})
    if delivery.cut:
        # An application that ends before its body makes uvicorn close the connection.
        await send(
            {"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True}
        )
        return
    step = max(1, -(-len(body) // _PIECES)) if delivery.pause else max(1, len(body))
    for start in range(0, len(body), step):
        if start:
            await asyncio.sleep(delivery.pause)
        part = body[start : start + step]
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
