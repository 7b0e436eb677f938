"""Every operation as a method, synchronous and asynchronous.

Made by tests/client/generate.py from its table and the official document. The types are
for type checkers: executing them takes longer than importing the rest of a client.
`get_type_hints(Client.hub, localns=vars(cycle_exec.client.types))` resolves them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from cycle_exec.client.types import (
        Certificate,
        Container,
        Domain,
        Environment,
        Event,
        Instance,
        InstanceTelemetry,
        Integration,
        Ip,
        LoadBalancerTelemetrySnapshot,
        Metric,
        Network,
        ObjectCacheSave,
        PublicHub,
        Server,
        ServerImage,
        ServiceContainers,
        StartInstanceAction,
        StopInstanceAction,
        VirtualMachine,
        VirtualMachineDomain,
        VirtualMachineGateway,
    )

# Whose answer is a list; null stands for an empty one.
LISTS = frozenset(
    (
        "downloadImage",
        "getContainerCertificates",
        "getContainerDomains",
        "getContainerInstances",
        "getEnvironmentContainers",
        "getEnvironmentIPs",
        "getEnvironmentInstances",
        "getEnvironmentVirtualMachines",
        "getNetworkEnvironments",
        "getNetworkInstances",
        "getNetworks",
        "getServerContainers",
        "getServerImages",
        "getServerInstances",
        "getServerInstancesTelemetry",
        "getVirtualMachineDomains",
        "getVirtualMachineGateways",
    )
)


class Methods:
    """Synchronous methods; what carries them out is the client's.

    Each raises ApiError or one of its kinds (client.errors). Times are RFC 3339,
    identifiers 24 hex digits, sizes bytes, durations texts as in "1h30m".
    """

    def _call(self, operation: str, query: dict[str, str | None], body: Any = None) -> Any:
        raise NotImplementedError

    def environment(self) -> Environment:
        """Return the environment of this instance.

        GET /v1/environment
        """
        found: Environment = self._call("getEnvironment", {})
        return found

    def environment_containers(self) -> list[Container]:
        """Return the containers of this environment.

        GET /v1/environment/containers
        """
        found: list[Container] = self._call("getEnvironmentContainers", {})
        return found

    def environment_instances(self) -> list[Instance]:
        """Return the instances of this environment.

        GET /v1/environment/instances
        """
        found: list[Instance] = self._call("getEnvironmentInstances", {})
        return found

    def environment_ips(self) -> list[Ip]:
        """Return the public IP addresses of this environment.

        GET /v1/environment/ips
        """
        found: list[Ip] = self._call("getEnvironmentIPs", {})
        return found

    def environment_services(self) -> ServiceContainers:
        """Return the services of this environment by name: discovery, vpn, loadbalancer, ...

        GET /v1/environment/services
        """
        found: ServiceContainers = self._call("getEnvironmentServices", {})
        return found

    def environment_virtual_machines(self) -> list[VirtualMachine]:
        """Return the virtual machines of this environment.

        GET /v1/environment/virtual-machines
        """
        found: list[VirtualMachine] = self._call("getEnvironmentVirtualMachines", {})
        return found

    def scoped_variables(self) -> dict[str, str]:
        """Return the scoped variables that this container may read, by identifier.

        A value whose URL source failed is an empty string.

        GET /v1/environment/scoped-variables
        """
        found: dict[str, str] = self._call("getEnvironmentScopedVariables", {})
        return found

    def hub(self) -> PublicHub:
        """Return the public part of the hub of this environment.

        GET /v1/hub
        """
        found: PublicHub = self._call("getHub", {})
        return found

    def integration(self, identifier: str | None = None, vendor: str | None = None) -> Integration:
        """Return an integration, by identifier, by vendor, or by both; one is needed.

        GET /v1/hub/integrations
        """
        found: Integration = self._call(
            "getHubIntegration", {"identifier": identifier, "vendor": vendor}
        )
        return found

    def server(self) -> Server:
        """Return the server that this instance runs on.

        GET /v1/server
        """
        found: Server = self._call("getServer", {})
        return found

    def server_instances(self) -> list[Instance]:
        """Return the instances on this server.

        GET /v1/server/instances
        """
        found: list[Instance] = self._call("getServerInstances", {})
        return found

    def server_telemetry(self) -> list[InstanceTelemetry]:
        """Return what each instance on this server uses. Sizes are bytes.

        GET /v1/server/instances/telemetry
        """
        found: list[InstanceTelemetry] = self._call("getServerInstancesTelemetry", {})
        return found

    def server_containers(self) -> list[Container]:
        """Return the containers on this server.

        GET /v1/server/containers
        """
        found: list[Container] = self._call("getServerContainers", {})
        return found

    def server_images(self) -> list[ServerImage]:
        """Return the images that this server holds.

        GET /v1/server/images
        """
        found: list[ServerImage] = self._call("getServerImages", {})
        return found

    def container(self, container_id: str | None = None) -> Container:
        """Return a container, by default this one.

        GET /v1/container
        """
        found: Container = self._call("getContainer", {"container-id": container_id})
        return found

    def container_instances(self, container_id: str | None = None) -> list[Instance]:
        """Return a container's instances, by default those of this one.

        GET /v1/container/instances
        """
        found: list[Instance] = self._call("getContainerInstances", {"container-id": container_id})
        return found

    def certificates(self, container_id: str | None = None) -> list[Certificate]:
        """Return a container's TLS certificates with their keys, by default those of this one.

        Bundle and key are PEM, or base64 of PEM.

        GET /v1/containers/certificates
        """
        found: list[Certificate] = self._call(
            "getContainerCertificates", {"container-id": container_id}
        )
        return found

    def domains(self, container_id: str | None = None) -> list[Domain]:
        """Return the domains that lead to a container, by default this one.

        GET /v1/containers/domains
        """
        found: list[Domain] = self._call("getContainerDomains", {"container-id": container_id})
        return found

    def networks(self) -> list[Network]:
        """Return the SDN networks that this environment is attached to.

        GET /v1/sdn/networks
        """
        found: list[Network] = self._call("getNetworks", {})
        return found

    def network_instances(self) -> list[Instance]:
        """Return the instances in these networks.

        GET /v1/sdn/networks/instances
        """
        found: list[Instance] = self._call("getNetworkInstances", {})
        return found

    def network_environments(self) -> list[Environment]:
        """Return the environments in these networks.

        GET /v1/sdn/networks/environments
        """
        found: list[Environment] = self._call("getNetworkEnvironments", {})
        return found

    def virtual_machine(self, virtual_machine_id: str) -> VirtualMachine:
        """Return a virtual machine.

        GET /v1/virtual-machine
        """
        found: VirtualMachine = self._call(
            "getVirtualMachine", {"virtual-machine-id": virtual_machine_id}
        )
        return found

    def virtual_machine_domains(self, virtual_machine_id: str) -> list[VirtualMachineDomain]:
        """Return the domains that lead to a virtual machine.

        GET /v1/virtual-machine/domains
        """
        found: list[VirtualMachineDomain] = self._call(
            "getVirtualMachineDomains", {"virtual-machine-id": virtual_machine_id}
        )
        return found

    def virtual_machine_gateways(self, virtual_machine_id: str) -> list[VirtualMachineGateway]:
        """Return the gateways before a virtual machine.

        GET /v1/virtual-machine/gateways
        """
        found: list[VirtualMachineGateway] = self._call(
            "getVirtualMachineGateways", {"virtual-machine-id": virtual_machine_id}
        )
        return found

    def object_cache_get(
        self, scope: Literal["global", "environment", "container", "instance"], key: str
    ) -> ObjectCacheSave:
        """Return an object of the cache; raise NotFound where it does not exist.

        GET /v1/object-cache
        """
        found: ObjectCacheSave = self._call("getObjectCache", {"scope": scope, "key": key})
        return found

    def submit_load_balancer_telemetry(
        self, snapshots: dict[str, LoadBalancerTelemetrySnapshot]
    ) -> bool:
        """Hand in snapshots, by controller.

        POST /v1/environment/services/lb/telemetry/snapshots
        """
        found: bool = self._call("submitLoadBalancerTelemetry", {}, snapshots)
        return found

    def download_image(self, image_id: str) -> list[ServerImage]:
        """Have this server fetch an image; return the images it holds.

        POST /v1/server/images/download
        """
        found: list[ServerImage] = self._call("downloadImage", {}, {"image_id": image_id})
        return found

    def power_off_server(self) -> bool:
        """Turn this server off. The container needs power_management.

        POST /v1/server/power/poweroff
        """
        found: bool = self._call("poweroffServer", {})
        return found

    def reboot_server(self) -> bool:
        """Restart this server. The container needs power_management.

        POST /v1/server/power/reboot
        """
        found: bool = self._call("rebootServer", {})
        return found

    def create_instance_task(self, task: StartInstanceAction | StopInstanceAction) -> None:
        """Start or stop an instance.

        POST /v1/conductor/tasks
        """
        self._call("createInstanceJob", {}, task)

    def post_metrics(self, metrics: list[Metric]) -> bool:
        """Report metrics.

        POST /v1/monitoring/metrics
        """
        found: bool = self._call("postMetric", {}, metrics)
        return found

    def post_events(self, events: list[Event]) -> bool:
        """Report events.

        POST /v1/monitoring/events
        """
        found: bool = self._call("postEvent", {}, events)
        return found

    def vpn_login(self, username: str, password: str) -> bool:
        """Return whether a VPN user has this password.

        POST /v1/vpn/login
        """
        found: bool = self._call("validateVPNLogin", {}, (username, password))
        return found

    def object_cache_put(self, save: ObjectCacheSave) -> None:
        """Put an object into the cache. `expires` is a duration such as "1h30m".

        POST /v1/object-cache
        """
        self._call("postObjectCache", {}, save)


class AsyncMethods:
    """Asynchronous methods; what carries them out is the client's.

    Each raises ApiError or one of its kinds (client.errors). Times are RFC 3339,
    identifiers 24 hex digits, sizes bytes, durations texts as in "1h30m".
    """

    async def _call(self, operation: str, query: dict[str, str | None], body: Any = None) -> Any:
        raise NotImplementedError

    async def environment(self) -> Environment:
        """Return the environment of this instance.

        GET /v1/environment
        """
        found: Environment = await self._call("getEnvironment", {})
        return found

    async def environment_containers(self) -> list[Container]:
        """Return the containers of this environment.

        GET /v1/environment/containers
        """
        found: list[Container] = await self._call("getEnvironmentContainers", {})
        return found

    async def environment_instances(self) -> list[Instance]:
        """Return the instances of this environment.

        GET /v1/environment/instances
        """
        found: list[Instance] = await self._call("getEnvironmentInstances", {})
        return found

    async def environment_ips(self) -> list[Ip]:
        """Return the public IP addresses of this environment.

        GET /v1/environment/ips
        """
        found: list[Ip] = await self._call("getEnvironmentIPs", {})
        return found

    async def environment_services(self) -> ServiceContainers:
        """Return the services of this environment by name: discovery, vpn, loadbalancer, ...

        GET /v1/environment/services
        """
        found: ServiceContainers = await self._call("getEnvironmentServices", {})
        return found

    async def environment_virtual_machines(self) -> list[VirtualMachine]:
        """Return the virtual machines of this environment.

        GET /v1/environment/virtual-machines
        """
        found: list[VirtualMachine] = await self._call("getEnvironmentVirtualMachines", {})
        return found

    async def scoped_variables(self) -> dict[str, str]:
        """Return the scoped variables that this container may read, by identifier.

        A value whose URL source failed is an empty string.

        GET /v1/environment/scoped-variables
        """
        found: dict[str, str] = await self._call("getEnvironmentScopedVariables", {})
        return found

    async def hub(self) -> PublicHub:
        """Return the public part of the hub of this environment.

        GET /v1/hub
        """
        found: PublicHub = await self._call("getHub", {})
        return found

    async def integration(
        self, identifier: str | None = None, vendor: str | None = None
    ) -> Integration:
        """Return an integration, by identifier, by vendor, or by both; one is needed.

        GET /v1/hub/integrations
        """
        found: Integration = await self._call(
            "getHubIntegration", {"identifier": identifier, "vendor": vendor}
        )
        return found

    async def server(self) -> Server:
        """Return the server that this instance runs on.

        GET /v1/server
        """
        found: Server = await self._call("getServer", {})
        return found

    async def server_instances(self) -> list[Instance]:
        """Return the instances on this server.

        GET /v1/server/instances
        """
        found: list[Instance] = await self._call("getServerInstances", {})
        return found

    async def server_telemetry(self) -> list[InstanceTelemetry]:
        """Return what each instance on this server uses. Sizes are bytes.

        GET /v1/server/instances/telemetry
        """
        found: list[InstanceTelemetry] = await self._call("getServerInstancesTelemetry", {})
        return found

    async def server_containers(self) -> list[Container]:
        """Return the containers on this server.

        GET /v1/server/containers
        """
        found: list[Container] = await self._call("getServerContainers", {})
        return found

    async def server_images(self) -> list[ServerImage]:
        """Return the images that this server holds.

        GET /v1/server/images
        """
        found: list[ServerImage] = await self._call("getServerImages", {})
        return found

    async def container(self, container_id: str | None = None) -> Container:
        """Return a container, by default this one.

        GET /v1/container
        """
        found: Container = await self._call("getContainer", {"container-id": container_id})
        return found

    async def container_instances(self, container_id: str | None = None) -> list[Instance]:
        """Return a container's instances, by default those of this one.

        GET /v1/container/instances
        """
        found: list[Instance] = await self._call(
            "getContainerInstances", {"container-id": container_id}
        )
        return found

    async def certificates(self, container_id: str | None = None) -> list[Certificate]:
        """Return a container's TLS certificates with their keys, by default those of this one.

        Bundle and key are PEM, or base64 of PEM.

        GET /v1/containers/certificates
        """
        found: list[Certificate] = await self._call(
            "getContainerCertificates", {"container-id": container_id}
        )
        return found

    async def domains(self, container_id: str | None = None) -> list[Domain]:
        """Return the domains that lead to a container, by default this one.

        GET /v1/containers/domains
        """
        found: list[Domain] = await self._call(
            "getContainerDomains", {"container-id": container_id}
        )
        return found

    async def networks(self) -> list[Network]:
        """Return the SDN networks that this environment is attached to.

        GET /v1/sdn/networks
        """
        found: list[Network] = await self._call("getNetworks", {})
        return found

    async def network_instances(self) -> list[Instance]:
        """Return the instances in these networks.

        GET /v1/sdn/networks/instances
        """
        found: list[Instance] = await self._call("getNetworkInstances", {})
        return found

    async def network_environments(self) -> list[Environment]:
        """Return the environments in these networks.

        GET /v1/sdn/networks/environments
        """
        found: list[Environment] = await self._call("getNetworkEnvironments", {})
        return found

    async def virtual_machine(self, virtual_machine_id: str) -> VirtualMachine:
        """Return a virtual machine.

        GET /v1/virtual-machine
        """
        found: VirtualMachine = await self._call(
            "getVirtualMachine", {"virtual-machine-id": virtual_machine_id}
        )
        return found

    async def virtual_machine_domains(self, virtual_machine_id: str) -> list[VirtualMachineDomain]:
        """Return the domains that lead to a virtual machine.

        GET /v1/virtual-machine/domains
        """
        found: list[VirtualMachineDomain] = await self._call(
            "getVirtualMachineDomains", {"virtual-machine-id": virtual_machine_id}
        )
        return found

    async def virtual_machine_gateways(
        self, virtual_machine_id: str
    ) -> list[VirtualMachineGateway]:
        """Return the gateways before a virtual machine.

        GET /v1/virtual-machine/gateways
        """
        found: list[VirtualMachineGateway] = await self._call(
            "getVirtualMachineGateways", {"virtual-machine-id": virtual_machine_id}
        )
        return found

    async def object_cache_get(
        self, scope: Literal["global", "environment", "container", "instance"], key: str
    ) -> ObjectCacheSave:
        """Return an object of the cache; raise NotFound where it does not exist.

        GET /v1/object-cache
        """
        found: ObjectCacheSave = await self._call("getObjectCache", {"scope": scope, "key": key})
        return found

    async def submit_load_balancer_telemetry(
        self, snapshots: dict[str, LoadBalancerTelemetrySnapshot]
    ) -> bool:
        """Hand in snapshots, by controller.

        POST /v1/environment/services/lb/telemetry/snapshots
        """
        found: bool = await self._call("submitLoadBalancerTelemetry", {}, snapshots)
        return found

    async def download_image(self, image_id: str) -> list[ServerImage]:
        """Have this server fetch an image; return the images it holds.

        POST /v1/server/images/download
        """
        found: list[ServerImage] = await self._call("downloadImage", {}, {"image_id": image_id})
        return found

    async def power_off_server(self) -> bool:
        """Turn this server off. The container needs power_management.

        POST /v1/server/power/poweroff
        """
        found: bool = await self._call("poweroffServer", {})
        return found

    async def reboot_server(self) -> bool:
        """Restart this server. The container needs power_management.

        POST /v1/server/power/reboot
        """
        found: bool = await self._call("rebootServer", {})
        return found

    async def create_instance_task(self, task: StartInstanceAction | StopInstanceAction) -> None:
        """Start or stop an instance.

        POST /v1/conductor/tasks
        """
        await self._call("createInstanceJob", {}, task)

    async def post_metrics(self, metrics: list[Metric]) -> bool:
        """Report metrics.

        POST /v1/monitoring/metrics
        """
        found: bool = await self._call("postMetric", {}, metrics)
        return found

    async def post_events(self, events: list[Event]) -> bool:
        """Report events.

        POST /v1/monitoring/events
        """
        found: bool = await self._call("postEvent", {}, events)
        return found

    async def vpn_login(self, username: str, password: str) -> bool:
        """Return whether a VPN user has this password.

        POST /v1/vpn/login
        """
        found: bool = await self._call("validateVPNLogin", {}, (username, password))
        return found

    async def object_cache_put(self, save: ObjectCacheSave) -> None:
        """Put an object into the cache. `expires` is a duration such as "1h30m".

        POST /v1/object-cache
        """
        await self._call("postObjectCache", {}, save)
