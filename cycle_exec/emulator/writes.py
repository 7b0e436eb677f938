"""What the emulated platform does when it is told to: each answer with what the world remembers."""

from __future__ import annotations

from binascii import Error, a2b_base64

from cycle_exec.emulator import bodies, documents, memory, reads
from cycle_exec.emulator.envelope import Call, error, good, missing
from cycle_exec.emulator.model import Cached, Reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Answer = Callable[[Call], Reply]
    # A body that its shape has vouched for.
    Body = Any

_STATES = {"container.instance.start": "running", "container.instance.stop": "stopped"}


def _vpn_login(call: Call) -> Reply:
    given = call.query.headers.get("authorization", "")
    scheme, _, credentials = given.partition(" ")
    if scheme.lower() != "basic":
        words = "the login must be in a Basic Authorization header"
        return missing("/headers/authorization", words)
    login = _basic(credentials.strip())
    accepted = login is not None and call.world.users.get(login[0]) == login[1]
    return Reply(status=200 if accepted else 403, data={"data": accepted})


def _basic(credentials: str) -> tuple[str, str] | None:
    try:
        name, colon, password = a2b_base64(credentials, strict_mode=True).decode().partition(":")
    except (Error, ValueError):
        return None
    return (name, password) if colon else None


def _with_body(shape: bodies.Check, act: Callable[[Call, Body], Reply]) -> Answer:
    """Return an answer to a body of this shape: 400 if it is no JSON, 422 if it is another one."""

    def answer(call: Call) -> Reply:
        try:
            found = bodies.read(call.query.body.reveal())
        except ValueError as refused:
            return error(400, "The body is not JSON", str(refused))
        if wrong := shape(found, ""):
            where, reason = wrong
            return error(422, "Invalid argument", reason, source=where)
        return act(call, found)

    return answer


def _task(call: Call, body: Body) -> Reply:
    wanted = body["contents"]
    for item in call.world.instances:
        if (item["id"], item["container_id"]) == (wanted["instance_id"], wanted["container_id"]):
            break
    else:
        return error(404, "No such instance", code="404.instance", source="/contents/instance_id")
    changed = {wanted["instance_id"]: (_STATES[body["action"]], documents.rfc3339(call.now))}
    after = call.world.memory
    after = after.replace(instances={**after.instances, **changed})
    return Reply(status=200, data={}, memory=after)


def _download(call: Call, body: Body) -> Reply:
    after = call.world.memory
    moment = documents.rfc3339(call.now)
    after = after.replace(images={**after.images, body["image_id"]: moment})
    held = reads.images(call.replace(world=call.world.replace(memory=after)))
    return good(held).replace(memory=after)


def _put(call: Call, body: Body) -> Reply:
    seconds = memory.seconds(body["expires"])
    if seconds is None:
        return error(422, "Invalid argument", 'a duration such as "1h30m"', source="/expires")
    found = Cached(value=body["value"], expires=body["expires"], ends=call.now + seconds)
    return good(None).replace(
        memory=call.world.memory.put((body["scope"], body["key"]), found, call.now)
    )


def _stored(name: str) -> Callable[[Call, Body], Reply]:
    """Keep what was handed in, for who looks at it under /_emulator."""

    def act(call: Call, body: Body) -> Reply:
        after = call.world.memory
        kept = (*getattr(after, name), *(body if isinstance(body, list) else [body]))
        return good(True).replace(memory=after.replace(**{name: kept[-memory.MOST :]}))

    return act


def _power(current: str) -> Answer:
    """For containers that may: what becomes of every instance of the server."""

    def answer(call: Call) -> Reply:
        own = next(item for item in call.world.containers if item["id"] == call.world.own)
        runtime = documents.table(documents.table(own, "config"), "runtime")
        if documents.table(runtime, "host").get("power_management") is not True:
            words = "the container needs config.runtime.host.power_management"
            return error(403, "Not permitted", words)
        moment = documents.rfc3339(call.now)
        states = {str(item["id"]): (current, moment) for item in call.world.instances}
        after = call.world.memory.replace(instances=states)
        if current == "running":
            # A variable with a duration is served once more after each start.
            after = after.replace(started=call.now)
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
