"""World and request in, answer out: the internal API as its official document describes it."""

from __future__ import annotations

from cycle_exec.emulator import reads, writes
from cycle_exec.emulator.envelope import CODES, Call, error, good
from cycle_exec.emulator.model import Memory, Query, Reply, World
from cycle_exec.sources.operations import OPERATIONS

__all__ = ["CODES", "NOTIFICATIONS", "SERVED", "error", "respond"]

NOTIFICATIONS = "/v1/notifications"  # a WebSocket, in no path of the document
_INSPECTION = "/_emulator"  # what it keeps for tests to look at: GET /_emulator/NAME
_KEPT = ("metrics", "events", "telemetry", "cache", "images", "instances")

_ANSWERS = {**reads.ANSWERS, **writes.ANSWERS}
SERVED = frozenset(_ANSWERS)

_BY_PATH: dict[str, dict[str, str]] = {}
for _operation in OPERATIONS.values():
    _BY_PATH.setdefault(_operation.path, {})[_operation.method] = _operation.name


def respond(world: World, query: Query, now: float) -> Reply:
    """Return the answer to one request, with what the world remembers of it. now: seconds since the
    epoch.
    """
    methods = _BY_PATH.get(query.path, {})
    name = methods.get(query.method, "")
    # The document lets a VPN login stand alone; a token that is given must be good all the same.
    token = query.headers.get("x-cycle-token", "")
    lone_login = name == "validateVPNLogin" and not token and "authorization" in query.headers
    if not lone_login and (not token or (world.token and token != world.token)):
        return error(401, "Invalid token", "the header X-CYCLE-TOKEN is missing or wrong")
    if query.path == NOTIFICATIONS:
        methods = {"GET": ""}
        if query.method == "GET":
            return _notifications(query)
    if query.path.startswith(_INSPECTION) and query.method == "GET":
        return _kept(world.memory, query.path.removeprefix(_INSPECTION).strip("/"))
    if not methods:
        return error(404, "No such path", "the internal API has no operation at this path")
    if not name:
        allowed = ", ".join(sorted(methods))
        wrong = error(405, "Wrong method", f"this path accepts {allowed}")
        return wrong.replace(headers=(("allow", allowed),))
    return _ANSWERS[name](Call(world=world, query=query, now=now))


def _notifications(query: Query) -> Reply:
    """Return a WebSocket, on which the platform speaks and clients are silent."""
    if query.upgrade:
        return Reply(status=101, data=None)
    return error(400, "Not a WebSocket", "this path needs the headers of a WebSocket handshake")


def _kept(memory: Memory, name: str) -> Reply:
    """Return what the memory has under one of the names of _KEPT; without a name, the names."""
    if not name:
        return good(list(_KEPT))
    if name not in _KEPT:
        return error(404, "The emulator does not store this", f"it stores {', '.join(_KEPT)}")
    if name == "cache":
        return good(
            [
                {"scope": scope, "key": key, "value": found.value, "expires": found.expires}
                for (scope, key), found in memory.cache.items()
            ]
        )
    if name == "instances":
        return good({about: current for about, (current, _) in memory.instances.items()})
    found = getattr(memory, name)
    return good(list(found) if isinstance(found, tuple) else dict(found))
