"""Servers on TCP ports for those who wait for one, as good or as bad as a test needs them.

    with serving(reply(200, b"")) as server:
        ...                                     # let something connect to 127.0.0.1:server.port
        assert server.requests[0].startswith(b"GET / HTTP/1.1")

Behaviours are those of `hostile`, for a connection whose request was read; `unread` stands for one
that takes connections and reads nothing.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.hostile import Behaviour, Gone, Talk, perform
from tests.support.waiting import PATIENCE, until


class Server:
    """A server that is running. Requests are heads, as they came."""

    def __init__(self, listener: socket.socket, behaviour: Behaviour | None) -> None:
        self.port = int(listener.getsockname()[1])
        self.connections = 0
        self.requests: list[bytes] = []
        self.failures: list[Exception] = []
        self._behaviour = behaviour

    def wait_for_connections(self, count: int = 1) -> None:
        """Until so many have come; fails when they do not."""
        assert until(lambda: self.connections >= count), f"only {self.connections} came"

    def converse(self, connection: socket.socket, stop: int) -> None:
        """One connection from its first byte to its end."""
        talk = Talk(connection, stop)
        try:
            if self._behaviour is None:
                talk.pause()
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += talk.receive()
            self.requests.append(head)
            perform(self._behaviour, talk, len(self.requests))
        except Gone:
            pass
        except Exception as failure:  # noqa: BLE001 - raised again where the server ends
            self.failures.append(failure)
        finally:
            connection.close()


@contextmanager
def serving(
    behaviour: Behaviour | None = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Server]:
    """A server from its first connection to its last. behaviour None: it reads nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    threads: list[threading.Thread] = []
    stop, closing = os.pipe()
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(64)
        server = Server(listener, behaviour)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.setblocking(False)
                server.connections += 1
                thread = threading.Thread(target=server.converse, args=(connection, stop))
                threads.append(thread)
                thread.start()

        accepting = threading.Thread(target=serve)
        accepting.start()
        try:
            yield server
        finally:
            os.close(closing)
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (accepting, *threads):
                thread.join(PATIENCE)
            os.close(stop)
    if server.failures:
        raise server.failures[0]
