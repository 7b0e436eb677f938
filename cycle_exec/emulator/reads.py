"""What the emulated platform answers to those who only ask."""

from __future__ import annotations

from cycle_exec.emulator import documents
from cycle_exec.emulator.asked import Asked, error, good, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cycle_exec.emulator.model import Document, Reply

    Answer = Callable[[Asked], Reply]

SCOPES = ("global", "environment", "container", "instance")


def _variables(asked: Asked) -> Reply:
    started = asked.world.memory.started
    ran = asked.now - (asked.world.started if started is None else started)
    return good(
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
        return missing("identifier", "give identifier, vendor or both")
    for integration in asked.world.integrations:
        if all(integration.get(name) == value for name, value in wanted.items()):
            return good(integration)
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
    """Return what `find` gives for the container asked for, the instance's own by default."""
    identity = asked.query.query.get("container-id", "") or asked.world.own
    if any(container["id"] == identity for container in asked.world.containers):
        return good(find(identity))
    return error(404, "No such container", code="404.container", source="/query/container-id")


def _telemetry(asked: Asked) -> Reply:
    moment = documents.rfc3339(asked.now)
    running = [
        item
        for item in asked.world.instances
        if documents.table(item, "state").get("current") == "running"
    ]
    return good([documents.telemetry(item, asked.world.server, moment) for item in running])


def _images(asked: Asked) -> Reply:
    return good(images(asked))


def images(asked: Asked) -> list[Document]:
    """Return the images of the containers that are here, and those that were fetched."""
    began = documents.rfc3339(asked.world.started)
    held = {
        str(identity): began
        for container in asked.world.containers
        if (identity := documents.table(container, "image").get("id")) is not None
    }
    held.update(asked.world.memory.images)
    return [{"id": identity, "access_time": moment} for identity, moment in held.items()]


def _networked(name: str) -> Answer:
    """Return what is in the networks: all of the one environment, where there is a network."""

    def answer(asked: Asked) -> Reply:
        found = getattr(asked.world, name) if asked.world.networks else ()
        return good(list(found) if isinstance(found, tuple) else [found])

    return answer


def _machine(find: Callable[[Asked, Document], object]) -> Answer:
    """Return what `find` gives for the virtual machine asked for."""

    def answer(asked: Asked) -> Reply:
        identity = asked.query.query.get("virtual-machine-id", "")
        if not identity:
            return missing("virtual-machine-id", "virtual-machine-id is required")
        for machine in asked.world.virtual_machines:
            if machine["id"] == identity:
                return good(find(asked, machine))
        return error(
            404,
            "No such virtual machine",
            code="404.virtual-machine",
            source="/query/virtual-machine-id",
        )

    return answer


def _machine_domains(asked: Asked, machine: Document) -> object:
    return [{"fqdn": name} for name in asked.world.domains.get(str(machine["id"]), ())]


def _machine_gateways(asked: Asked, machine: Document) -> object:
    """Return the gateways that it leaves by, one for each instance of the gateway service."""
    service = documents.table(asked.world.services, "gateway")
    gateway = documents.table(service, "container").get("id")
    return [
        documents.gateway(machine, item)
        for item in asked.world.instances
        if item["container_id"] == gateway
    ]


def _cached(asked: Asked) -> Reply:
    scope, key = (asked.query.query.get(name, "") for name in ("scope", "key"))
    for name, value in (("scope", scope), ("key", key)):
        if not value:
            return missing(name, "scope and key are required")
    if scope not in SCOPES:
        return error(422, "No such scope", f"one of {', '.join(SCOPES)}", source="/query/scope")
    found = asked.world.memory.cache.get((scope, key))
    if found is None or found.ends <= asked.now:
        return error(404, "No such object", "it was never stored, or has expired")
    return good({"scope": scope, "key": key, "value": found.value, "expires": found.expires})


def _whole(name: str) -> Answer:
    def answer(asked: Asked) -> Reply:
        found = getattr(asked.world, name)
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
    "getServerImages": _images,
    "getContainer": _container,
    "getContainerInstances": _container_instances,
    "getContainerCertificates": _certificates,
    "getContainerDomains": _domains,
    "getNetworks": _whole("networks"),
    "getNetworkInstances": _networked("instances"),
    "getNetworkEnvironments": _networked("environment"),
    "getVirtualMachine": _machine(lambda _, machine: machine),
    "getVirtualMachineDomains": _machine(_machine_domains),
    "getVirtualMachineGateways": _machine(_machine_gateways),
    "getObjectCache": _cached,
}
