"""What it is called, in every message, that a request got no complete answer."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.sources.model import Failure

_WORDS = {
    "missing": "there is no socket",
    "refused": "nothing is listening on the socket",
    "full": "the server does not accept connections fast enough: the queue of its socket is full",
    "forbidden": "this user has no permission for the socket",
    "unusable": "the path of the socket is invalid",
    "exhausted": "no file descriptor or memory is left for a connection",
    "dropped": "the connection was closed before the response was complete",
    "timeout": "no complete response in time",
    "malformed": "the response is not valid HTTP",
    "too-large": "the response is larger than 16 MiB",
    "too-much": "all responses together are larger than 24 MiB",
    "unhealthy": "the API is not healthy",
    "abandoned": "the request was abandoned",
}
# What is to blame is the socket itself.
OF_SOCKET = frozenset(("missing", "refused", "full", "forbidden", "unusable"))


def words(failure: Failure) -> str:
    """Return what went wrong, with the last answer and how often it was tried."""
    found = failure.lack or _WORDS[failure.kind]
    if failure.status:
        found += f", it answered {failure.status}"
    if failure.attempts > 1:
        found += f" after {failure.attempts} attempts"
    return found + (", the deadline has passed" if failure.late else "")
