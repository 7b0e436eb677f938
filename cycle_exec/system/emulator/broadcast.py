"""What every WebSocket client hears. None of them can hold up the others or the server."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.types import Receive, Send

    Messages = Sequence[str]

_BEHIND = 64  # changes that a client may be behind; their messages are shared by all clients
_TOO_SLOW = 1013  # "try again later": the client connects anew and knows that it missed something


class Mailbox:
    """Messages on their way to one client."""

    def __init__(self) -> None:
        self._waiting: asyncio.Queue[Messages] = asyncio.Queue(_BEHIND)
        self._overrun = False

    def put(self, messages: Messages) -> None:
        """Add what has to be sent; once there is no room nothing more is added."""
        try:
            if not self._overrun:
                self._waiting.put_nowait(messages)
        except asyncio.QueueFull:
            self._overrun = True

    async def attend(self, receive: Receive, send: Send) -> None:
        """Send until the client is gone. What it says itself is dropped: nobody listens."""
        sending = asyncio.create_task(self._send(send))
        try:
            while (await receive())["type"] != "websocket.disconnect":
                pass
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        try:
            while not (self._overrun and self._waiting.empty()):
                for message in await self._waiting.get():
                    await send({"type": "websocket.send", "text": message})
            await send({"type": "websocket.close", "code": _TOO_SLOW})
        except OSError:  # uvicorn's word for a client that is gone; `attend` hears of it too
            return


class Broadcast:
    """All clients that are connected."""

    def __init__(self) -> None:
        self._mailboxes: set[Mailbox] = set()

    def publish(self, messages: Messages) -> None:
        """Send messages to everyone, without waiting for anyone."""
        if messages:
            for mailbox in self._mailboxes:
                mailbox.put(messages)

    @contextmanager
    def mailbox(self) -> Iterator[Mailbox]:
        """Yield a new client's, for as long as it stays."""
        mailbox = Mailbox()
        self._mailboxes.add(mailbox)
        try:
            yield mailbox
        finally:
            self._mailboxes.discard(mailbox)
