"""The platform's notifications: a WebSocket on the internal API's socket, one JSON object a frame.

The only importer of websockets (the extra `reload`). The path and the header are those of the
platform's own clients; its AsyncAPI document leaves the path out.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping
    from contextlib import AbstractContextManager
    from typing import Any, Self

    from websockets.sync.client import ClientConnection

PATH = "/v1/notifications"
CONNECTED = ""  # the topic of a new connection; the platform has no empty one
_URI = f"ws://localhost{PATH}"  # the server ignores the host
_LONGEST_PAUSE = 30.0  # seconds between two connections
_LARGEST = 1024 * 1024  # bytes of a message
_CLOSING = 1.0  # seconds for a farewell


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


class Notifications:
    """A connection; use it as a context. Messages that are no notifications are passed over."""

    def __init__(self, socket: str, token: str, *, timeout: float) -> None:
        """Connect. timeout: seconds for connecting. Raises Unreachable."""
        self._context, self._connection = _connected(socket, token, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._context.__exit__(None, None, None)

    def receive(self, timeout: float | None = None) -> Notification | None:
        """Return the next notification; raise Unreachable when the connection has ended.

        None: none came within the timeout (None: wait without end), or what came was none.
        """
        from websockets.exceptions import ConnectionClosed

        try:
            message = self._connection.recv(timeout)
        except TimeoutError:
            return None
        except ConnectionClosed:
            raise Unreachable("the connection was closed") from None
        return parse(message)


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


def _connected(
    socket: str, token: str, timeout: float
) -> tuple[AbstractContextManager[ClientConnection], ClientConnection]:
    """Return the context of a connection, and the connection: in later versions another object."""
    from websockets.exceptions import InvalidHandshake, InvalidStatus
    from websockets.sync.client import unix_connect

    try:
        context: AbstractContextManager[ClientConnection] = unix_connect(
            socket, _URI, **_options(token, timeout)
        )
        return context, context.__enter__()
    except InvalidStatus as error:
        status = error.response.status_code
        raise Unreachable(f"the API answered {status} to the handshake", status) from None
    except (InvalidHandshake, EOFError):
        raise Unreachable("the API does not support WebSocket at this path") from None
    except TimeoutError:
        raise Unreachable("no response in time") from None
    except OSError:
        raise Unreachable("cannot connect to the socket") from None
