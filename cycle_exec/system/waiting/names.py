"""Names of hosts, looked up by the C library. That may last as long as it likes: it is called in
children alone.
"""

from __future__ import annotations

import _socket

from cycle_exec.errors import Unfit
from cycle_exec.system.files import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # Family, and what connect(2) takes.
    Target = tuple[int, Any]

# What a C library says of a name without an address; not each of them has every word.
_UNKNOWN = tuple(
    getattr(_socket, name)
    for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY")
    if hasattr(_socket, name)
)
_MOST = 16  # addresses of one name


def targets(host: str, port: int) -> list[Target]:
    """Return the addresses of a host, as they are preferred here. Raise Unfit."""
    # Bytes: a text would load Python's tables for names that are not ASCII.
    flags = _socket.AI_NUMERICHOST if ":" in host else 0
    try:
        found = _socket.getaddrinfo(
            host.encode("ascii"), port or None, 0, _socket.SOCK_STREAM, 0, flags
        )
    except _socket.gaierror as error:
        raise Unfit(_reason(error)) from None
    except OSError as error:
        raise Unfit(f"its name cannot be looked up: {words(error)}") from None
    return [(family, address) for family, _, _, _, address in found][:_MOST]


def _reason(error: _socket.gaierror) -> str:
    code = error.errno
    if code in _UNKNOWN:
        return "its name is unknown"
    if code == _socket.EAI_AGAIN:
        return "its name cannot be looked up: no name server has answered"
    if code == _socket.EAI_FAIL:
        return "its name cannot be looked up: the name server has failed"
    return "its name cannot be looked up"
