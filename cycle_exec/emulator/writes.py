"""What the emulated platform does when it is told to: each answer with what the world remembers."""

from __future__ import annotations

from binascii import Error, a2b_base64

from cycle_exec.emulator import bodies, documents, memory, reads
from cycle_exec.emulator.asked import Asked, error, good, missing
from cycle_exec.emulator.model import Cached, Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Answer = Callable[[Asked], Reply]
    # A body that its shape has vouched for.
    Body = Any

_STATES = {"container.instance.start": "running", "container.instance.stop": "stopped"}


def _vpn_login(asked: Asked) -> Reply:
    given = asked.query.headers.get("authorization", "")
    scheme, _, credentials = given.partition(" ")
    if scheme.lower() != "basic":
        words = "the login must be in a Basic Authorization header"
        return missing("/headers/authorization", words)
    login = _basic(credentials.strip())
    accepted = login is not None and asked.world.users.get(login[0]) == login[1]
    return Reply(status=200 if accepted else 403, data={"data": accepted})


def _basic(credentials: str) -> tuple[str, str] | None:
    try:
        name, colon, password = a2b_base64(credentials, strict_mode=True).decode().partition(":")
    except (Error, ValueError):
        return None
    return (name, password) if colon else None


def _with_body(shape: bodies.Check, act: Callable[[Asked, Body], Reply]) -> Answer:
    """Return an answer to a body of this shape: 400 if it is no JSON, 422 if it is another one."""

    def answer(asked: Asked) -> Reply:
        try:
            found = bodies.read(asked.query.body.reveal())
        except ValueError as refused:
            return error(400, "The body is not JSON", str(refused))
        if wrong := shape(found, ""):
            where, reason = wrong
            return error(422, "Invalid argument", reason, source=where)
        return act(asked, found)

    return answer


def _task(asked: Asked, body: Body) -> Reply:
    wanted = body["contents"]
    for item in asked.world.instances:
        if (item["id"], item["container_id"]) == (wanted["instance_id"], wanted["container_id"]):
            break
    else:
        return error(404, "No such instance", code="404.instance", source="/contents/instance_id")
    changed = {wanted["instance_id"]: (_STATES[body["action"]], documents.rfc3339(asked.now))}
    after = asked.world.memory
    after = after.replace(instances={**after.instances, **changed})
    return Reply(status=200, data={}, memory=after)


def _download(asked: Asked, body: Body) -> Reply:
    after = asked.world.memory
    moment = documents.rfc3339(asked.now)
    after = after.replace(images={**after.images, body["image_id"]: moment})
    held = reads.images(asked.replace(world=asked.world.replace(memory=after)))
    return good(held).replace(memory=after)


def _put(asked: Asked, body: Body) -> Reply:
    seconds = memory.seconds(body["expires"])
    if seconds is None:
        return error(422, "Invalid argument", 'a duration such as "1h30m"', source="/expires")
    found = Cached(value=body["value"], expires=body["expires"], ends=asked.now + seconds)
    return good(None).replace(
        memory=asked.world.memory.put((body["scope"], body["key"]), found, asked.now)
    )


def _stored(name: str) -> Callable[[Asked, Body], Reply]:
    """Keep what was handed in, for who looks at it under /_emulator."""

    def act(asked: Asked, body: Body) -> Reply:
        after = asked.world.memory
        kept = (*getattr(after, name), *(body if isinstance(body, list) else [body]))
        return good(True).replace(memory=after.replace(**{name: kept[-memory.MOST :]}))

    return act


def _power(current: str) -> Answer:
    """For containers that may: what becomes of every instance of the server."""

    def answer(asked: Asked) -> Reply:
        own = next(item for item in asked.world.containers if item["id"] == asked.world.own)
        runtime = documents.table(documents.table(own, "config"), "runtime")
        if documents.table(runtime, "host").get("power_management") is not True:
            words = "the container needs config.runtime.host.power_management"
            return error(403, "Not permitted", words)
        moment = documents.rfc3339(asked.now)
        states = {str(item["id"]): (current, moment) for item in asked.world.instances}
        after = asked.world.memory.replace(instances=states)
        if current == "running":
            # A variable with a duration is served once more after each start.
            after = after.replace(started=asked.now)
        return good(True).replace(memory=after)

    return answer


ANSWERS: Mapping[str, Answer] = {
    "validateVPNLogin": _vpn_login,
    "submitLoadBalancerTelemetry": _with_body(bodies.SNAPSHOTS, _stored("telemetry")),
    "downloadImage": _with_body(bodies.DOWNLOAD, _download),
    "poweroffServer": _power("stopped"),
    "rebootServer": _power("running"),
    "createInstanceJob": _with_body(bodies.TASK, _task),
    "postMetric": _with_body(bodies.METRICS, _stored("metrics")),
    "postEvent": _with_body(bodies.EVENTS, _stored("events")),
    "postObjectCache": _with_body(bodies.SAVE, _put),
}
