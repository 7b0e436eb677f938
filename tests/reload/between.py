"""A process between a launch and its platform, which treats notifications as it is told to.

    python between.py FRONT BACK CONTROL

listens at the socket FRONT and passes everything on to the socket BACK. The file CONTROL has the
manner in which connections for notifications end, from the next one on and at once:

through       they do not
close frame   in the orderly way, 0.3 s after they were made
end           without a word, 0.3 s after they were made
half a frame  in the middle of a message, 0.3 s after they were made
503           the handshake is refused
at once       every connection is taken and closed before its request was read
"""

from __future__ import annotations

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from pathlib import Path

LASTS = 0.3  # seconds
_PACE = 0.02
_LAST_WORDS = {"close frame": b"\x88\x02\x03\xe9", "half a frame": b"\x81\x7e\x01", "end": b""}
_REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Between:
    """front, back: paths of sockets. control: the file that is written to."""

    def __init__(self, front: str, back: str, control: str) -> None:
        self._front = front
        self._back = back
        self._control = Path(control)

    @property
    def manner(self) -> str:
        """How connections for notifications end now."""
        return self._control.read_text()

    async def serve(self) -> None:
        """Serve until somebody ends the process."""
        server = await asyncio.start_unix_server(self._meet, self._front, limit=2**20)
        async with server:
            await server.serve_forever()

    async def _meet(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await self._pass(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _pass(self, reader: StreamReader, writer: StreamWriter) -> None:
        manner = self.manner
        if manner == "at once":
            return
        head = await reader.readuntil(b"\r\n\r\n")
        listens = b"upgrade: websocket" in head.lower()
        if listens:
            # Each is a line, for whoever counts them.
            print(manner, flush=True)
        if listens and manner == "503":
            writer.write(_REFUSAL)
            await writer.drain()
            return
        behind, ahead = await asyncio.open_unix_connection(self._back)
        try:
            ahead.write(head)
            both = [
                asyncio.ensure_future(_copy(reader, ahead)),
                asyncio.ensure_future(_copy(behind, writer)),
            ]
            if listens:
                both.append(asyncio.ensure_future(self._ends(manner)))
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for each in both:
                each.cancel()
            if listens:
                writer.write(_LAST_WORDS.get(manner, b""))
                await writer.drain()
        finally:
            ahead.close()

    async def _ends(self, manner: str) -> None:
        """Wait until a connection of this manner is over."""
        if manner in _LAST_WORDS:
            await asyncio.sleep(LASTS)
            return
        while self.manner == manner:
            await asyncio.sleep(_PACE)


async def _copy(source: StreamReader, sink: StreamWriter) -> None:
    while piece := await source.read(65_536):
        sink.write(piece)
        await sink.drain()


if __name__ == "__main__":
    asyncio.run(Between(*sys.argv[1:]).serve())
