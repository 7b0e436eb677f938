"""TCP ports of this machine for servers under test."""

from __future__ import annotations

import atexit
import socket

_HELD: list[socket.socket] = []


def free(count: int = 1) -> list[int]:
    """Return ports that nobody else gets for as long as this process lives.

    Each is held by a socket that is bound and never listens: the kernel gives the port to no
    connection and to nobody who asks for any port, but a server that names it may have it, as
    servers allow that their address is in use (SO_REUSEADDR).
    """
    found = []
    for _ in range(count):
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        _HELD.append(held)
        found.append(int(held.getsockname()[1]))
    return found


@atexit.register
def _let_go() -> None:
    """Close what is held: Python would warn of each."""
    for held in _HELD:
        held.close()


def listens(port: int) -> bool:
    """Return whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def has_ipv6() -> bool:
    """Return whether this machine can talk to itself by IPv6."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
