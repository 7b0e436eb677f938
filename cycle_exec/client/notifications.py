"""The platform's notifications: a WebSocket on the internal API's socket, one JSON object a frame.

The only importer of websockets (the extra `reload`). The path and the header are those of the
platform's own clients; its AsyncAPI document leaves the path out.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping
    from socket import socket as Socket
    from typing import Any, Self

    from websockets.frames import Frame

PATH = "/v1/notifications"
CONNECTED = ""  # the topic of a new connection; the platform has no empty one
_URI = f"ws://localhost{PATH}"  # the server ignores the host
_LONGEST_PAUSE = 30.0  # seconds between two connections
_LARGEST = 1024 * 1024  # bytes of a message
_CLOSING = 1.0  # seconds for a farewell
_PIECE = 65_536  # bytes read at once
_READ, _WRITE = 1, 4  # POLLIN, POLLOUT


class Unreachable(Exception):
    """There is no connection. status: what the platform answered instead, 0: nothing.

    `reason` is in our words, never the platform's.
    """

    def __init__(self, reason: str, status: int = 0) -> None:
        self.reason = reason
        self.status = status
        super().__init__(reason)


class Notification(Record):
    """Something has changed.

    topic: "dns.zone.certificate.ready" for example. object: the id of what changed; empty where
    the platform says none. state: the state it has now. message: all of it, as it came.
    """

    topic: str
    object: str = ""
    state: str = ""
    message: Mapping[str, Any] = {}

    @property
    def connected(self) -> bool:
        """Whether this is no change, but a new connection: see what has changed before it."""
        return self.topic == CONNECTED


class Listener:
    """A connection that never waits and starts nothing beside it, for who has more to wait for.

    It is to be asked for its `events` whenever its descriptor is ready. It is `open` once the
    platform has agreed; until then, it is up to the caller how long that may take.
    """

    def __init__(self, socket: str, token: str) -> None:
        """Begin to connect. Raises Unreachable."""
        self._socket = _connected(socket)
        self._assembled: list[bytes] = []
        self._left = b""
        self.open = False
        try:
            self._protocol = _protocol()
            request = self._protocol.connect()
            request.headers["X-CYCLE-TOKEN"] = token
            self._protocol.send_request(request)
            self._send()
        except BaseException:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor to wait for."""
        return self._socket.fileno()

    @property
    def waits_to_write(self) -> bool:
        """Whether the descriptor is to be waited for until it can be written to."""
        return bool(self._left)

    def events(self) -> list[Notification]:
        """Return the notifications that have arrived. Raises Unreachable when there is an end."""
        from websockets.exceptions import InvalidHandshake, InvalidStatus

        try:
            received = self._socket.recv(_PIECE)
        except BlockingIOError:
            self._send()
            return []
        except OSError:
            raise Unreachable("the connection was closed") from None
        try:
            if received:
                self._protocol.receive_data(received)
            else:
                self._protocol.receive_eof()
            refusal = self._protocol.handshake_exc
            found = [] if refusal else self._found()
        except Exception:  # noqa: BLE001 - whatever a peer sends is no reason to end
            raise Unreachable("the API does not follow the WebSocket protocol") from None
        if isinstance(refusal, InvalidStatus):
            status = refusal.response.status_code
            raise Unreachable(f"the API answered {status} to the handshake", status)
        if isinstance(refusal, InvalidHandshake):
            raise Unreachable("the API does not support WebSocket at this path")
        self._send()
        if not found and (not received or self._protocol.close_expected()):
            raise Unreachable("the connection was closed")
        return found

    def _found(self) -> list[Notification]:
        found = []
        for event in self._protocol.events_received():
            if not hasattr(event, "opcode"):
                self.open = True
                continue
            message = self._assemble(event)
            notification = parse(message) if message is not None else None
            if notification is not None:
                found.append(notification)
        return found

    def _assemble(self, frame: Frame) -> str | bytes | None:
        """Return a message whose last frame this is; pings and farewells are no messages."""
        from websockets.frames import Opcode

        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._assembled = []
            self._is_text = frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            return None
        self._assembled.append(bytes(frame.data))
        if not frame.fin:
            return None
        content = b"".join(self._assembled)
        return content.decode("utf-8", "replace") if self._is_text else content

    def _send(self) -> None:
        self._left += b"".join(self._protocol.data_to_send())
        try:
            while self._left:
                self._left = self._left[self._socket.send(self._left) :]
        except BlockingIOError:
            pass
        except OSError:
            # What it has still said before it went can be read all the same.
            self._left = b""

    def close(self) -> None:
        """End the connection, without waiting for an answer."""
        try:
            if self.open:
                self._protocol.send_close(1000)
                self._send()
        except Exception:  # noqa: BLE001, S110 - it ends in any case
            pass
        self._socket.close()


class Notifications:
    """A connection; use it as a context. Messages that are no notifications are passed over."""

    def __init__(self, socket: str, token: str, *, timeout: float) -> None:
        """Connect. timeout: seconds for connecting. Raises Unreachable."""
        from time import monotonic

        self._waiting: list[Notification] = []
        self._listener = Listener(socket, token)
        end = monotonic() + timeout
        try:
            while not self._listener.open:
                if not self._wait(end - monotonic()):
                    raise Unreachable("no response in time")
                self._waiting += self._listener.events()
        except BaseException:
            self._listener.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._listener.close()

    def receive(self, timeout: float | None = None) -> Notification | None:
        """Return the next notification; raise Unreachable when the connection has ended.

        None: none came within the timeout (None: wait without end), or what came was none.
        """
        if not self._waiting:
            if not self._wait(timeout):
                return None
            self._waiting += self._listener.events()
        return self._waiting.pop(0) if self._waiting else None

    def _wait(self, seconds: float | None) -> bool:
        from select import poll

        poller = poll()
        poller.register(self._listener.fileno(), _READ | _WRITE * self._listener.waits_to_write)
        return bool(poller.poll(None if seconds is None else max(0.0, seconds) * 1000))


def parse(message: str | bytes) -> Notification | None:
    """Return a notification; None for a frame that is none: it may be of a later platform."""
    import json

    if isinstance(message, bytes):
        return None
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("topic"), str):
        return None
    about = found.get("object")
    about = about if isinstance(about, dict) else {}
    return Notification(
        topic=found["topic"],
        object=_text(about.get("id")),
        state=_text(about.get("state")),
        message=found,
    )


def follow(
    socket: str, token: str, timeout: float, prefix: str = ""
) -> Generator[Notification, None, None]:
    """Yield notifications without end, over as many connections as it takes.

    The first of each connection is `connected`. Raise NotAuthorized.
    """
    from time import sleep

    _require()
    lost = 0
    while True:
        try:
            with Notifications(socket, token, timeout=timeout) as connection:
                lost = 0
                yield Notification(topic=CONNECTED)
                while True:
                    found = connection.receive()
                    if found is not None and found.topic.startswith(prefix):
                        yield found
        except Unreachable as error:
            _unless_refused(error)
        sleep(_pause(lost))
        lost += 1


async def follow_async(
    socket: str, token: str, timeout: float, prefix: str = ""
) -> AsyncGenerator[Notification, None]:
    """Yield as `follow` does, on asyncio."""
    from asyncio import sleep

    _require()
    from websockets.asyncio.client import unix_connect
    from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

    lost = 0
    while True:
        try:
            async with unix_connect(socket, _URI, **_options(token, timeout)) as connection:
                lost = 0
                yield Notification(topic=CONNECTED)
                async for message in connection:
                    found = parse(message)
                    if found is not None and found.topic.startswith(prefix):
                        yield found
        except InvalidStatus as error:
            _unless_refused(Unreachable("", error.response.status_code))
        except (ConnectionClosed, InvalidHandshake, EOFError, OSError):
            pass
        await sleep(_pause(lost))
        lost += 1


def _require() -> None:
    if not available():
        raise ModuleNotFoundError("notifications need websockets: pip install 'cycle-exec[reload]'")


def _unless_refused(error: Unreachable) -> None:
    """Raise NotAuthorized if the token was refused: it will be refused again."""
    if error.status in (401, 403):
        from cycle_exec.client.errors import NotAuthorized

        raise NotAuthorized(error.status, title="the token was rejected") from None


def _pause(lost: int) -> float:
    """Return the seconds before the next connection, as the platform's own client has them."""
    return float(min(_LONGEST_PAUSE, 2 ** min(lost, 5)))


def _options(token: str, timeout: float) -> dict[str, Any]:
    return {
        "additional_headers": {"X-CYCLE-TOKEN": token},
        "open_timeout": timeout,
        "close_timeout": _CLOSING,
        "max_size": _LARGEST,
        "compression": None,
        "user_agent_header": None,
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def available() -> bool:
    """Return whether websockets is installed."""
    from importlib.util import find_spec

    return find_spec("websockets") is not None


def _connected(path: str) -> Socket:
    """Return a socket that does not wait, connected. Raises Unreachable."""
    from socket import AF_UNIX, SOCK_STREAM, socket

    found = socket(AF_UNIX, SOCK_STREAM)
    try:
        found.setblocking(False)
        found.connect(path)
    except (OSError, ValueError):
        found.close()
        raise Unreachable("cannot connect to the socket") from None
    return found


def _protocol() -> Any:
    """Return the library's protocol without its input and output, which says nothing anywhere."""
    from logging import Logger, NullHandler

    from websockets.client import ClientProtocol
    from websockets.uri import parse_uri

    quiet = Logger("cycle-exec")
    quiet.addHandler(NullHandler())
    quiet.disabled = True
    return ClientProtocol(parse_uri(_URI), max_size=_LARGEST, logger=quiet)
