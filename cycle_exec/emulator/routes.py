"""World and request in, answer out: the internal API as its official document describes it."""

from __future__ import annotations

from cycle_exec.emulator.model import Query, Reply, World
from cycle_exec.record import Record
from cycle_exec.sources.operations import OPERATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Answer = Callable[["Asked"], Reply]

NOTIFICATIONS = "/v1/notifications"  # a WebSocket, in no path of the document

# The document's codes, one per status. It has none for 405 and 501, and no 501 or 405 in the
# platform's own words: the nearest stands in.
CODES = {
    400: "400.invalid-syntax",
    401: "401.auth-invalid",
    403: "403.permissions",
    404: "404.uri",
    405: "404.uri",
    409: "409.duplicate-found",
    415: "415.invalid-content-type",
    422: "422.invalid-argument",
    429: "429.rate-limiting",
    500: "500.unknown",
    501: "503.not-enabled",
    502: "500.unknown",
    503: "503.not-ready",
    504: "504.not-available",
}

_BY_PATH: dict[str, dict[str, str]] = {}
for _operation in OPERATIONS.values():
    _BY_PATH.setdefault(_operation.path, {})[_operation.method] = _operation.name


class Asked(Record):
    """What an answer is made from. now: seconds since the epoch."""

    world: World
    query: Query
    now: float


def respond(world: World, query: Query, now: float) -> Reply:
    """The answer to one request. now: seconds since the epoch."""
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
    if not methods:
        return error(404, "No such path", "the internal API has no operation at this path")
    if not name:
        allowed = ", ".join(sorted(methods))
        wrong = error(405, "Wrong method", f"this path takes {allowed}")
        return wrong.replace(headers=(("allow", allowed),))
    answer = _ANSWERS.get(name)
    if answer is None:
        return error(501, f"This emulator does not serve {name} yet")
    return answer(Asked(world=world, query=query, now=now))


def error(status: int, title: str, detail: str = "", *, code: str = "", source: str = "") -> Reply:
    """An error in the platform's envelope; the code follows from the status unless given."""
    members = {
        "status": status,
        "code": code or CODES.get(status, f"{status}.unknown"),
        "title": title,
        "detail": detail,
        "source": source,
    }
    return Reply(status=status, data={"error": members, "data": None})


def _notifications(query: Query) -> Reply:
    """A WebSocket, on which the platform speaks and clients are silent."""
    if query.upgrade:
        return Reply(status=101, data=None)
    return error(400, "Not a WebSocket", "this path needs the headers of a WebSocket handshake")


def _data(data: object) -> Reply:
    return Reply(status=200, data={"data": data})


def _variables(asked: Asked) -> Reply:
    ran = asked.now - asked.world.started
    return _data(
        {
            name: variable.value
            for name, variable in asked.world.variables.items()
            if variable.duration is None or ran < variable.duration
        }
    )


def _integration(asked: Asked) -> Reply:
    given = asked.query.query
    wanted = {name: given[name] for name in ("identifier", "vendor") if given.get(name)}
    if not wanted:
        return error(
            422,
            "Missing argument",
            "give identifier, vendor or both",
            code="422.missing-argument",
            source="/query/identifier",
        )
    for integration in asked.world.integrations:
        if all(integration.get(name) == value for name, value in wanted.items()):
            return _data(integration)
    return error(404, "No such integration", code="404.hub.integration")


def _certificates(asked: Asked) -> Reply:
    return _of_container(asked, lambda found: list(asked.world.certificates.get(found, ())))


def _domains(asked: Asked) -> Reply:
    names = asked.world.domains
    return _of_container(asked, lambda found: [{"fqdn": name} for name in names.get(found, ())])


def _container(asked: Asked) -> Reply:
    containers = {str(item["id"]): item for item in asked.world.containers}
    return _of_container(asked, lambda found: containers[found])


def _container_instances(asked: Asked) -> Reply:
    instances = asked.world.instances
    return _of_container(
        asked, lambda found: [item for item in instances if item["container_id"] == found]
    )


def _of_container(asked: Asked, find: Callable[[str], object]) -> Reply:
    """What `find` gives for the container asked for, the instance's own by default."""
    identity = asked.query.query.get("container-id", "") or asked.world.own
    if any(container["id"] == identity for container in asked.world.containers):
        return _data(find(identity))
    return error(404, "No such container", code="404.container", source="/query/container-id")


def _vpn_login(asked: Asked) -> Reply:
    given = asked.query.headers.get("authorization", "")
    scheme, _, credentials = given.partition(" ")
    if scheme.lower() != "basic":
        return error(
            422,
            "Missing argument",
            "a Basic Authorization header carries the login",
            code="422.missing-argument",
            source="/headers/authorization",
        )
    login = _basic(credentials.strip())
    accepted = login is not None and asked.world.users.get(login[0]) == login[1]
    return Reply(status=200 if accepted else 403, data={"data": accepted})


def _basic(credentials: str) -> tuple[str, str] | None:
    from binascii import Error, a2b_base64

    try:
        name, colon, password = a2b_base64(credentials, strict_mode=True).decode().partition(":")
    except (Error, ValueError):
        return None
    return (name, password) if colon else None


def _whole(name: str) -> Answer:
    def answer(asked: Asked) -> Reply:
        found = getattr(asked.world, name)
        return _data(list(found) if isinstance(found, tuple) else found)

    return answer


_ANSWERS: Mapping[str, Answer] = {
    "getEnvironmentScopedVariables": _variables,
    "getHubIntegration": _integration,
    "getContainerCertificates": _certificates,
    "getContainerDomains": _domains,
    "getContainer": _container,
    "getContainerInstances": _container_instances,
    "validateVPNLogin": _vpn_login,
    "getEnvironment": _whole("environment"),
    "getEnvironmentContainers": _whole("containers"),
    "getEnvironmentInstances": _whole("instances"),
    "getEnvironmentServices": _whole("services"),
    "getServer": _whole("server"),
    "getHub": _whole("hub"),
    "getNetworks": _whole("networks"),
}
SERVED = frozenset(_ANSWERS)
