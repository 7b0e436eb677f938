"""All operations of the internal API's official document, as a table keyed by operationId.

Source: the platform's OpenAPI 3.1 document (34 operations). The WebSocket /v1/notifications is in
no OpenAPI path and therefore not here.
"""

from __future__ import annotations

from cycle_exec.sources.model import Operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    OPERATIONS: dict[str, Operation]

# Method, path and the parameters of the query; those that it cannot do without have a `!`.
_ROWS = {
    "getEnvironment": "GET /v1/environment",
    "getEnvironmentContainers": "GET /v1/environment/containers",
    "getEnvironmentInstances": "GET /v1/environment/instances",
    "getEnvironmentIPs": "GET /v1/environment/ips",
    "getEnvironmentServices": "GET /v1/environment/services",
    "getEnvironmentVirtualMachines": "GET /v1/environment/virtual-machines",
    "getEnvironmentScopedVariables": "GET /v1/environment/scoped-variables",
    "getHub": "GET /v1/hub",
    # The document marks neither as required, its prose says that one of them is.
    "getHubIntegration": "GET /v1/hub/integrations identifier vendor",
    "getServer": "GET /v1/server",
    "getServerInstances": "GET /v1/server/instances",
    "getServerInstancesTelemetry": "GET /v1/server/instances/telemetry",
    "getServerContainers": "GET /v1/server/containers",
    "getServerImages": "GET /v1/server/images",
    "getContainer": "GET /v1/container container-id",
    "getContainerInstances": "GET /v1/container/instances container-id",
    "getContainerCertificates": "GET /v1/containers/certificates container-id",
    "getContainerDomains": "GET /v1/containers/domains container-id",
    "getNetworks": "GET /v1/sdn/networks",
    "getNetworkInstances": "GET /v1/sdn/networks/instances",
    "getNetworkEnvironments": "GET /v1/sdn/networks/environments",
    "getVirtualMachine": "GET /v1/virtual-machine virtual-machine-id!",
    "getVirtualMachineDomains": "GET /v1/virtual-machine/domains virtual-machine-id!",
    "getVirtualMachineGateways": "GET /v1/virtual-machine/gateways virtual-machine-id!",
    "getObjectCache": "GET /v1/object-cache scope! key!",
    "submitLoadBalancerTelemetry": "POST /v1/environment/services/lb/telemetry/snapshots",
    "downloadImage": "POST /v1/server/images/download",
    "poweroffServer": "POST /v1/server/power/poweroff",
    "rebootServer": "POST /v1/server/power/reboot",
    "createInstanceJob": "POST /v1/conductor/tasks",
    "postMetric": "POST /v1/monitoring/metrics",
    "postEvent": "POST /v1/monitoring/events",
    "validateVPNLogin": "POST /v1/vpn/login",
    "postObjectCache": "POST /v1/object-cache",
}


def operation(name: str) -> Operation:
    """Return one row of the table: a launch asks for few of them, and must not pay for all."""
    method, path, *query = _ROWS[name].split()
    return Operation(
        name=name,
        method=method,
        path=path,
        query=tuple(each.removesuffix("!") for each in query),
        required=tuple(each[:-1] for each in query if each[-1] == "!"),
    )


def __getattr__(name: str) -> dict[str, Operation]:
    """Make the whole table for those who import it (PEP 562)."""
    if name != "OPERATIONS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return {each: operation(each) for each in _ROWS}
