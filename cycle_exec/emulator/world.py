"""State in, World out: documents put together so that ids and references agree.

And what the platform puts around an instance of it besides the API: variables, a metadata file.
"""

from __future__ import annotations

from binascii import b2a_base64

from cycle_exec.emulator import documents
from cycle_exec.emulator.documents import SERVICES, Ground, identity, merged, table
from cycle_exec.emulator.model import ContainerState, Pair, State, World
from cycle_exec.record import Record
from cycle_exec.settings.model import TOKEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cycle_exec.emulator.model import CertificateState, Document


# What the app gets where the state takes any token.
ANY = "dev-token"


class Pod(Record):
    """A container and its instances."""

    container: Document
    instances: tuple[Document, ...]

    @property
    def id(self) -> str:
        """The container's id."""
        return str(self.container["id"])


def build(state: State, pairs: Sequence[Pair], started: float) -> World:
    """Return the world of a state.

    pairs: for each of the state's certificates, in order, what was issued or read.
    started: seconds since the epoch; every generated timestamp is this moment.
    """
    hub_id = str(state.hub.get("id") or identity("hub", "hub"))
    ground = Ground(now=documents.rfc3339(started), hub_id=hub_id)
    server = documents.server(ground, state.server)
    environment = documents.environment(ground, state.environment, server["cluster"])

    def pod(item: ContainerState, service: str = "") -> Pod:
        name = f"service/{service}" if service else item.identifier
        found = documents.container(ground, name, item.identifier, item.instances, environment)
        if service in SERVICES:
            found = merged(found, {"image": {"service": service}})
        container = merged(found, item.extra)
        instances = tuple(
            documents.instance(ground, container, place, server, item.ready)
            for place in range(item.instances)
        )
        return Pod(container=container, instances=instances)

    pods = {item.identifier: pod(item) for item in state.containers}
    services = {
        name: pod(ContainerState(identifier=name), service=name) for name in _services(state)
    }
    machines = {
        item.identifier: documents.virtual_machine(ground, item.identifier, item.extra, environment)
        for item in state.virtual_machines
    }
    everything = [*pods.values(), *services.values()]
    own = pods[state.containers[0].identifier].id
    ids = {"": own} | {identifier: pod.id for identifier, pod in pods.items()}
    return World(
        token=state.token,
        started=started,
        variables=state.variables,
        integrations=tuple(documents.integration(ground, item) for item in state.integrations),
        certificates=_certificates(state, pairs, ids, hub_id),
        domains=_domains(state, pairs, ids)
        | {str(machines[item.identifier]["id"]): item.domains for item in state.virtual_machines},
        users=state.users,
        own=own,
        environment=_with_services(environment, services, state),
        containers=tuple(item.container for item in everything),
        instances=tuple(instance for item in everything for instance in item.instances),
        services={
            name: merged(
                documents.service_container(item.container, item.instances),
                state.services.get(name, {}),
            )
            for name, item in services.items()
        },
        server=server,
        hub=documents.hub(ground, state.hub),
        networks=tuple(documents.network(ground, item, environment) for item in state.networks),
        ips=tuple(_ips(ground, state, pods)),
        virtual_machines=tuple(machines.values()),
    )


def variables(world: World) -> dict[str, str]:
    """Return the CYCLE_* variables of the world's own instance, as the platform sets them.

    Source of the names: the platform's page on container environment variables.
    """
    container = next(item for item in world.containers if item["id"] == world.own)
    instance = next((item for item in world.instances if item["container_id"] == world.own), {})
    provider = table(world.server, "provider")
    address = table(table(instance, "environment"), "ipv6")
    found = {
        TOKEN: world.token or ANY,
        "CYCLE_CONTAINER_ID": world.own,
        "CYCLE_CONTAINER_IDENTIFIER": container.get("identifier"),
        "CYCLE_ENVIRONMENT_ID": world.environment.get("id"),
        "CYCLE_CLUSTER": world.environment.get("cluster"),
        "CYCLE_INSTANCE_ID": instance.get("id"),
        "CYCLE_INSTANCE_IPV6_IP": address.get("ip"),
        "CYCLE_INSTANCE_IPV6_CIDR": address.get("cidr"),
        "CYCLE_LOCATION_ID": world.server.get("location_id"),
        "CYCLE_PROVIDER_VENDOR": provider.get("vendor"),
        "CYCLE_PROVIDER_LOCATION": provider.get("location"),
        "CYCLE_SERVER_ID": world.server.get("id"),
    }
    deployment = table(instance, "deployment").get("version")
    if deployment is not None:
        found["CYCLE_DEPLOYMENT_VERSION"] = deployment
    return {name: str(value) for name, value in found.items() if value is not None}


def metadata(world: World) -> Document:
    """Return the environment metadata file: four members of the environment."""
    names = ("id", "deployments", "private_network", "services")
    return {name: world.environment.get(name) for name in names}


def _ips(ground: Ground, state: State, pods: Mapping[str, Pod]) -> Iterator[Document]:
    """Who has a domain is public: an address of each kind, held by the first instance."""
    certified = {item.container or state.containers[0].identifier for item in state.certificates}
    for item in state.containers:
        pod = pods[item.identifier]
        if pod.instances and (item.domains or item.identifier in certified):
            for kind in ("ipv4", "ipv6"):
                yield documents.public_ip(ground, kind, pod.container, pod.instances[0])


def _services(state: State) -> tuple[str, ...]:
    """Return the services that the state names, and the VPN if it has users."""
    vpn = ("vpn",) if state.users and "vpn" not in state.services else ()
    return (*state.services, *vpn)


def _with_services(
    environment: Document, services: Mapping[str, Pod], state: State
) -> dict[str, object]:
    """Return the environment, its services naming the containers that are there."""
    enabled = {
        name: documents.environment_service(pod.id, len(pod.instances))
        for name, pod in services.items()
        if name in SERVICES
    }
    return merged(merged(environment, {"services": enabled}), state.environment)


def _certificates(
    state: State, pairs: Sequence[Pair], ids: Mapping[str, str], hub_id: str
) -> dict[str, tuple[Document, ...]]:
    found: dict[str, tuple[Document, ...]] = {}
    for item, pair in zip(state.certificates, pairs, strict=True):
        container = ids[item.container]
        found[container] = (*found.get(container, ()), _certificate(item, pair, hub_id))
    return found


def _certificate(item: CertificateState, pair: Pair, hub_id: str) -> Document:
    domains = list(item.domains or pair.domains)
    encode = _base64 if item.encoding == "base64" else str
    generated = {
        "id": identity("certificate", " ".join([item.container, *domains])),
        "domains": domains,
        "bundle": encode(pair.bundle),
        "private_key": encode(pair.private_key.reveal()),
        "hub_id": hub_id,
    }
    return merged(generated, item.extra)


def _domains(
    state: State, pairs: Sequence[Pair], ids: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return what points at each container: its own list and its certificates' plain names."""
    found = {ids[item.identifier]: list(item.domains) for item in state.containers}
    for item, pair in zip(state.certificates, pairs, strict=True):
        names = found[ids[item.container]]
        for name in item.domains or pair.domains:
            if name not in names and not name.startswith("*."):
                names.append(name)
    return {container: tuple(names) for container, names in found.items()}


def _base64(text: str) -> str:
    return b2a_base64(text.encode(), newline=False).decode()
