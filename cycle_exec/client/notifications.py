"""The platform's notifications: a WebSocket on the internal API's socket, one JSON object a frame.

The only importer of websockets (the extra `reload`). The path and the header are those of the
platform's own clients; its AsyncAPI document leaves the path out.
"""

from __future__ import annotations

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from websockets.sync.client import ClientConnection

PATH = "/v1/notifications"
_HOST = "localhost"  # the server ignores it
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
    """Something has changed. topic: "dns.zone.certificate.ready". object: the id of what changed;
    empty where the platform says none. state: the state it has now.
    """

    topic: str
    object: str = ""
    state: str = ""


class Notifications:
    """A connection; use it as a context. Messages that are no notifications are passed over."""

    def __init__(self, socket: str, token: str, *, timeout: float) -> None:
        """Connect. timeout: seconds for connecting. Raises Unreachable."""
        self._context, self._connection = _connected(socket, token, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._context.__exit__(None, None, None)

    def receive(self, timeout: float | None = None) -> Notification | None:
        """The next notification, or None if none came within so many seconds (None: wait for
        ever), or what came was none. Raises Unreachable when the connection has ended.
        """
        from websockets.exceptions import ConnectionClosed

        try:
            message = self._connection.recv(timeout)
        except TimeoutError:
            return None
        except ConnectionClosed:
            raise Unreachable("the connection has ended") from None
        return parse(message)


def parse(message: str | bytes) -> Notification | None:
    """A notification; None for a frame that is none: it may be of a later platform."""
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
        topic=found["topic"], object=_text(about.get("id")), state=_text(about.get("state"))
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def available() -> bool:
    """Whether websockets is installed."""
    from importlib.util import find_spec

    return find_spec("websockets") is not None


def _connected(
    socket: str, token: str, timeout: float
) -> tuple[AbstractContextManager[ClientConnection], ClientConnection]:
    """The connection, and the context that ends it, which in later versions is another object."""
    from websockets.exceptions import InvalidHandshake, InvalidStatus
    from websockets.sync.client import unix_connect

    try:
        context: AbstractContextManager[ClientConnection] = unix_connect(
            socket,
            f"ws://{_HOST}{PATH}",
            additional_headers={"X-CYCLE-TOKEN": token},
            open_timeout=timeout,
            close_timeout=_CLOSING,
            max_size=_LARGEST,
            compression=None,
            user_agent_header=None,
        )
        return context, context.__enter__()
    except InvalidStatus as error:
        status = error.response.status_code
        raise Unreachable(f"the API answered {status} to the handshake", status) from None
    except (InvalidHandshake, EOFError):
        raise Unreachable("the API does not speak WebSocket there") from None
    except TimeoutError:
        raise Unreachable("no answer in time") from None
    except OSError:
        raise Unreachable("there is no connection to the socket") from None
