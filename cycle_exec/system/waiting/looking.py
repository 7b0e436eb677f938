"""Looking at one address that a start waits for, again and again."""

from __future__ import annotations

import _socket
import errno
import os
from time import sleep

from cycle_exec.errors import Unfit
from cycle_exec.system.files import words
from cycle_exec.system.invocation import encoded
from cycle_exec.system.random import number
from cycle_exec.system.waiting import connections, names
from cycle_exec.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from cycle_exec.settings.model import Address

_LONGEST_PATH = 107  # bytes of a socket's path (unix(7))
_SOCKET = {
    errno.ENOENT: "there is no socket",
    errno.ENOTDIR: "there is no socket",
    errno.ECONNREFUSED: "nothing listens on the socket",
    errno.EAGAIN: "its server does not accept connections fast enough",
    errno.EACCES: "this user has no permission for it",
}
_FILE = {
    errno.ENOENT: "it does not exist",
    errno.ENOTDIR: "it does not exist",
    errno.EACCES: "this user may not look there",
}


def until_there(
    address: Address,
    timeout: float,
    pause: Callable[[int, float], float],
    tell: Callable[[str], None],
) -> None:
    """Look until it is there, and tell each time why it is not, at the end that it is: "".

    timeout: seconds for one look; a lookup of a name may take longer. pause: (looks, random number)
    -> seconds.
    """
    looks = 0
    while True:
        if address.scheme in _NAMED and not looks:
            tell("the lookup of its name has not ended")
        reason = _LOOKS[address.scheme](address, timeout)
        tell(reason)
        if not reason:
            return
        looks += 1
        sleep(pause(looks, number()))


def _tcp(address: Address, timeout: float) -> str:
    return _reached(address, b"", timeout)


def _http(address: Address, timeout: float) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    port = "" if address.port == 80 else f":{address.port}"
    lines = (
        f"GET {address.path} HTTP/1.1",
        f"Host: {host}{port}",
        f"User-Agent: cycle-exec/{__version__}",
        "Accept: */*",
        "Connection: close",
    )
    return _reached(address, "\r\n".join(lines).encode("ascii") + b"\r\n\r\n", timeout)


def _reached(address: Address, request: bytes, timeout: float) -> str:
    try:
        targets = names.targets(address.host, address.port)
    except Unfit as unfit:
        return unfit.reason
    return connections.reached(targets, request, timeout)


def _dns(address: Address, _: float) -> str:
    try:
        names.targets(address.host, 0)
    except Unfit as unfit:
        return unfit.reason
    return ""


def _unix(address: Address, _timeout: float) -> str:
    path = encoded(address.path)
    try:
        if len(path) > _LONGEST_PATH:
            # This process is nobody else's: it can go where the rest of the path is short.
            folder, _, path = path.rpartition(b"/")
            os.chdir(folder)
        connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0)
    except OSError as error:
        return _SOCKET.get(error.errno or 0) or words(error)
    try:
        connection.setblocking(False)
        connection.connect(path)
    except OSError as error:
        # Somebody has it open who takes datagrams.
        if error.errno == errno.EPROTOTYPE:
            return ""
        return _SOCKET.get(error.errno or 0) or words(error)
    finally:
        connection.close()
    return ""


def _file(address: Address, _: float) -> str:
    try:
        os.stat(encoded(address.path))
    except OSError as error:
        return _FILE.get(error.errno or 0) or words(error)
    return ""


_NAMED = ("tcp", "http", "dns")
_LOOKS = {"tcp": _tcp, "http": _http, "unix": _unix, "file": _file, "dns": _dns}
