"""A client that never rests: whoever renews a certificate must not be noticed by it."""

from __future__ import annotations

import socket
import ssl
import threading

from tests.support.waiting import PATIENCE


class Visitor(threading.Thread):
    """Makes one request after the other, each with a handshake of its own."""

    def __init__(self, ca: str, host: str, port: int) -> None:
        super().__init__()
        self._context = ssl.create_default_context(cafile=ca)
        self._host = host
        self._port = port
        self._ending = threading.Event()
        self.certificates: list[str] = []
        self.answers: list[str] = []
        self.failures: list[str] = []

    def run(self) -> None:
        while not self._ending.is_set():
            try:
                serial, answer = self.visit()
            except OSError as error:
                self.failures.append(repr(error))
            else:
                self.certificates.append(serial)
                self.answers.append(answer)

    def visit(self) -> tuple[str, str]:
        """The serial number of the certificate, and the body."""
        with (
            socket.create_connection(("127.0.0.1", self._port), timeout=PATIENCE) as plain,
            self._context.wrap_socket(plain, server_hostname=self._host) as talk,
        ):
            certificate = talk.getpeercert()
            assert certificate
            request = f"GET / HTTP/1.1\r\nHost: {self._host}\r\nConnection: close\r\n\r\n"
            talk.sendall(request.encode())
            answer = b"".join(iter(lambda: talk.recv(4096), b"")).decode()
            if not answer:
                raise ConnectionError("it ended before it answered")
            assert answer.startswith("HTTP/1.1 200 "), answer
            return str(certificate["serialNumber"]), answer.partition("\r\n\r\n")[2]

    def end(self) -> None:
        """No more requests."""
        self._ending.set()
        self.join()
