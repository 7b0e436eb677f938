"""Connections to all addresses of a host at once, for a port or the status of an HTTP answer."""

from __future__ import annotations

import _socket
import errno
from select import POLLIN, POLLOUT, poll
from time import monotonic

from cycle_exec.system.api import http1
from cycle_exec.system.files import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from cycle_exec.system.waiting.names import Target

_PIECE = 16_384
_SILENT = "it does not answer"
_REFUSED = "nothing listens on the port"
_CAUSES = {
    errno.ECONNREFUSED: _REFUSED,
    errno.ETIMEDOUT: _SILENT,
    errno.ENETUNREACH: "there is no route to it",
    errno.EHOSTUNREACH: "there is no route to it",
    errno.EADDRNOTAVAIL: "there is no route to it",
}
# Of several addresses, what is said: what one that was reached has done rather than a detour.
_UNTOLD = frozenset((*_CAUSES.values(), ""))
_ORDER = ("", _REFUSED, _SILENT, "there is no route to it")


def reached(targets: Sequence[Target], request: bytes, seconds: float) -> str:
    """Return an empty text as soon as one address is as it should be, else why none is.

    request: of HTTP, to be answered with a status of 200 to 299; empty: a connection is enough.
    seconds: for all of it.
    """
    end = monotonic() + seconds
    tries: list[_Try] = []
    try:
        for family, address in targets:
            tries.append(_Try(family, request))
            tries[-1].connect(address)
        while waiting := [each for each in tries if each.reason is None]:
            left = end - monotonic()
            if left <= 0:
                break
            _listen(waiting, left)
            if any(each.reason == "" for each in waiting):
                return ""
        return _told([_late(each) if each.reason is None else each.reason for each in tries])
    finally:
        for each in tries:
            each.close()


def _listen(waiting: Sequence[_Try], seconds: float) -> None:
    poller = poll()
    by_descriptor = {each.fileno(): each for each in waiting}
    for descriptor, each in by_descriptor.items():
        poller.register(descriptor, POLLIN if each.is_sent else POLLOUT)
    for descriptor, _ in poller.poll(seconds * 1000):
        by_descriptor[descriptor].proceed()


def _told(reasons: Sequence[str]) -> str:
    """Return the reason that says most: what a server that was reached has done."""
    if "" in reasons:
        return ""
    answered = [reason for reason in reasons if reason not in _UNTOLD]
    if answered:
        return answered[0]
    return min(reasons, key=_ORDER.index)


def _late(each: _Try) -> str:
    return "it accepts connections, but sends no response" if each.is_connected else _SILENT


class _Try:
    """One address. reason: why it is not as it should be, empty: it is; None: that is open."""

    def __init__(self, family: int, request: bytes) -> None:
        self.reason: str | None = None
        self.is_connected = False
        self._request = request
        self._unsent = memoryview(request)
        self._head = b""
        self._socket: _socket.socket | None = None
        self._family = family

    def connect(self, address: Any) -> None:
        """Begin."""
        try:
            self._socket = _socket.socket(self._family, _socket.SOCK_STREAM, 0)
            self._socket.setblocking(False)
            code = self._socket.connect_ex(address)
        except OSError as error:
            code = error.errno or 0
            self.reason = _cause(error)
            return
        if code not in (0, errno.EINPROGRESS):
            self.reason = _cause(OSError(code, ""))

    @property
    def is_sent(self) -> bool:
        """Whether there is nothing left to do but to listen."""
        return self.is_connected and not self._unsent

    def fileno(self) -> int:
        """Return the descriptor of the connection."""
        assert self._socket is not None
        return self._socket.fileno()

    def proceed(self) -> None:
        """Do what can be done now."""
        assert self._socket is not None
        try:
            if not self.is_connected:
                self._connected(self._socket)
            elif self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
            else:
                self._receive(self._socket)
        except BlockingIOError:
            return
        except OSError as error:
            self.reason = "the connection was reset" if self.is_connected else _cause(error)

    def _connected(self, connection: _socket.socket) -> None:
        code = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
        if code:
            self.reason = _cause(OSError(code, ""))
        elif connection.getsockname() == connection.getpeername():
            # A port of this machine that nobody has may be given to the very connection to it.
            self.reason = _REFUSED
        else:
            self.is_connected = True
            self.reason = None if self._request else ""

    def _receive(self, connection: _socket.socket) -> None:
        data = connection.recv(_PIECE)
        self._head += data
        try:
            status = http1.status(self._head)
        except http1.Malformed:
            self.reason = "what it answers is not HTTP"
            return
        if status is not None:
            self.reason = _judged(status)
        elif not data:
            self.reason = "it closes the connection without a response"

    def close(self) -> None:
        """Give it up."""
        if self._socket is not None:
            self._socket.close()


def _judged(status: int) -> str:
    if 200 <= status <= 299:
        return ""
    more = ", and redirects are not followed" if 300 <= status <= 399 else ""
    return f"it answers {status}{more}"


def _cause(error: OSError) -> str:
    return _CAUSES.get(error.errno or 0) or words(error)
