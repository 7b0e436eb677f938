"""All operations of the internal API's official document, as a table keyed by operationId.

Source: the platform's OpenAPI 3.1 document (34 operations). The WebSocket /v1/notifications is in
no OpenAPI path and therefore not here.
"""

from __future__ import annotations

from cycle_exec.sources.model import Operation

_GET = (
    ("getEnvironment", "/v1/environment", "", ""),
    ("getEnvironmentContainers", "/v1/environment/containers", "", ""),
    ("getEnvironmentInstances", "/v1/environment/instances", "", ""),
    ("getEnvironmentIPs", "/v1/environment/ips", "", ""),
    ("getEnvironmentServices", "/v1/environment/services", "", ""),
    ("getEnvironmentVirtualMachines", "/v1/environment/virtual-machines", "", ""),
    ("getEnvironmentScopedVariables", "/v1/environment/scoped-variables", "", ""),
    ("getHub", "/v1/hub", "", ""),
    # The document marks neither as required, its prose says that one of them is.
    ("getHubIntegration", "/v1/hub/integrations", "identifier vendor", ""),
    ("getServer", "/v1/server", "", ""),
    ("getServerInstances", "/v1/server/instances", "", ""),
    ("getServerInstancesTelemetry", "/v1/server/instances/telemetry", "", ""),
    ("getServerContainers", "/v1/server/containers", "", ""),
    ("getServerImages", "/v1/server/images", "", ""),
    ("getContainer", "/v1/container", "container-id", ""),
    ("getContainerInstances", "/v1/container/instances", "container-id", ""),
    ("getContainerCertificates", "/v1/containers/certificates", "container-id", ""),
    ("getContainerDomains", "/v1/containers/domains", "container-id", ""),
    ("getNetworks", "/v1/sdn/networks", "", ""),
    ("getNetworkInstances", "/v1/sdn/networks/instances", "", ""),
    ("getNetworkEnvironments", "/v1/sdn/networks/environments", "", ""),
    ("getVirtualMachine", "/v1/virtual-machine", "virtual-machine-id", "virtual-machine-id"),
    (
        "getVirtualMachineDomains",
        "/v1/virtual-machine/domains",
        "virtual-machine-id",
        "virtual-machine-id",
    ),
    (
        "getVirtualMachineGateways",
        "/v1/virtual-machine/gateways",
        "virtual-machine-id",
        "virtual-machine-id",
    ),
    ("getObjectCache", "/v1/object-cache", "scope key", "scope key"),
)
_POST = (
    ("submitLoadBalancerTelemetry", "/v1/environment/services/lb/telemetry/snapshots"),
    ("downloadImage", "/v1/server/images/download"),
    ("poweroffServer", "/v1/server/power/poweroff"),
    ("rebootServer", "/v1/server/power/reboot"),
    ("createInstanceJob", "/v1/conductor/tasks"),
    ("postMetric", "/v1/monitoring/metrics"),
    ("postEvent", "/v1/monitoring/events"),
    ("validateVPNLogin", "/v1/vpn/login"),
    ("postObjectCache", "/v1/object-cache"),
)

OPERATIONS: dict[str, Operation] = {
    name: Operation(
        name=name,
        method="GET",
        path=path,
        query=tuple(query.split()),
        required=tuple(required.split()),
    )
    for name, path, query, required in _GET
}
OPERATIONS.update({name: Operation(name=name, method="POST", path=path) for name, path in _POST})
