"""Every operation as a method, written once for the synchronous and the asynchronous client.

Its types are for type checkers: executing them takes longer than importing the rest of a client.
`get_type_hints(Client.hub, localns=vars(cycle_exec.types))` resolves them.
"""

# mypy: disable-error-code=no-any-return
# The document vouches for what an answer is; nothing here looks at it.

from __future__ import annotations

from functools import wraps

from cycle_exec.client import exchange

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, overload

    from cycle_exec.client.exchange import Call
    from cycle_exec.types import (
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

    P = ParamSpec("P")
    R = TypeVar("R")
    Awaited = Coroutine[Any, Any, R]

    class _Method(Generic[P, R]):
        """What a type checker takes a method for: one that is awaited, or one that is not."""

        @overload
        def __get__(self, client: Methods, kind: object) -> Callable[P, R]: ...
        @overload
        def __get__(self, client: AsyncMethods, kind: object) -> Callable[P, Awaited[R]]: ...
        @overload
        def __get__(
            self, client: None, kind: type[Methods]
        ) -> Callable[Concatenate[Any, P], R]: ...
        @overload
        def __get__(
            self, client: None, kind: type[AsyncMethods]
        ) -> Callable[Concatenate[Any, P], Awaited[R]]: ...
        def __get__(self, client: object, kind: object) -> object: ...

    def _method(function: Callable[Concatenate[Any, P], R]) -> _Method[P, R]: ...

else:

    def _method(function):  # noqa: ANN001, ANN202 - the types are above
        return function


class _Operations:
    """What both clients can do; `_ask` is the client's, and decides whether to await.

    Each method raises ApiError or one of its kinds (client.errors). Times are RFC 3339,
    identifiers 24 hex digits, sizes bytes, durations texts as in "1h30m".
    """

    def _call(
        self,
        operation: str,
        query: Mapping[str, str | None] = {},
        body: Any = None,
        *,
        empty: Any = None,
    ) -> Any:
        """Return an operation's answer. empty: what null stands for in it."""
        return self._ask(exchange.call(operation, query, body), empty)

    def _ask(self, request: Call, empty: Any) -> Any:
        raise NotImplementedError

    @_method
    def environment(self) -> Environment:
        """Return the environment of this instance (GET /v1/environment)."""
        return self._call("getEnvironment")

    @_method
    def environment_containers(self) -> list[Container]:
        """Return the containers of this environment (GET /v1/environment/containers)."""
        return self._call("getEnvironmentContainers", empty=[])

    @_method
    def environment_instances(self) -> list[Instance]:
        """Return the instances of this environment (GET /v1/environment/instances)."""
        return self._call("getEnvironmentInstances", empty=[])

    @_method
    def environment_ips(self) -> list[Ip]:
        """Return the public IP addresses of this environment (GET /v1/environment/ips)."""
        return self._call("getEnvironmentIPs", empty=[])

    @_method
    def environment_services(self) -> ServiceContainers:
        """Return the services of this environment by name: discovery, vpn, loadbalancer, ...

        GET /v1/environment/services
        """
        return self._call("getEnvironmentServices", empty={})

    @_method
    def environment_virtual_machines(self) -> list[VirtualMachine]:
        """Return the virtual machines of this environment.

        GET /v1/environment/virtual-machines
        """
        return self._call("getEnvironmentVirtualMachines", empty=[])

    @_method
    def scoped_variables(self) -> dict[str, str]:
        """Return the scoped variables that this container may read, by identifier.

        A value whose URL source failed is an empty string.

        GET /v1/environment/scoped-variables
        """
        return self._call("getEnvironmentScopedVariables", empty={})

    @_method
    def hub(self) -> PublicHub:
        """Return the public part of the hub of this environment (GET /v1/hub)."""
        return self._call("getHub")

    @_method
    def integration(self, identifier: str | None = None, vendor: str | None = None) -> Integration:
        """Return an integration, by identifier, by vendor, or by both; one is needed.

        GET /v1/hub/integrations
        """
        return self._call("getHubIntegration", {"identifier": identifier, "vendor": vendor})

    @_method
    def server(self) -> Server:
        """Return the server that this instance runs on (GET /v1/server)."""
        return self._call("getServer")

    @_method
    def server_instances(self) -> list[Instance]:
        """Return the instances on this server (GET /v1/server/instances)."""
        return self._call("getServerInstances", empty=[])

    @_method
    def server_telemetry(self) -> list[InstanceTelemetry]:
        """Return what each instance on this server uses. Sizes are bytes.

        GET /v1/server/instances/telemetry
        """
        return self._call("getServerInstancesTelemetry", empty=[])

    @_method
    def server_containers(self) -> list[Container]:
        """Return the containers on this server (GET /v1/server/containers)."""
        return self._call("getServerContainers", empty=[])

    @_method
    def server_images(self) -> list[ServerImage]:
        """Return the images that this server holds (GET /v1/server/images)."""
        return self._call("getServerImages", empty=[])

    @_method
    def container(self, container_id: str | None = None) -> Container:
        """Return a container, by default this one (GET /v1/container)."""
        return self._call("getContainer", {"container-id": container_id})

    @_method
    def container_instances(self, container_id: str | None = None) -> list[Instance]:
        """Return a container's instances, by default those of this one.

        GET /v1/container/instances
        """
        return self._call("getContainerInstances", {"container-id": container_id}, empty=[])

    @_method
    def certificates(self, container_id: str | None = None) -> list[Certificate]:
        """Return a container's TLS certificates with their keys, by default those of this one.

        Bundle and key are PEM, or base64 of PEM.

        GET /v1/containers/certificates
        """
        return self._call("getContainerCertificates", {"container-id": container_id}, empty=[])

    @_method
    def domains(self, container_id: str | None = None) -> list[Domain]:
        """Return the domains that lead to a container, by default this one.

        GET /v1/containers/domains
        """
        return self._call("getContainerDomains", {"container-id": container_id}, empty=[])

    @_method
    def networks(self) -> list[Network]:
        """Return the SDN networks that this environment is attached to (GET /v1/sdn/networks)."""
        return self._call("getNetworks", empty=[])

    @_method
    def network_instances(self) -> list[Instance]:
        """Return the instances in these networks (GET /v1/sdn/networks/instances)."""
        return self._call("getNetworkInstances", empty=[])

    @_method
    def network_environments(self) -> list[Environment]:
        """Return the environments in these networks (GET /v1/sdn/networks/environments)."""
        return self._call("getNetworkEnvironments", empty=[])

    @_method
    def virtual_machine(self, virtual_machine_id: str) -> VirtualMachine:
        """Return a virtual machine (GET /v1/virtual-machine)."""
        return self._call("getVirtualMachine", {"virtual-machine-id": virtual_machine_id})

    @_method
    def virtual_machine_domains(self, virtual_machine_id: str) -> list[VirtualMachineDomain]:
        """Return the domains that lead to a virtual machine (GET /v1/virtual-machine/domains)."""
        return self._call(
            "getVirtualMachineDomains", {"virtual-machine-id": virtual_machine_id}, empty=[]
        )

    @_method
    def virtual_machine_gateways(self, virtual_machine_id: str) -> list[VirtualMachineGateway]:
        """Return the gateways before a virtual machine (GET /v1/virtual-machine/gateways)."""
        return self._call(
            "getVirtualMachineGateways", {"virtual-machine-id": virtual_machine_id}, empty=[]
        )

    @_method
    def object_cache_get(
        self, scope: Literal["global", "environment", "container", "instance"], key: str
    ) -> ObjectCacheSave:
        """Return an object of the cache; raise NotFound where it does not exist.

        GET /v1/object-cache
        """
        return self._call("getObjectCache", {"scope": scope, "key": key})

    @_method
    def submit_load_balancer_telemetry(
        self, snapshots: dict[str, LoadBalancerTelemetrySnapshot]
    ) -> bool:
        """Hand in snapshots, by controller.

        POST /v1/environment/services/lb/telemetry/snapshots
        """
        return self._call("submitLoadBalancerTelemetry", body=snapshots)

    @_method
    def download_image(self, image_id: str) -> list[ServerImage]:
        """Have this server fetch an image; return the images it holds.

        POST /v1/server/images/download
        """
        return self._call("downloadImage", body={"image_id": image_id}, empty=[])

    @_method
    def power_off_server(self) -> bool:
        """Turn this server off. The container needs power_management.

        POST /v1/server/power/poweroff
        """
        return self._call("poweroffServer")

    @_method
    def reboot_server(self) -> bool:
        """Restart this server. The container needs power_management.

        POST /v1/server/power/reboot
        """
        return self._call("rebootServer")

    @_method
    def create_instance_task(self, task: StartInstanceAction | StopInstanceAction) -> None:
        """Start or stop an instance (POST /v1/conductor/tasks)."""
        return self._call("createInstanceJob", body=task)

    @_method
    def post_metrics(self, metrics: list[Metric]) -> bool:
        """Report metrics (POST /v1/monitoring/metrics)."""
        return self._call("postMetric", body=metrics)

    @_method
    def post_events(self, events: list[Event]) -> bool:
        """Report events (POST /v1/monitoring/events)."""
        return self._call("postEvent", body=events)

    @_method
    def vpn_login(self, username: str, password: str) -> bool:
        """Return whether a VPN user has this password (POST /v1/vpn/login)."""
        return self._call("validateVPNLogin", body=(username, password))

    @_method
    def object_cache_put(self, save: ObjectCacheSave) -> None:
        """Put an object into the cache. `expires` is a duration such as "1h30m".

        POST /v1/object-cache
        """
        return self._call("postObjectCache", body=save)


class Methods(_Operations):
    """The methods of the synchronous client."""


class AsyncMethods(_Operations):
    """The methods of the asynchronous client: coroutine functions."""


def _awaited(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def call(*given: Any, **named: Any) -> Any:
        return await method(*given, **named)

    return call


for _name, _function in vars(_Operations).items():
    if _name[0] != "_":
        setattr(AsyncMethods, _name, _awaited(_function))
