"""What the emulated platform answers to those who only ask."""

from __future__ import annotations

from cycle_exec.emulator import documents
from cycle_exec.emulator.envelope import Call, error, good, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cycle_exec.emulator.model import Document, Reply, World

    Answer = Callable[[Call], Reply]

SCOPES = ("global", "environment", "container", "instance")


def _variables(call: Call) -> Reply:
    started = call.world.memory.started
    ran = call.now - (call.world.started if started is None else started)
    return good(
        {
            name: variable.value
            for name, variable in call.world.variables.items()
            if variable.duration is None or ran < variable.duration
        }
    )


def _integration(call: Call) -> Reply:
    given = call.query.query
    wanted = {name: given[name] for name in ("identifier", "vendor") if given.get(name)}
    if not wanted:
        return missing("/query/identifier", "give identifier, vendor or both")
    for integration in call.world.integrations:
        if all(integration.get(name) == value for name, value in wanted.items()):
            return good(integration)
    return error(404, "No such integration", code="404.hub.integration")


def _of(kind: str, find: Callable[[World, Document], object]) -> Answer:
    """Return what `find` gives for the container or virtual machine asked for.

    Of containers the instance's own is the default.
    """
    name = f"{kind}-id"

    def answer(call: Call) -> Reply:
        world = call.world
        held = world.containers if kind == "container" else world.virtual_machines
        identity = call.query.query.get(name) or (world.own if kind == "container" else "")
        if not identity:
            return missing(f"/query/{name}", f"{name} is required")
        for document in held:
            if document["id"] == identity:
                return good(find(world, document))
        words = f"No such {kind.replace('-', ' ')}"
        return error(404, words, code=f"404.{kind}", source=f"/query/{name}")

    return answer


def _itself(_: World, document: Document) -> object:
    return document


def _instances(world: World, container: Document) -> object:
    return [item for item in world.instances if item["container_id"] == container["id"]]


def _certificates(world: World, container: Document) -> object:
    return list(world.certificates.get(str(container["id"]), ()))


def _domains(world: World, document: Document) -> object:
    return [{"fqdn": name} for name in world.domains.get(str(document["id"]), ())]


def _gateways(world: World, machine: Document) -> object:
    """Return the gateways that it leaves by, one for each instance of the gateway service."""
    service = documents.table(world.services, "gateway")
    gateway = documents.table(service, "container").get("id")
    return [
        documents.gateway(machine, item)
        for item in world.instances
        if item["container_id"] == gateway
    ]


def _telemetry(call: Call) -> Reply:
    moment = documents.rfc3339(call.now)
    running = [
        item
        for item in call.world.instances
        if documents.table(item, "state").get("current") == "running"
    ]
    return good([documents.telemetry(item, call.world.server, moment) for item in running])


def images(call: Call) -> list[Document]:
    """Return the images of the containers that are here, and those that were fetched."""
    began = documents.rfc3339(call.world.started)
    held = {
        str(identity): began
        for container in call.world.containers
        if (identity := documents.table(container, "image").get("id")) is not None
    }
    held.update(call.world.memory.images)
    return [{"id": identity, "access_time": moment} for identity, moment in held.items()]


def _networked(name: str) -> Answer:
    """Return what is in the networks: all of the one environment, where there is a network."""

    def answer(call: Call) -> Reply:
        found = getattr(call.world, name) if call.world.networks else ()
        return good(list(found) if isinstance(found, tuple) else [found])

    return answer


def _cached(call: Call) -> Reply:
    scope, key = (call.query.query.get(name, "") for name in ("scope", "key"))
    for name, value in (("scope", scope), ("key", key)):
        if not value:
            return missing(f"/query/{name}", "scope and key are required")
    if scope not in SCOPES:
        return error(422, "No such scope", f"one of {', '.join(SCOPES)}", source="/query/scope")
    found = call.world.memory.cache.get((scope, key))
    if found is None or found.ends <= call.now:
        return error(404, "No such object", "it was never stored, or has expired")
    return good({"scope": scope, "key": key, "value": found.value, "expires": found.expires})


def _whole(name: str) -> Answer:
    def answer(call: Call) -> Reply:
        found = getattr(call.world, name)
        return good(list(found) if isinstance(found, tuple) else found)

    return answer


ANSWERS: Mapping[str, Answer] = {
    "getEnvironment": _whole("environment"),
    "getEnvironmentContainers": _whole("containers"),
    "getEnvironmentInstances": _whole("instances"),
    "getEnvironmentIPs": _whole("ips"),
    "getEnvironmentServices": _whole("services"),
    "getEnvironmentVirtualMachines": _whole("virtual_machines"),
    "getEnvironmentScopedVariables": _variables,
    "getHub": _whole("hub"),
    "getHubIntegration": _integration,
    "getServer": _whole("server"),
    # There is one server, so all of the environment is on it.
    "getServerInstances": _whole("instances"),
    "getServerInstancesTelemetry": _telemetry,
    "getServerContainers": _whole("containers"),
    "getServerImages": lambda call: good(images(call)),
    "getContainer": _of("container", _itself),
    "getContainerInstances": _of("container", _instances),
    "getContainerCertificates": _of("container", _certificates),
    "getContainerDomains": _of("container", _domains),
    "getNetworks": _whole("networks"),
    "getNetworkInstances": _networked("instances"),
    "getNetworkEnvironments": _networked("environment"),
    "getVirtualMachine": _of("virtual-machine", _itself),
    "getVirtualMachineDomains": _of("virtual-machine", _domains),
    "getVirtualMachineGateways": _of("virtual-machine", _gateways),
    "getObjectCache": _cached,
}
