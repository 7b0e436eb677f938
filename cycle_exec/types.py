"""Types of the internal API, from the platform's official document.

Made by tests/client/generate.py; names and shapes only. Identifiers are 24 hex digits,
times RFC 3339, durations texts as in "1h30m", sizes bytes.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class ACL(TypedDict):
    """ACL."""

    roles: NotRequired[dict[str, ACLRolesValue]]


class ACLRolesValue(TypedDict):
    """ACL roles value."""

    view: bool
    modify: bool
    manage: bool


class CPUSnapshot(TypedDict):
    """CPU snapshot."""

    num_cores: int
    usage: CPUSnapshotUsage
    throttling: CPUSnapshotThrottling


class CPUSnapshotThrottling(TypedDict):
    """CPU snapshot throttling."""

    periods: NotRequired[int]
    throttled_periods: NotRequired[int]
    throttled_time: NotRequired[int]


class CPUSnapshotUsage(TypedDict):
    """CPU snapshot usage."""

    total: int
    kernel: int
    user: float


class Certificate(TypedDict):
    """Certificate."""

    id: str
    domains: list[str]
    private_key: str
    bundle: str
    hub_id: str


class Config(TypedDict):
    """Config."""

    network: ContainerNetwork
    deploy: ContainerDeploy
    scale: NotRequired[ContainerScale]
    runtime: NotRequired[ContainerRuntime]
    resources: NotRequired[ContainerResources]
    integrations: NotRequired[ContainerIntegrations]


class Container(TypedDict):
    """Container."""

    id: str
    identifier: str
    name: str
    creator: CreatorScope
    environment: ContainerEnvironmentSummary
    hub_id: str
    image: ImageSummary
    stack: NotRequired[StackSummary | None]
    config: Config
    deployment: NotRequired[Deployment | None]
    instances: int
    volumes: NotRequired[list[VolumeSummary]]
    annotations: NotRequired[dict[str, Any] | None]
    role: NotRequired[Literal["orchestrator"] | None]
    stateful: bool
    deprecate: bool
    lock: bool
    state: ContainerState
    events: ContainerEvents
    meta: NotRequired[ContainersMeta]


class ContainerDeploy(TypedDict):
    """Container deploy."""

    instances: int
    strategy: NotRequired[
        Literal[
            "resource-density",
            "high-availability",
            "distributed",
            "first-available",
            "manual",
            "node",
            "edge",
            "function",
        ]
        | None
    ]
    function: NotRequired[ContainerDeployFunction | None]
    stateful: NotRequired[ContainerDeployStateful | None]
    constraints: NotRequired[ContainerDeployConstraints | None]
    shutdown: NotRequired[ContainerDeployShutdown | None]
    startup: NotRequired[ContainerDeployStartup | None]
    update: NotRequired[ContainerDeployUpdate | None]
    restart: NotRequired[ContainerDeployRestart | None]
    readiness_check: NotRequired[ContainerDeployReadinessCheck | None]
    health_check: NotRequired[ContainerDeployHealthCheck | None]
    telemetry: NotRequired[ContainerDeployTelemetry | None]


class ContainerDeployConstraints(TypedDict):
    """Container deploy constraints."""

    node: NotRequired[ContainerDeployConstraintsNode | None]
    secrets: NotRequired[list[str] | None]


class ContainerDeployConstraintsNode(TypedDict):
    """Container deploy constraints node."""

    tags: ContainerDeployConstraintsNodeTags


class ContainerDeployConstraintsNodeTags(TypedDict):
    """Container deploy constraints node tags."""

    any: NotRequired[list[str] | None]
    all: NotRequired[list[str] | None]


class ContainerDeployFunction(TypedDict):
    """Container deploy function."""

    max_pool_size: NotRequired[int | None]
    max_shard_concurrency: NotRequired[int | None]
    max_runtime: NotRequired[str | None]
    max_queue_time: NotRequired[str | None]


class ContainerDeployHealthCheck(TypedDict):
    """Container deploy health check."""

    command: str
    retries: int
    delay: str
    interval: str
    timeout: str
    restart: bool


class ContainerDeployReadinessCheck(TypedDict):
    """Container deploy readiness check."""

    command: str
    interval: str
    timeout: str


class ContainerDeployRestart(TypedDict):
    """Container deploy restart."""

    condition: Literal["always", "never", "failure"]
    delay: str
    max_attempts: int


class ContainerDeployShutdown(TypedDict):
    """Container deploy shutdown."""

    graceful_timeout: NotRequired[str | None]
    signals: NotRequired[
        list[Literal["SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGQUIT"]] | None
    ]


class ContainerDeployStartup(TypedDict):
    """Container deploy startup."""

    delay: NotRequired[str]


class ContainerDeployStateful(TypedDict):
    """Container deploy stateful."""

    options: NotRequired[ContainerDeployStatefulOptions | None]


class ContainerDeployStatefulOptions(TypedDict):
    """Container deploy stateful options."""

    use_base_hostname: NotRequired[bool | None]


class ContainerDeployTelemetry(TypedDict):
    """Container deploy telemetry."""

    retention: str
    interval: str
    disable: bool


class ContainerDeployUpdate(TypedDict):
    """Container deploy update."""

    stagger: NotRequired[str]


class ContainerEnvironmentSummary(TypedDict):
    """Container environment summary."""

    id: str
    cluster: str
    container_subnet: NotRequired[str | None]
    ipv6: NotRequired[IPNet | None]
    legacy: NotRequired[LegacyNetwork | None]


class ContainerEvents(TypedDict):
    """Container events."""

    created: str
    updated: str
    deleted: str
    started: str


class ContainerExtension(TypedDict):
    """Container extension."""

    identifier: Literal["virtual-machine-v1"]
    id: NotRequired[str]


class ContainerImageSummary(TypedDict):
    """Container image summary."""

    id: str
    service: Literal["discovery", "loadbalancer", "vpn"] | None


class ContainerIntegrations(TypedDict):
    """Container integrations."""

    webhooks: NotRequired[ContainerIntegrationsWebhooks]
    files: NotRequired[list[ContainerIntegrationsFilesItem]]
    lets_encrypt: NotRequired[ContainerIntegrationsLetsEncrypt | None]
    backups: NotRequired[ContainerIntegrationsBackups]
    shared_file_systems: NotRequired[dict[str, ContainerIntegrationsSharedFileSystemsValue] | None]


class ContainerIntegrationsBackups(TypedDict):
    """Container integrations backups."""

    integration_id: NotRequired[str]
    backup: ContainerIntegrationsBackupsBackup
    restore: ContainerIntegrationsBackupsRestore | None
    retention: str | None


class ContainerIntegrationsBackupsBackup(TypedDict):
    """Container integrations backups backup."""

    command: str
    timeout: NotRequired[str | None]
    cron_string: NotRequired[str]


class ContainerIntegrationsBackupsRestore(TypedDict):
    """Container integrations backups restore."""

    command: str
    timeout: NotRequired[str]


class ContainerIntegrationsFilesItem(TypedDict):
    """Container integrations files item."""

    source: str
    destination: str


class ContainerIntegrationsLetsEncrypt(TypedDict):
    """Container integrations lets encrypt."""

    certificate_path: NotRequired[str]
    chain_path: NotRequired[str]
    key_path: NotRequired[str]
    bundle_path: NotRequired[str]
    additional_certs_path: NotRequired[str]


class ContainerIntegrationsSharedFileSystemsValue(TypedDict):
    """Container integrations shared file systems value."""

    writable: bool
    mount_point: str


class ContainerIntegrationsWebhooks(TypedDict):
    """Container integrations webhooks."""

    events: NotRequired[ContainerIntegrationsWebhooksEvents]
    config: NotRequired[str]


class ContainerIntegrationsWebhooksEvents(TypedDict):
    """Container integrations webhooks events."""

    deploy: NotRequired[str]
    start: NotRequired[str]
    stop: NotRequired[str]


class ContainerNetwork(TypedDict):
    """Container network."""

    public: Literal["enable", "egress-only", "environment-limited", "disable"]
    hostname: str
    ports: NotRequired[list[str]]
    l2: NotRequired[ContainerNetworkL2]


class ContainerNetworkL2(TypedDict):
    """Container network l 2."""

    domains: list[Literal["public", "shared", "private"]]


class ContainerResources(TypedDict):
    """Container resources."""

    cpu: ContainerResourcesCpu
    ram: ContainerResourcesRam


class ContainerResourcesCpu(TypedDict):
    """Container resources cpu."""

    shares: NotRequired[ContainerResourcesCpuShares]
    cpus: NotRequired[str]


class ContainerResourcesCpuShares(TypedDict):
    """Container resources cpu shares."""

    limit: int
    reserve: int


class ContainerResourcesRam(TypedDict):
    """Container resources ram."""

    limit: NotRequired[str]
    reserve: NotRequired[str]


class ContainerRuntime(TypedDict):
    """Container runtime."""

    command: NotRequired[ContainerRuntimeCommand | None]
    namespaces: NotRequired[
        list[Literal["ipc", "pid", "uts", "network", "mount", "user", "cgroup"]]
    ]
    environment_vars: NotRequired[dict[str, str]]
    privileged: bool
    capabilities: NotRequired[
        list[
            Literal[
                "CAP_CHOWN",
                "CAP_FSETID",
                "CAP_DAC_OVERRIDE",
                "CAP_FOWNER",
                "CAP_SETFCAP",
                "CAP_SETGID",
                "CAP_SETUID",
                "CAP_KILL",
                "CAP_MKNOD",
                "CAP_NET_BIND_SERVICE",
                "CAP_NET_RAW",
                "CAP_AUDIT_WRITE",
                "CAP_SYS_CHROOT",
                "CAP_SETPCAP",
                "CAP_DAC_READ_SEARCH",
                "CAP_NET_ADMIN",
                "CAP_NET_BROADCAST",
                "CAP_SYS_ADMIN",
                "CAP_SYS_MODULE",
                "CAP_SYS_NICE",
                "CAP_SYS_PACCT",
                "CAP_SYS_PTRACE",
                "CAP_SYS_RAWIO",
                "CAP_SYS_RESOURCE",
                "CAP_SYS_BOOT",
                "CAP_SYS_TIME",
                "CAP_SYS_TTY_CONFIG",
                "CAP_SYSLOG",
                "CAP_AUDIT_CONTROL",
                "CAP_AUDIT_READ",
                "CAP_IPC_LOCK",
                "CAP_IPC_OWNER",
                "CAP_LINUX_IMMUTABLE",
                "CAP_MAC_ADMIN",
                "CAP_MAC_OVERRIDE",
                "CAP_BLOCK_SUSPEND",
                "CAP_LEASE",
                "CAP_WAKE_ALARM",
            ]
        ]
    ]
    workdir: NotRequired[str]
    sysctl: NotRequired[dict[str, str]]
    rlimits: NotRequired[dict[str, ContainerRuntimeRlimitsValue]]
    seccomp: NotRequired[ContainerRuntimeSeccomp | None]
    host: NotRequired[ContainerRuntimeHost | None]
    rootfs: NotRequired[ContainerRuntimeRootfs]
    devices: NotRequired[ContainerRuntimeDevices | None]


class ContainerRuntimeCommand(TypedDict):
    """Container runtime command."""

    path: NotRequired[str | None]
    args: NotRequired[str | None]


class ContainerRuntimeDevices(TypedDict):
    """Container runtime devices."""

    shm_size: NotRequired[str | None]
    expose: NotRequired[list[RuntimeExposedDevice] | None]
    permissions: NotRequired[list[RuntimeDevicePermission] | None]


class ContainerRuntimeHost(TypedDict):
    """Container runtime host."""

    expose_proc: NotRequired[bool | None]
    expose_cgroups: NotRequired[bool | None]
    power_management: NotRequired[bool | None]


class ContainerRuntimeRlimitsValue(TypedDict):
    """Container runtime rlimits value."""

    hard: NotRequired[int]
    soft: NotRequired[int]


class ContainerRuntimeRootfs(TypedDict):
    """Container runtime rootfs."""

    readonly: NotRequired[bool]


class ContainerRuntimeSeccomp(TypedDict):
    """Container runtime seccomp."""

    disable: NotRequired[bool]
    rules: NotRequired[list[SeccompRule]]


class ContainerScale(TypedDict):
    """Container scale."""

    autoscale_group: str | None
    instances: ContainerScaleInstances
    window: str
    thresholds: list[
        ScaleThresholdMetricRam
        | ScaleThresholdMetricCpu
        | ScaleThresholdMetricNetworkConnections
        | ScaleThresholdMetricNetworkRequests
        | ScaleThresholdMetricNetworkThroughput
        | ScaleThresholdMetricCustom
    ]


class ContainerScaleInstances(TypedDict):
    """Container scale instances."""

    max: int
    max_server: int
    min_ttl: str


class ContainerState(TypedDict):
    """Container state."""

    current: Literal[
        "new", "starting", "running", "function", "stopping", "stopped", "deleting", "deleted"
    ]
    desired: NotRequired[
        Literal[
            "new", "starting", "running", "function", "stopping", "stopped", "deleting", "deleted"
        ]
    ]
    changed: str
    error: NotRequired[ContainerStateError]


class ContainerStateError(TypedDict):
    """Container state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class ContainerSummary(TypedDict):
    """Container summary."""

    id: str
    name: str
    creator: CreatorScope
    environment: ContainerEnvironmentSummary
    hub_id: str
    stack: NotRequired[StackSummary | None]
    image: ImageSummary
    annotations: NotRequired[dict[str, Any] | None]
    state: ContainerState
    role: NotRequired[Literal["contductor"]]
    deprecate: bool
    deployment: NotRequired[Deployment | None]
    lock: bool
    events: ContainerSummaryEvents


class ContainerSummaryEvents(TypedDict):
    """Container summary events."""

    created: str
    updated: str
    deleted: str
    started: str


class ContainerVolume(TypedDict):
    """Container volume."""

    identifier: NotRequired[str | None]
    read_only: bool
    block_device: bool
    local: NotRequired[ContainerVolumeLocal | None]
    external: NotRequired[ContainerVolumeExternal | None]
    destination: str
    remote_access: NotRequired[ContainerVolumeRemoteAccess]


class ContainerVolumeExternal(TypedDict):
    """Container volume external."""

    id: NotRequired[str | None]


class ContainerVolumeLocal(TypedDict):
    """Container volume local."""

    max_size: str
    stateless: NotRequired[bool | None]
    storage_pool: NotRequired[bool | None]


class ContainerVolumeRemoteAccess(TypedDict):
    """Container volume remote access."""

    enable: bool
    ips: NotRequired[list[str]]
    webhook: NotRequired[str]
    password: ContainerVolumeRemoteAccessPassword | None


class ContainerVolumeRemoteAccessPassword(TypedDict):
    """Container volume remote access password."""

    algorithm: Literal["raw", "sha512", "md5"]
    data: str


class ContainersMeta(TypedDict):
    """Containers meta."""

    instances_count: NotRequired[StateCountSummary]
    domains: NotRequired[list[ContainersMetaDomainsItem] | None]
    ips: NotRequired[list[Ip]]


class ContainersMetaDomainsItem(TypedDict):
    """Containers meta domains item."""

    fqdn: str
    record: NotRequired[DnsRecord]


class CreatorScope(TypedDict):
    """Creator scope."""

    id: str
    type: Literal[
        "account", "environment", "platform", "platform-pipeline", "employee", "api-key", "visitor"
    ]


class DefaultLbType(TypedDict):
    """Default lb type."""

    performance: bool
    ipv4: bool
    ipv6: bool
    type: Literal["default"]
    details: HaProxyConfig | V1LbConfig | None


class Deployment(TypedDict):
    """Deployment."""

    version: str


class DiscoveryConfig(TypedDict):
    """Discovery config."""

    empty_set_delay: NotRequired[str | None]
    hosts: NotRequired[dict[str, DiscoveryConfigHostsValue] | None]
    custom_resolvers: NotRequired[list[str] | None]
    dual_stack_legacy: NotRequired[bool | None]
    external_resolution: NotRequired[DiscoveryConfigExternalResolution | None]
    domain_suffix: NotRequired[str | None]


class DiscoveryConfigExternalResolution(TypedDict):
    """Discovery config external resolution."""

    preference: Literal["default", "ipv4", "ipv6"]


class DiscoveryConfigHostsValue(TypedDict):
    """Discovery config hosts value."""

    ipv4: NotRequired[list[str] | None]
    ipv6: NotRequired[list[str] | None]


class DiscoveryEnvironmentService(TypedDict):
    """Discovery environment service."""

    enable: bool
    container_id: str
    high_availability: bool
    auto_update: NotRequired[bool]
    config: NotRequired[DiscoveryConfig | None]


class DnsRecord(TypedDict):
    """Dns record."""

    id: str
    hub_id: str
    creator: CreatorScope
    zone_id: str
    name: str
    resolved_domain: str
    type: DnsRecordTypes
    features: DnsRecordFeatures | None
    state: DnsRecordState
    events: dict[str, str]


class DnsRecordFeatures(TypedDict):
    """Dns record features."""

    certificate: DnsRecordTlsCertificate | None


class DnsRecordState(TypedDict):
    """Dns record state."""

    current: Literal["pending", "live", "deleting", "deleted"]
    changed: str
    error: NotRequired[DnsRecordStateError]


class DnsRecordStateError(TypedDict):
    """Dns record state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class DnsRecordTlsCertificate(TypedDict):
    """Dns record tls certificate."""

    id: str
    generated: str
    wildcard_child: bool
    user_supplied: bool
    expires: NotRequired[str]


class DnsRecordTypes(TypedDict):
    """Dns record types."""

    a: NotRequired[DnsRecordTypesA]
    aaaa: NotRequired[DnsRecordTypesAaaa]
    cname: NotRequired[DnsRecordTypesCname]
    ns: NotRequired[DnsRecordTypesNs]
    mx: NotRequired[DnsRecordTypesMx]
    txt: NotRequired[DnsRecordTypesTxt]
    alias: NotRequired[DnsRecordTypesAlias]
    srv: NotRequired[DnsRecordTypesSrv]
    caa: NotRequired[DnsRecordTypesCaa]
    linked: NotRequired[DnsRecordTypesLinked]


class DnsRecordTypesA(TypedDict):
    """Dns record types a."""

    ip: str


class DnsRecordTypesAaaa(TypedDict):
    """Dns record types aaaa."""

    ip: str


class DnsRecordTypesAlias(TypedDict):
    """Dns record types alias."""

    domain: str


class DnsRecordTypesCaa(TypedDict):
    """Dns record types caa."""

    tag: str
    value: str


class DnsRecordTypesCname(TypedDict):
    """Dns record types cname."""

    domain: str


class DnsRecordTypesLinked(TypedDict):
    """Dns record types linked."""

    routing: DnsRecordTypesLinkedRouting
    features: DnsRecordTypesLinkedFeatures
    deployment: NotRequired[DnsRecordTypesLinkedDeployment]
    virtual_machine: NotRequired[DnsRecordTypesLinkedVirtualMachine]
    container_id: NotRequired[str]


class DnsRecordTypesLinkedDeployment(TypedDict):
    """Dns record types linked deployment."""

    environment_id: str
    match: DnsRecordTypesLinkedDeploymentMatch


class DnsRecordTypesLinkedDeploymentMatch(TypedDict):
    """Dns record types linked deployment match."""

    container: str
    tag: NotRequired[str | None]


class DnsRecordTypesLinkedFeatures(TypedDict):
    """Dns record types linked features."""

    tls: DnsRecordTypesLinkedFeaturesTls
    geodns: DnsRecordTypesLinkedFeaturesGeodns
    wildcard: NotRequired[DnsRecordTypesLinkedFeaturesWildcard | None]


class DnsRecordTypesLinkedFeaturesGeodns(TypedDict):
    """Dns record types linked features geodns."""

    enable: bool


class DnsRecordTypesLinkedFeaturesTls(TypedDict):
    """Dns record types linked features tls."""

    enable: bool


class DnsRecordTypesLinkedFeaturesWildcard(TypedDict):
    """Dns record types linked features wildcard."""

    resolve_sub_domains: bool


class DnsRecordTypesLinkedRouting(TypedDict):
    """Dns record types linked routing."""

    http: NotRequired[DnsRecordTypesLinkedRoutingHttp | None]


class DnsRecordTypesLinkedRoutingHttp(TypedDict):
    """Dns record types linked routing http."""

    match_path: NotRequired[str | None]


class DnsRecordTypesLinkedVirtualMachine(TypedDict):
    """Dns record types linked virtual machine."""

    id: str
    dmz: bool


class DnsRecordTypesMx(TypedDict):
    """Dns record types mx."""

    priority: int
    domain: str


class DnsRecordTypesNs(TypedDict):
    """Dns record types ns."""

    domain: str


class DnsRecordTypesSrv(TypedDict):
    """Dns record types srv."""

    weight: int
    priority: int
    port: int
    domain: str


class DnsRecordTypesTxt(TypedDict):
    """Dns record types txt."""

    value: str


class Domain(TypedDict):
    """Domain."""

    fqdn: str
    record: NotRequired[DnsRecord]


class Environment(TypedDict):
    """Environment."""

    id: str
    identifier: str
    name: str
    cluster: str
    about: EnvironmentAbout
    creator: CreatorScope
    hub_id: str
    state: EnvironmentState
    events: EnvironmentEvents
    features: EnvironmentFeatures
    services: EnvironmentServices
    acl: NotRequired[ACL | None]
    private_network: NotRequired[PrivateNetwork | None]
    deployments: NotRequired[EnvironmentDeployments | None]
    meta: NotRequired[EnvironmentMeta]


class EnvironmentAbout(TypedDict):
    """Environment about."""

    description: str
    favorite: bool


class EnvironmentDeployments(TypedDict):
    """Environment deployments."""

    tags: dict[str, str]


class EnvironmentEvents(TypedDict):
    """Environment events."""

    created: str
    updated: str
    deleted: str


class EnvironmentFeatures(TypedDict):
    """Environment features."""

    legacy_networking: bool
    monitoring: NotRequired[EnvironmentFeaturesMonitoring | None]


class EnvironmentFeaturesMonitoring(TypedDict):
    """Environment features monitoring."""

    tier: Literal["standard", "plus", "premium", "scale"]
    config: NotRequired[EnvironmentMonitoringConfig]


class EnvironmentMeta(TypedDict):
    """Environment meta."""

    containers_count: NotRequired[StateCountSummary]
    instances_count: NotRequired[StateCountSummary]
    containers: NotRequired[list[EnvironmentMetaContainersItem]]
    service_versions: NotRequired[dict[str, list[EnvironmentMetaServiceVersionsValueItem]]]


class EnvironmentMetaContainersItem(TypedDict):
    """Environment meta containers item."""

    id: str
    name: str
    state: ContainerState
    image: ContainerImageSummary
    environment: ContainerEnvironmentSummary


class EnvironmentMetaServiceVersionsValueItem(TypedDict):
    """Environment meta service versions value item."""

    version: str
    instance_id: NotRequired[str]
    last_updated: str


class EnvironmentMonitoringConfig(TypedDict):
    """Environment monitoring config."""

    logs: NotRequired[EnvironmentMonitoringConfigLogs | None]
    metrics: NotRequired[EnvironmentMonitoringConfigMetrics | None]
    events: NotRequired[EnvironmentMonitoringConfigEvents | None]


class EnvironmentMonitoringConfigEvents(TypedDict):
    """Environment monitoring config events."""

    endpoint: NotRequired[EnvironmentMonitoringConfigEventsEndpoint | None]


class EnvironmentMonitoringConfigEventsEndpoint(TypedDict):
    """Environment monitoring config events endpoint."""

    url: str


class EnvironmentMonitoringConfigLogs(TypedDict):
    """Environment monitoring config logs."""

    drain: NotRequired[EnvironmentMonitoringConfigLogsDrain | None]


class EnvironmentMonitoringConfigLogsDrain(TypedDict):
    """Environment monitoring config logs drain."""

    url: str
    format: NotRequired[Literal["ndjson-headers", "ndjson-raw"]]
    exclude_services: bool


class EnvironmentMonitoringConfigMetrics(TypedDict):
    """Environment monitoring config metrics."""

    endpoint: NotRequired[EnvironmentMonitoringConfigMetricsEndpoint | None]


class EnvironmentMonitoringConfigMetricsEndpoint(TypedDict):
    """Environment monitoring config metrics endpoint."""

    url: str


class EnvironmentNetworkSummary(TypedDict):
    """Environment network summary."""

    id: str
    network_subnet: str
    subnet: str
    ipv6: IPNet | None
    legacy: EnvironmentNetworkSummaryLegacy | None
    mac_addr: str
    vxlan_tag: int


class EnvironmentNetworkSummaryLegacy(TypedDict):
    """Environment network summary legacy."""

    host: int
    subnet: int
    ipv4: IPNet | None


class EnvironmentServices(TypedDict):
    """Environment services."""

    loadbalancer: LoadBalancerEnvironmentService | None
    discovery: NotRequired[DiscoveryEnvironmentService | None]
    vpn: NotRequired[VpnEnvironmentService | None]
    scheduler: NotRequired[SchedulerEnvironmentService | None]
    gateway: NotRequired[GatewayEnvironmentService | None]


class EnvironmentState(TypedDict):
    """Environment state."""

    current: Literal["new", "live", "cloning", "deleting", "deleted"]
    changed: str
    error: NotRequired[EnvironmentStateError]


class EnvironmentStateError(TypedDict):
    """Environment state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class Event(TypedDict):
    """Event."""

    metadata: NotRequired[EventMetadata | None]
    event: str
    type: Literal["info", "warning", "error", "success", "alert", "notice", "audit"]
    priority: Literal["critical", "high", "medium", "normal", "low"]
    text: NotRequired[str | None]
    extra: NotRequired[dict[str, Any]]
    labels: NotRequired[dict[str, str]]
    tags: NotRequired[list[str]]


class EventMetadata(TypedDict):
    """Event metadata."""

    component: NotRequired[EventMetadataComponent]


class EventMetadataComponent(TypedDict):
    """Event metadata component."""

    id: NotRequired[str]
    type: NotRequired[str]


class FunctionInitOpts(TypedDict):
    """Function init opts."""

    token: str
    runtime_variables: FunctionRuntimeVariables


class FunctionRuntimeVariables(TypedDict):
    """Function runtime variables."""

    environment_variables: NotRequired[dict[str, str] | None]


class GatewayEnvironmentService(TypedDict):
    """Gateway environment service."""

    enable: bool
    container_id: str
    high_availability: bool
    auto_update: NotRequired[bool]


class HaProxyConfig(TypedDict):
    """Ha proxy config."""

    default: HaProxyConfigSet
    ports: dict[str, HaProxyConfigSet]


class HaProxyConfigSet(TypedDict):
    """Ha proxy config set."""

    frontend: HaProxyConfigSetFrontend
    backend: HaProxyConfigSetBackend


class HaProxyConfigSetBackend(TypedDict):
    """Ha proxy config set backend."""

    balance: Literal["roundrobin", "static-rr", "leastconn", "first", "source"]
    timeouts: HaProxyConfigSetBackendTimeouts | None


class HaProxyConfigSetBackendTimeouts(TypedDict):
    """Ha proxy config set backend timeouts."""

    server_secs: int | None
    server_fin_ms: int | None
    connect_ms: int | None
    queue_ms: int | None
    tunnel_secs: int | None


class HaProxyConfigSetFrontend(TypedDict):
    """Ha proxy config set frontend."""

    mode: Literal["tcp", "http"]
    max_connections: int | None
    timeouts: HaProxyConfigSetFrontendTimeouts | None


class HaProxyConfigSetFrontendTimeouts(TypedDict):
    """Ha proxy config set frontend timeouts."""

    client_secs: int | None
    client_fin_ms: int | None
    http_keep_alive_ms: int | None
    http_request_ms: int | None


class HaProxyLbType(TypedDict):
    """Ha proxy lb type."""

    performance: bool
    ipv4: bool
    ipv6: bool
    type: Literal["haproxy"]
    details: HaProxyConfig | None


class HttpRouterConfig(TypedDict):
    """Http router config."""

    type: Literal["http"]
    details: HttpRouterConfigDetails


class HttpRouterConfigDetails(TypedDict):
    """Http router config details."""

    redirect: NotRequired[HttpRouterConfigDetailsRedirect | None]
    forward: NotRequired[HttpRouterConfigDetailsForward | None]
    proxy: NotRequired[HttpRouterConfigDetailsProxy | None]
    caching: NotRequired[HttpRouterConfigDetailsCaching | None]


class HttpRouterConfigDetailsCaching(TypedDict):
    """Http router config details caching."""

    files: NotRequired[list[HttpRouterConfigDetailsCachingFilesItem] | None]


class HttpRouterConfigDetailsCachingFilesItem(TypedDict):
    """Http router config details caching files item."""

    match: str
    ttl: str


class HttpRouterConfigDetailsForward(TypedDict):
    """Http router config details forward."""

    scheme: NotRequired[str | None]
    content_mod: NotRequired[HttpRouterConfigDetailsForwardContentMod | None]
    url: NotRequired[str | None]


class HttpRouterConfigDetailsForwardContentMod(TypedDict):
    """Http router config details forward content mod."""

    replace: NotRequired[list[HttpRouterConfigDetailsForwardContentModReplaceItem] | None]


class HttpRouterConfigDetailsForwardContentModReplaceItem(TypedDict):
    """Http router config details forward content mod replace item."""

    match: str
    value: str


class HttpRouterConfigDetailsProxy(TypedDict):
    """Http router config details proxy."""

    domain: NotRequired[str | None]
    url: NotRequired[str | None]
    content_mod: NotRequired[HttpRouterConfigDetailsProxyContentMod | None]


class HttpRouterConfigDetailsProxyContentMod(TypedDict):
    """Http router config details proxy content mod."""

    replace: NotRequired[list[HttpRouterConfigDetailsProxyContentModReplaceItem] | None]


class HttpRouterConfigDetailsProxyContentModReplaceItem(TypedDict):
    """Http router config details proxy content mod replace item."""

    match: str
    value: str


class HttpRouterConfigDetailsRedirect(TypedDict):
    """Http router config details redirect."""

    auto_https_redirect: bool
    remove_www: bool
    port: NotRequired[int | None]
    scheme: NotRequired[str | None]
    url: NotRequired[str | None]


class HttpTransportConfig(TypedDict):
    """Http transport config."""

    type: Literal["http"]
    details: HttpTransportConfigDetails


class HttpTransportConfigDetails(TypedDict):
    """Http transport config details."""

    connections: HttpTransportConfigDetailsConnections
    telemetry: HttpTransportConfigDetailsTelemetry


class HttpTransportConfigDetailsConnections(TypedDict):
    """Http transport config details connections."""

    max_idle_conns_per_connection: int | None


class HttpTransportConfigDetailsTelemetry(TypedDict):
    """Http transport config details telemetry."""

    max_trackable_urls: NotRequired[int | None]
    track_invalid_requests: NotRequired[bool | None]
    ignore_paths: NotRequired[list[str] | None]


class HubEvents(TypedDict):
    """Hub events."""

    created: str
    updated: str
    deleted: str
    converted: NotRequired[str]
    first_order: NotRequired[str]
    first_provider: NotRequired[str]
    first_server: NotRequired[str]
    first_environment: NotRequired[str]
    first_image: NotRequired[str]
    first_container: NotRequired[str]


class HubMembership(TypedDict):
    """Hub membership."""

    id: str
    account_id: NotRequired[str]
    hub_id: str
    events: HubMembershipEvents
    role_id: str
    preferences: HubMembershipPreferences
    state: MembershipState
    invitation: Invitation
    cycle: NotRequired[HubMembershipCycle]


class HubMembershipCycle(TypedDict):
    """Hub membership cycle."""

    employee_id: str


class HubMembershipEvents(TypedDict):
    """Hub membership events."""

    created: NotRequired[str]
    updated: NotRequired[str]
    deleted: NotRequired[str]
    joined: str


class HubMembershipPreferences(TypedDict):
    """Hub membership preferences."""

    portal: HubMembershipPreferencesPortal
    email: HubMembershipPreferencesEmail


class HubMembershipPreferencesEmail(TypedDict):
    """Hub membership preferences email."""

    notifications: HubMembershipPreferencesEmailNotifications


class HubMembershipPreferencesEmailNotifications(TypedDict):
    """Hub membership preferences email notifications."""

    server: HubMembershipPreferencesEmailNotificationsServer


class HubMembershipPreferencesEmailNotificationsServer(TypedDict):
    """Hub membership preferences email notifications server."""

    new: bool | None
    offline: bool | None


class HubMembershipPreferencesPortal(TypedDict):
    """Hub membership preferences portal."""

    notifications: HubMembershipPreferencesPortalNotifications


class HubMembershipPreferencesPortalNotifications(TypedDict):
    """Hub membership preferences portal notifications."""

    jobs: HubMembershipPreferencesPortalNotificationsJobs


class HubMembershipPreferencesPortalNotificationsJobs(TypedDict):
    """Hub membership preferences portal notifications jobs."""

    apikey_alerts: bool


class HubMeta(TypedDict):
    """Hub meta."""

    membership: NotRequired[HubMembership]


class HubState(TypedDict):
    """Hub state."""

    current: Literal["new", "configuring", "live", "inactive", "deleting", "deleted"]
    changed: str
    error: NotRequired[HubStateError]


class HubStateError(TypedDict):
    """Hub state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class HugeTLB(TypedDict):
    """Huge TLB."""

    usage: NotRequired[int]
    max: NotRequired[int]
    fail_count: NotRequired[int]


class IPNet(TypedDict):
    """IP net."""

    ip: str
    cidr: str


class ImageSummary(TypedDict):
    """Image summary."""

    id: str | None
    extension: ContainerExtension | None
    service: Literal["discovery", "vpn", "loadbalancer", "scheduler", "gateway"] | None


class Instance(TypedDict):
    """Instance."""

    id: str
    creator: CreatorScope
    hub_id: str
    container_id: str
    location_id: str
    environment: EnvironmentNetworkSummary
    stateful: NotRequired[InstanceStateful | None]
    function: NotRequired[InstanceFunction]
    provider: InstanceProvider
    server_id: str
    ready_state: Literal["active", "purge", "hibernate", "configuring"]
    purge_time: NotRequired[str | None]
    hostname: str
    service: NotRequired[Literal["discovery", "vpn", "loadbalancer", "scheduler", "gateway"]]
    extension: NotRequired[ContainerExtension | None]
    state: InstanceState
    autoscale: NotRequired[InstanceAutoScale | None]
    traffic_drain: NotRequired[InstanceTrafficDrain | None]
    migration: NotRequired[InstanceMigration | None]
    deployment: NotRequired[Deployment | None]
    events: InstanceEvents
    meta: NotRequired[InstanceMeta | None]


class InstanceAutoScale(TypedDict):
    """Instance auto scale."""

    min_ttl: str


class InstanceEvents(TypedDict):
    """Instance events."""

    created: str
    updated: str
    deleted: str


class InstanceFunction(TypedDict):
    """Instance function."""

    seed: int


class InstanceMeta(TypedDict):
    """Instance meta."""

    node: NotRequired[InstanceMetaNode]
    sdn_pool_ips: NotRequired[list[Ip]]


class InstanceMetaNode(TypedDict):
    """Instance meta node."""

    healthy: NotRequired[bool]
    online: NotRequired[bool]
    last_checkin: NotRequired[str]
    state: NotRequired[NodeState]


InstanceMigration = TypedDict(
    "InstanceMigration",
    {
        "to": "NotRequired[MigrationInstance | None]",
        "from": "NotRequired[MigrationInstance | None]",
        "started": "NotRequired[str]",
        "completed": "NotRequired[str]",
        "key": "str",
        "copy_volumes": "bool",
    },
)


class InstanceProvider(TypedDict):
    """Instance provider."""

    vendor: str
    integration_id: str
    location: str


class InstanceState(TypedDict):
    """Instance state."""

    current: Literal[
        "new",
        "starting",
        "migrating",
        "running",
        "stopping",
        "stopped",
        "failed",
        "deleting",
        "deleted",
    ]
    health: NotRequired[InstanceStateHealth | None]
    readiness: NotRequired[InstanceStateReadiness | None]
    changed: str
    error: NotRequired[InstanceStateError]


class InstanceStateError(TypedDict):
    """Instance state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class InstanceStateHealth(TypedDict):
    """Instance state health."""

    healthy: bool | None
    updated: str


class InstanceStateReadiness(TypedDict):
    """Instance state readiness."""

    ready: bool | None
    updated: str


class InstanceStateful(TypedDict):
    """Instance stateful."""

    id: str
    base_hostname: str


class InstanceSummary(TypedDict):
    """Instance summary."""

    id: str
    creator: CreatorScope
    hub_id: str
    container_id: str
    location_id: str
    environment: EnvironmentNetworkSummary
    stateful: NotRequired[InstanceSummaryStateful | None]
    autoscale: NotRequired[InstanceAutoScale | None]
    provider: InstanceProvider
    server_id: str
    ready_state: Literal["active", "purge", "hibernate", "configuring"]
    deployment: NotRequired[Deployment | None]
    hostname: str
    service: NotRequired[Literal["discovery", "vpn", "loadbalancer", "scheduler", "gateway"]]
    state: InstanceState


class InstanceSummaryStateful(TypedDict):
    """Instance summary stateful."""

    id: str
    base_hostname: str


class InstanceTelemetry(TypedDict):
    """Instance telemetry."""

    instance_id: str
    container_id: str
    environment_id: str
    stats: ResourceSnapshot


class InstanceTrafficDrain(TypedDict):
    """Instance traffic drain."""

    started: str


class Integration(TypedDict):
    """Integration."""

    id: str
    name: str
    vendor: str
    identifier: str
    auth: NotRequired[IntegrationAuth | None]
    extra: NotRequired[dict[str, str] | None]
    creator: CreatorScope
    hub_id: str
    state: IntegrationState
    events: IntegrationEvents
    meta: NotRequired[IntegrationMeta | None]


class IntegrationAdvancedOptionBoolean(TypedDict):
    """Integration advanced option boolean."""

    title: str
    key: str
    type: Literal["bool"]
    default: NotRequired[bool | None]


class IntegrationAdvancedOptionInt(TypedDict):
    """Integration advanced option int."""

    title: str
    key: str
    type: Literal["int"]
    default: NotRequired[int | None]


class IntegrationAdvancedOptionString(TypedDict):
    """Integration advanced option string."""

    title: str
    key: str
    type: Literal["string"]
    default: NotRequired[str | None]


class IntegrationAuth(TypedDict):
    """Integration auth."""

    region: NotRequired[str | None]
    namespace: NotRequired[str | None]
    api_key: NotRequired[str | None]
    key_id: NotRequired[str | None]
    secret: NotRequired[str | None]
    subscription_id: NotRequired[str | None]
    client_id: NotRequired[str | None]
    base64_config: NotRequired[str | None]


class IntegrationDefinition(TypedDict):
    """Integration definition."""

    vendor: str
    name: str
    supports_verification: bool
    supports_multiple: bool
    features: NotRequired[list[str] | None]
    extends: NotRequired[list[str] | None]
    extended_configuration: NotRequired[IntegrationDefinitionExtendedConfiguration | None]
    fields: NotRequired[IntegrationDefinitionFields]
    url: str
    public: bool
    usable: bool
    deprecated: NotRequired[bool]
    editable: bool


class IntegrationDefinitionExtendedConfiguration(TypedDict):
    """Integration definition extended configuration."""

    options: NotRequired[
        list[
            IntegrationAdvancedOptionBoolean
            | IntegrationAdvancedOptionInt
            | IntegrationAdvancedOptionString
        ]
        | None
    ]


class IntegrationDefinitionField(TypedDict):
    """Integration definition field."""

    regex: NotRequired[str | None]
    required: bool
    name: str
    description: NotRequired[str]
    type: NotRequired[Literal["select", "string", "int", "blob"]]
    options: NotRequired[list[str] | None]


class IntegrationDefinitionFields(TypedDict):
    """Integration definition fields."""

    extra: NotRequired[dict[str, IntegrationDefinitionField] | None]
    auth: NotRequired[dict[str, IntegrationDefinitionField] | None]


class IntegrationEvents(TypedDict):
    """Integration events."""

    created: str
    updated: str
    deleted: str


class IntegrationMeta(TypedDict):
    """Integration meta."""

    definition: NotRequired[IntegrationDefinition]


class IntegrationState(TypedDict):
    """Integration state."""

    current: Literal["new", "verifying", "live", "deleting", "deleted"]
    changed: str
    error: NotRequired[IntegrationStateError]


class IntegrationStateError(TypedDict):
    """Integration state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class Invitation(TypedDict):
    """Invitation."""

    sender: InvitationSender
    recipient: str
    events: InvitationEvents


class InvitationEvents(TypedDict):
    """Invitation events."""

    created: str
    updated: str
    deleted: str
    accepted: str
    declined: str
    revoked: str


class InvitationSender(TypedDict):
    """Invitation sender."""

    id: str
    type: str


class Ip(TypedDict):
    """Ip."""

    id: str
    hub_id: str
    kind: Literal["ipv4", "ipv6"]
    ip: str
    assignment: IpAssignment | None
    pool_id: str
    network_id: str
    address: str
    gateway: str
    network: NotRequired[str | None]
    options: NotRequired[IpOptions | None]
    cidr: str
    state: IpState


class IpAssignment(TypedDict):
    """Ip assignment."""

    container_id: str
    instance_id: str
    environment_id: str
    virtual_machine: NotRequired[IpAssignmentVirtualMachine]


class IpAssignmentVirtualMachine(TypedDict):
    """Ip assignment virtual machine."""

    id: str


class IpOptions(TypedDict):
    """Ip options."""

    proxy_arp: NotRequired[bool | None]


class IpState(TypedDict):
    """Ip state."""

    current: Literal["assigning", "assigned", "releasing", "available"]
    changed: str
    error: NotRequired[IpStateError]


class IpStateError(TypedDict):
    """Ip state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class LegacyNetwork(TypedDict):
    """Legacy network."""

    subnet: int
    ipv4: NotRequired[IPNet | None]


class LoadBalancerEnvironmentService(TypedDict):
    """Load balancer environment service."""

    enable: bool
    container_id: str | None
    high_availability: bool
    auto_update: NotRequired[bool]
    config: NotRequired[V1LbType | HaProxyLbType | DefaultLbType | None]


class LoadBalancerTelemetryControllerMetrics(TypedDict):
    """Load balancer telemetry controller metrics."""

    disconnects: LoadBalancerTelemetryControllerMetricsDisconnects
    connections: int
    requests: int
    bytes_transmitted: int
    bytes_received: int


class LoadBalancerTelemetryControllerMetricsDisconnects(TypedDict):
    """Load balancer telemetry controller metrics disconnects."""

    no_error: int
    request_invalid: int
    timeout_idle: int
    router_none: int
    router_nomatch: int
    destination_unavailable: int
    unknown_error: int


class LoadBalancerTelemetryRouterMetrics(TypedDict):
    """Load balancer telemetry router metrics."""

    destinations: dict[str, LoadBalancerTelemetryRouterMetricsDestinationsValue]


class LoadBalancerTelemetryRouterMetricsDestinationsValue(TypedDict):
    """Load balancer telemetry router metrics destinations value."""

    connections: LoadBalancerTelemetryRouterMetricsDestinationsValueConnections | None
    requests: LoadBalancerTelemetryRouterMetricsDestinationsValueRequests | None
    latency_ms: NotRequired[list[int]]
    instance_id: str
    container_id: str


class LoadBalancerTelemetryRouterMetricsDestinationsValueConnections(TypedDict):
    """Load balancer telemetry router metrics destinations value connections."""

    success: int
    unavailable: int
    errors: NotRequired[dict[str, int]]
    bytes_transmitted: NotRequired[int]
    bytes_received: NotRequired[int]


class LoadBalancerTelemetryRouterMetricsDestinationsValueRequests(TypedDict):
    """Load balancer telemetry router metrics destinations value requests."""

    total: int
    responses: NotRequired[dict[str, int]]
    errors: NotRequired[dict[str, int]]


class LoadBalancerTelemetrySnapshot(TypedDict):
    """Load balancer telemetry snapshot."""

    time: str
    started: str
    version: NotRequired[str]
    dataset_id: int
    current: LoadBalancerTelemetrySnapshotCurrent
    cumulative: LoadBalancerTelemetrySnapshotCumulative


class LoadBalancerTelemetrySnapshotCumulative(TypedDict):
    """Load balancer telemetry snapshot cumulative."""

    router: NotRequired[LoadBalancerTelemetryRouterMetrics | None]
    urls: NotRequired[LoadBalancerTelemetryUrlMetrics | None]
    metrics: LoadBalancerTelemetryControllerMetrics


class LoadBalancerTelemetrySnapshotCurrent(TypedDict):
    """Load balancer telemetry snapshot current."""

    router: NotRequired[LoadBalancerTelemetryRouterMetrics | None]
    urls: NotRequired[LoadBalancerTelemetryUrlMetrics | None]
    metrics: LoadBalancerTelemetryControllerMetrics


class LoadBalancerTelemetryUrlMetrics(TypedDict):
    """Load balancer telemetry url metrics."""

    destinations: dict[str, LoadBalancerTelemetryUrlMetricsDestinationsValue]


class LoadBalancerTelemetryUrlMetricsDestinationsValue(TypedDict):
    """Load balancer telemetry url metrics destinations value."""

    requests: LoadBalancerTelemetryUrlMetricsDestinationsValueRequests | None


class LoadBalancerTelemetryUrlMetricsDestinationsValueRequests(TypedDict):
    """Load balancer telemetry url metrics destinations value requests."""

    host: str
    method: str
    path: str
    total: int
    last_hit: str
    handlers: LoadBalancerTelemetryUrlMetricsDestinationsValueRequestsHandlers
    responses: NotRequired[dict[str, int]]
    errors: NotRequired[dict[str, int]]


class LoadBalancerTelemetryUrlMetricsDestinationsValueRequestsHandlers(TypedDict):
    """Load balancer telemetry url metrics destinations value requests handlers."""

    proxy: LoadBalancerTelemetryUrlRequestHandler
    cache: LoadBalancerTelemetryUrlRequestHandler
    forward: LoadBalancerTelemetryUrlRequestHandler
    redirect: LoadBalancerTelemetryUrlRequestHandler


class LoadBalancerTelemetryUrlRequestHandler(TypedDict):
    """Load balancer telemetry url request handler."""

    hits: int
    timing_ms: int


class MembershipState(TypedDict):
    """Membership state."""

    current: Literal["pending", "accepted", "declined", "revoked", "deleted"]
    changed: str
    error: NotRequired[MembershipStateError]


class MembershipStateError(TypedDict):
    """Membership state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class MemoryData(TypedDict):
    """Memory data."""

    usage: NotRequired[float]
    max_usage: NotRequired[float]
    fail_count: NotRequired[float]
    limit: NotRequired[float]


class MemorySnapshot(TypedDict):
    """Memory snapshot."""

    cache: NotRequired[float]
    usage: NotRequired[MemoryData]
    swap_usage: NotRequired[MemoryData]
    kernel_usage: NotRequired[MemoryData]
    kernel_tcp_usage: NotRequired[MemoryData]


class Metric(TypedDict):
    """Metric."""

    metric: str
    type: Literal["gauge", "count", "counter", "rate", "histogram", "distribution", "set"]
    labels: NotRequired[dict[str, str]]
    tags: NotRequired[list[str]]
    points: NotRequired[list[MetricPointsItem]]


class MetricPointsItem(TypedDict):
    """Metric points item."""

    time: str
    values: NotRequired[list[int]]


class MigrationInstance(TypedDict):
    """Migration instance."""

    instance_id: str
    server_id: str


class Network(TypedDict):
    """Network."""

    id: str
    name: str
    identifier: str
    cluster: str
    creator: CreatorScope
    hub_id: str
    state: NetworkState
    l2: NotRequired[NetworkL2 | None]
    private_network: NotRequired[NetworkPrivacySettings | None]
    environments: NotRequired[list[NetworkEnvironmentsItem] | None]
    acl: NotRequired[ACL | None]
    events: NetworkEvents


class NetworkEnvironmentsItem(TypedDict):
    """Network environments item."""

    id: str
    added: str


class NetworkEvents(TypedDict):
    """Network events."""

    created: str
    updated: str
    deleted: str


class NetworkL2(TypedDict):
    """Network l 2."""

    domain: NotRequired[Literal["public", "shared", "private"] | None]
    location_ids: list[str]
    vid: NotRequired[int | None]
    host_interface: NotRequired[str | None]
    routes: NotRequired[list[NetworkL2RoutesItem]]
    ips: NetworkL2DhcpDetails | NetworkL2StaticDetails


class NetworkL2DhcpDetails(TypedDict):
    """Network l 2 dhcp details."""

    method: Literal["dhcp"]
    details: NotRequired[dict[str, Any]]


class NetworkL2RoutesItem(TypedDict):
    """Network l 2 routes item."""

    network: str
    gateway: NotRequired[str]


class NetworkL2StaticDetails(TypedDict):
    """Network l 2 static details."""

    method: Literal["static"]
    details: NetworkL2StaticDetailsDetails


class NetworkL2StaticDetailsDetails(TypedDict):
    """Network l 2 static details details."""

    ipv4: NotRequired[NetworkL2StaticDetailsDetailsIpv4 | None]
    ipv6: NotRequired[NetworkL2StaticDetailsDetailsIpv6 | None]


class NetworkL2StaticDetailsDetailsIpv4(TypedDict):
    """Network l 2 static details details ipv4."""

    network: str
    usable: str
    gateway: NotRequired[str | None]


class NetworkL2StaticDetailsDetailsIpv6(TypedDict):
    """Network l 2 static details details ipv6."""

    network: str
    usable: str
    gateway: NotRequired[str | None]


class NetworkPrivacySettings(TypedDict):
    """Network privacy settings."""

    vxlan_tag: int
    subnet: str
    mac_addr_suffix: int
    ipv6: NetworkPrivacySettingsIpv6


class NetworkPrivacySettingsIpv6(TypedDict):
    """Network privacy settings ipv6."""

    ip: str
    cidr: str


class NetworkSnapshot(TypedDict):
    """Network snapshot."""

    interfaces: list[NetworkSnapshotInterfacesItem]


class NetworkSnapshotInterfacesItem(TypedDict):
    """Network snapshot interfaces item."""

    name: str
    rx_bytes: int
    tx_bytes: int
    rx_packets: int
    tx_packets: int
    rx_dropped: int
    tx_dropped: int
    rx_errors: int
    tx_errors: int


class NetworkState(TypedDict):
    """Network state."""

    current: Literal["live", "deleting", "deleted"]
    changed: str
    error: NotRequired[NetworkStateError]


class NetworkStateError(TypedDict):
    """Network state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class NodeMetaStats(TypedDict):
    """Node meta stats."""

    network: ServerStatsNetwork
    uptime: ServerStatsUptime
    cpu: ServerStatsCpu
    load: ServerStatsLoad
    ram: ServerStatsRam
    storage: ServerStatsStorage
    os: ServerStatsOS
    vendor: ServerStatsVendor
    versions: ServerStatsVersions


class NodeState(TypedDict):
    """Node state."""

    current: Literal["new", "offline", "authorizing", "online", "decommissioned", "deleted"]
    changed: str
    desired: NotRequired[
        Literal["new", "offline", "authorizing", "online", "decommissioned", "deleted"] | None
    ]
    error: NotRequired[NodeStateError]


class NodeStateError(TypedDict):
    """Node state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class ObjectCacheSave(TypedDict):
    """Object cache save."""

    scope: Literal["global", "environment", "container", "instance"]
    expires: str
    key: str
    value: str


class PrivateNetwork(TypedDict):
    """Private network."""

    vxlan_tag: int
    subnet: str
    ipv6: PrivateNetworkIpv6
    legacy: LegacyNetwork | None


class PrivateNetworkIpv6(TypedDict):
    """Private network ipv6."""

    ip: str
    cidr: str


class ProcessesSnapshot(TypedDict):
    """Processes snapshot."""

    current: NotRequired[float]
    limit: NotRequired[float]


class PublicHub(TypedDict):
    """Public hub."""

    id: str
    name: str
    events: HubEvents
    creator: CreatorScope
    state: HubState
    meta: NotRequired[HubMeta]


class ResourceSnapshot(TypedDict):
    """Resource snapshot."""

    time: str
    hub_id: NotRequired[str | None]
    container_id: NotRequired[str | None]
    instance_id: NotRequired[str | None]
    environment_id: NotRequired[str | None]
    server_id: NotRequired[str | None]
    cluster: NotRequired[str | None]
    cpu: CPUSnapshot
    memory: MemorySnapshot
    processes: ProcessesSnapshot
    network: NetworkSnapshot
    hugetlb: NotRequired[HugeTLB]


class RuntimeDevicePermission(TypedDict):
    """Runtime device permission."""

    type: Literal["b", "c"]
    major: NotRequired[int | None]
    minor: NotRequired[int | None]
    allow: bool
    access: str


class RuntimeExposedDevice(TypedDict):
    """Runtime exposed device."""

    source: str
    destination: str
    options: NotRequired[list[str] | None]


class ScaleThresholdMetricCpu(TypedDict):
    """Scale threshold metric cpu."""

    type: Literal["cpu"]
    details: ScaleThresholdMetricCpuDetails


class ScaleThresholdMetricCpuDetails(TypedDict):
    """Scale threshold metric cpu details."""

    utilization: int


class ScaleThresholdMetricCustom(TypedDict):
    """Scale threshold metric custom."""

    type: Literal["custom"]
    details: ScaleThresholdMetricCustomDetails


class ScaleThresholdMetricCustomDetails(TypedDict):
    """Scale threshold metric custom details."""

    webhook: str


class ScaleThresholdMetricNetworkConnections(TypedDict):
    """Scale threshold metric network connections."""

    type: Literal["network-connections"]
    details: ScaleThresholdMetricNetworkConnectionsDetails


class ScaleThresholdMetricNetworkConnectionsDetails(TypedDict):
    """Scale threshold metric network connections details."""

    connections: int


class ScaleThresholdMetricNetworkRequests(TypedDict):
    """Scale threshold metric network requests."""

    type: Literal["network-requests"]
    details: ScaleThresholdMetricNetworkRequestsDetails


class ScaleThresholdMetricNetworkRequestsDetails(TypedDict):
    """Scale threshold metric network requests details."""

    requests: int


class ScaleThresholdMetricNetworkThroughput(TypedDict):
    """Scale threshold metric network throughput."""

    type: Literal["network-throughput"]
    details: ScaleThresholdMetricNetworkThroughputDetails


class ScaleThresholdMetricNetworkThroughputDetails(TypedDict):
    """Scale threshold metric network throughput details."""

    private: bool
    bandwidth: str


class ScaleThresholdMetricRam(TypedDict):
    """Scale threshold metric ram."""

    type: Literal["ram"]
    details: ScaleThresholdMetricRamDetails


class ScaleThresholdMetricRamDetails(TypedDict):
    """Scale threshold metric ram details."""

    usage: str


class SchedulerAccessKey(TypedDict):
    """Scheduler access key."""

    name: str
    secret: str
    ips: NotRequired[list[str]]


class SchedulerConfig(TypedDict):
    """Scheduler config."""

    public: bool
    access_keys: NotRequired[list[SchedulerAccessKey]]


class SchedulerEnvironmentService(TypedDict):
    """Scheduler environment service."""

    enable: bool
    container_id: str | None
    high_availability: bool
    auto_update: NotRequired[bool]
    config: NotRequired[SchedulerConfig | None]


class SeccompRule(TypedDict):
    """Seccomp rule."""

    capabilities: NotRequired[SeccompRuleCapabilities]
    syscall: NotRequired[SeccompRuleSyscall]


class SeccompRuleCapabilities(TypedDict):
    """Seccomp rule capabilities."""

    includes: NotRequired[str]
    excludes: NotRequired[str]


class SeccompRuleSyscall(TypedDict):
    """Seccomp rule syscall."""

    names: list[str]
    action: str
    errnoRet: NotRequired[int]
    args: NotRequired[list[SeccompRuleSyscallArgsItem]]


class SeccompRuleSyscallArgsItem(TypedDict):
    """Seccomp rule syscall args item."""

    index: int
    value: int
    valueTwo: NotRequired[int]
    op: str


class Server(TypedDict):
    """Server."""

    id: str
    hub_id: str
    location_id: str
    model_id: str
    node_id: str
    shared_file_systems: ServerSharedFileSystems
    hostname: str
    nickname: NotRequired[str | None]
    creator: CreatorScope
    provider: ServerProvider
    cluster: str
    features: ServerFeatures
    constraints: ServerConstraints
    autoscale: NotRequired[ServerAutoscale | None]
    ephemeral: bool
    evacuate: NotRequired[ServerEvacuate | None]
    state: ServerState
    events: ServerEvents
    meta: NotRequired[ServerMeta]


class ServerAutoscale(TypedDict):
    """Server autoscale."""

    group_id: str


class ServerConstraints(TypedDict):
    """Server constraints."""

    tags: list[str]
    allow: ServerConstraintsAllow


class ServerConstraintsAllow(TypedDict):
    """Server constraints allow."""

    pool: bool
    services: bool
    overcommit: bool
    overcommit_multiple: NotRequired[int | None]


class ServerEvacuate(TypedDict):
    """Server evacuate."""

    started: str


class ServerEvents(TypedDict):
    """Server events."""

    created: str
    updated: str
    deleted: str
    latest_instance: str
    provisioning: ServerEventsProvisioning


class ServerEventsProvisioning(TypedDict):
    """Server events provisioning."""

    started: str
    failed: str
    completed: str


class ServerFeatures(TypedDict):
    """Server features."""

    sftp: bool
    base_volume_gb: NotRequired[int | None]
    gateway: NotRequired[ServerFeaturesGateway | None]


class ServerFeaturesGateway(TypedDict):
    """Server features gateway."""

    type: Literal["bgp", "static"]


class ServerImage(TypedDict):
    """Server image."""

    id: str
    access_time: str


class ServerMeta(TypedDict):
    """Server meta."""

    node: NotRequired[ServerMetaNode]
    instances_count: NotRequired[StateCountSummary]
    allocations: NotRequired[ServerMetaAllocations]


class ServerMetaAllocations(TypedDict):
    """Server meta allocations."""

    cpu_shares: ServerMetaAllocationsCpuShares
    ram: ServerMetaAllocationsRam


class ServerMetaAllocationsCpuShares(TypedDict):
    """Server meta allocations cpu shares."""

    total: int
    allocatable: int
    allocated: int


class ServerMetaAllocationsRam(TypedDict):
    """Server meta allocations ram."""

    total_mb: int
    allocatable_mb: int
    allocated_mb: int


class ServerMetaNode(TypedDict):
    """Server meta node."""

    last_checkin: str
    drivers: list[str]
    state: NodeState
    stats: NodeMetaStats
    healthy: bool
    online: bool


class ServerProvider(TypedDict):
    """Server provider."""

    vendor: str
    integration_id: str
    model: str
    zone: NotRequired[str | None]
    location: str
    server: str
    init_ips: NotRequired[list[str]]
    mac_addr: NotRequired[str]
    extra: NotRequired[dict[str, Any]]
    provision_options: NotRequired[ServerProviderProvisionOptions]


class ServerProviderProvisionOptions(TypedDict):
    """Server provider provision options."""

    encrypt_storage: NotRequired[bool]
    storage_size: NotRequired[float]
    reservation_id: NotRequired[str]


class ServerSharedFileSystems(TypedDict):
    """Server shared file systems."""

    mounts: NotRequired[dict[str, ServerSharedFileSystemsMountsValue] | None]
    directories: NotRequired[dict[str, Any] | None]


class ServerSharedFileSystemsMountsValue(TypedDict):
    """Server shared file systems mounts value."""

    type: str
    options: str
    source: str


class ServerState(TypedDict):
    """Server state."""

    current: Literal[
        "new", "provisioning", "configuring", "quarantined", "live", "deleting", "deleted"
    ]
    changed: str
    error: NotRequired[ServerStateError]


class ServerStateError(TypedDict):
    """Server state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class ServerStatsCpu(TypedDict):
    """Server stats cpu."""

    physical_cpus: NotRequired[int]
    cores: NotRequired[int]
    threads: NotRequired[int]
    processors: NotRequired[list[ServerStatsCpuProcessorsItem]]
    usage: NotRequired[ServerStatsCpuUsage]
    virtualization: NotRequired[bool]


class ServerStatsCpuProcessorsItem(TypedDict):
    """Server stats cpu processors item."""

    model: NotRequired[str]
    speed: NotRequired[float]


class ServerStatsCpuUsage(TypedDict):
    """Server stats cpu usage."""

    user: NotRequired[int]
    nice: NotRequired[int]
    system: NotRequired[int]
    idle: NotRequired[int]
    iowait: NotRequired[int]
    irq: NotRequired[int]
    soft_irq: NotRequired[int]
    steal: NotRequired[int]
    guest: NotRequired[int]
    guest_nice: NotRequired[int]


class ServerStatsLoad(TypedDict):
    """Server stats load."""

    avg1m: float
    avg5m: float
    avg15m: float


class ServerStatsNetwork(TypedDict):
    """Server stats network."""

    interfaces: NotRequired[dict[str, ServerStatsNetworkInterfacesValue]]
    external_ipv4: str
    external_ipv6: str


class ServerStatsNetworkInterfacesValue(TypedDict):
    """Server stats network interfaces value."""

    interface: str
    flags: str
    mtu: int
    mac_addr: str
    addrs: NotRequired[list[str] | None]
    speed: int
    rx_bytes: int
    tx_bytes: int


class ServerStatsOS(TypedDict):
    """Server stats OS."""

    release: NotRequired[str]
    kernel: NotRequired[str]
    hostname: NotRequired[str]


class ServerStatsRam(TypedDict):
    """Server stats ram."""

    available: int
    free: int
    total: int


class ServerStatsStorage(TypedDict):
    """Server stats storage."""

    volume_groups: dict[str, ServerStatsStorageVolumeGroupsValue]
    mounts: dict[str, ServerStatsStorageMountsValue]


class ServerStatsStorageMountsValue(TypedDict):
    """Server stats storage mounts value."""

    device: NotRequired[str]
    type: str
    mountpoint: NotRequired[str]
    total: int
    free: int
    used: int


class ServerStatsStorageVolumeGroupsValue(TypedDict):
    """Server stats storage volume groups value."""

    name: str
    size: int
    volumes: dict[str, ServerStatsStorageVolumeGroupsValueVolumesValue]


class ServerStatsStorageVolumeGroupsValueVolumesValue(TypedDict):
    """Server stats storage volume groups value volumes value."""

    name: str
    size: int
    data_percent: int
    meta_percent: int
    pool: str


class ServerStatsUptime(TypedDict):
    """Server stats uptime."""

    seconds: NotRequired[float]
    cpu_idle: NotRequired[float]


class ServerStatsVendor(TypedDict):
    """Server stats vendor."""

    system_vendor: NotRequired[str]
    board_vendor: NotRequired[str]
    board_name: NotRequired[str]
    board_serial: NotRequired[str]
    bios_vendor: NotRequired[str]


class ServerStatsVersions(TypedDict):
    """Server stats versions."""

    services: dict[str, str]


class ServiceContainer(TypedDict):
    """Service container."""

    container: ContainerSummary
    instances: NotRequired[list[InstanceSummary] | None]


class ServiceContainers(TypedDict):
    """Service containers."""

    discovery: NotRequired[ServiceContainer]
    vpn: NotRequired[ServiceContainer]
    loadbalancer: NotRequired[ServiceContainer]
    scheduler: NotRequired[ServiceContainer]
    gateway: NotRequired[ServiceContainer]


class StackSummary(TypedDict):
    """Stack summary."""

    id: NotRequired[str]
    build_id: NotRequired[str]
    identifier: NotRequired[str]


class StartInstanceAction(TypedDict):
    """Start instance action."""

    action: Literal["container.instance.start"]
    contents: StartInstanceActionContents


class StartInstanceActionContents(TypedDict):
    """Start instance action contents."""

    instance_id: str
    container_id: str
    function: NotRequired[FunctionInitOpts | None]


class StateCountSummary(TypedDict):
    """State count summary."""

    state: dict[str, int]
    total: int
    available: int


class StopInstanceAction(TypedDict):
    """Stop instance action."""

    action: Literal["container.instance.stop"]
    contents: StopInstanceActionContents


class StopInstanceActionContents(TypedDict):
    """Stop instance action contents."""

    instance_id: str
    container_id: str


class TcpRouterConfig(TypedDict):
    """Tcp router config."""

    type: Literal["tcp"]
    details: dict[str, Any]


class TcpTransportConfig(TypedDict):
    """Tcp transport config."""

    type: Literal["tcp"]
    details: TcpTransportConfigDetails


class TcpTransportConfigDetails(TypedDict):
    """Tcp transport config details."""

    connections: dict[str, Any]
    telemetry: dict[str, Any]


class UdpRouterConfig(TypedDict):
    """Udp router config."""

    type: Literal["udp"]
    details: dict[str, Any]


class UdpTransportConfig(TypedDict):
    """Udp transport config."""

    type: Literal["udp"]
    details: UdpTransportConfigDetails


class UdpTransportConfigDetails(TypedDict):
    """Udp transport config details."""

    telemetry: dict[str, Any]


class V1LbConfig(TypedDict):
    """V 1 lb config."""

    controllers: list[V1LbController]
    controller_template: NotRequired[V1LbController | None]
    waf: NotRequired[WafConfig | None]


class V1LbConfigRouter(TypedDict):
    """V 1 lb config router."""

    match: V1LbConfigRouterMatch
    mode: Literal["random", "round-robin", "source-ip"]
    config: V1LbConfigRouterConfig


class V1LbConfigRouterConfig(TypedDict):
    """V 1 lb config router config."""

    sticky_sessions: bool
    destination_retries: int
    destination_prioritization: NotRequired[Literal["latency", "random", "fixed"] | None]
    tls: NotRequired[V1LbConfigRouterConfigTls | None]
    timeouts: V1LbConfigRouterConfigTimeouts
    extension: NotRequired[TcpRouterConfig | HttpRouterConfig | UdpRouterConfig | None]


class V1LbConfigRouterConfigTimeouts(TypedDict):
    """V 1 lb config router config timeouts."""

    destination_connection: str


class V1LbConfigRouterConfigTls(TypedDict):
    """V 1 lb config router config tls."""

    server_name: NotRequired[str | None]
    allow_insecure: NotRequired[bool | None]
    client_cert_auth: NotRequired[str | None]
    client_auth: NotRequired[Literal["none", "request", "require", "require-verify"] | None]


class V1LbConfigRouterMatch(TypedDict):
    """V 1 lb config router match."""

    domains: list[str] | None
    internal_ports: list[int] | None
    path: NotRequired[str | None]
    containers: NotRequired[V1LbConfigRouterMatchContainers | None]


class V1LbConfigRouterMatchContainers(TypedDict):
    """V 1 lb config router match containers."""

    include: NotRequired[list[str] | None]
    exclude: NotRequired[list[str] | None]


class V1LbController(TypedDict):
    """V 1 lb controller."""

    identifier: str
    port: int
    waf: NotRequired[WafConfig | None]
    transport: NotRequired[V1LbControllerTransport | None]


class V1LbControllerTransport(TypedDict):
    """V 1 lb controller transport."""

    disable: bool
    mode: Literal["tcp", "udp", "http"]
    config: V1LbControllerTransportConfig
    routers: list[V1LbConfigRouter]


class V1LbControllerTransportConfig(TypedDict):
    """V 1 lb controller transport config."""

    performance: bool
    ingress: V1LbControllerTransportConfigIngress
    timeouts: V1LbControllerTransportConfigTimeouts
    verbosity: Literal["low", "normal", "high", "debug"]
    extension: NotRequired[TcpTransportConfig | HttpTransportConfig | UdpTransportConfig]


class V1LbControllerTransportConfigIngress(TypedDict):
    """V 1 lb controller transport config ingress."""

    tls: NotRequired[V1LbControllerTransportConfigIngressTls | None]


class V1LbControllerTransportConfigIngressTls(TypedDict):
    """V 1 lb controller transport config ingress tls."""

    enable: bool


class V1LbControllerTransportConfigTimeouts(TypedDict):
    """V 1 lb controller transport config timeouts."""

    idle: str


class V1LbType(TypedDict):
    """V 1 lb type."""

    performance: bool
    ipv4: bool
    ipv6: bool
    type: Literal["v1"]
    details: V1LbConfig


class VirtualMachine(TypedDict):
    """Virtual machine."""

    id: str
    name: str
    identifier: str
    creator: CreatorScope
    environment: VirtualMachineEnvironment
    hub_id: str
    config: VirtualMachineConfig
    image: (
        VirtualMachineImageSourceUrl
        | VirtualMachineImageSourceIpxe
        | VirtualMachineImageSourceBase
        | VirtualMachineImageSourceExternalVolume
    )
    container_id: NotRequired[str]
    volumes: NotRequired[list[VirtualMachineVolume] | None]
    annotations: NotRequired[dict[str, Any] | None]
    root_password: NotRequired[VirtualMachineRootPassword]
    ssh_keys: NotRequired[list[str] | None]
    state: VirtualMachineState
    events: VirtualMachineEvents
    deprecate: bool
    lock: bool
    meta: NotRequired[VirtualMachineMeta | None]


class VirtualMachineAttachmentTypeIso(TypedDict):
    """Virtual machine attachment type iso."""

    type: Literal["iso"]
    details: VirtualMachineAttachmentTypeIsoDetails


class VirtualMachineAttachmentTypeIsoDetails(TypedDict):
    """Virtual machine attachment type iso details."""

    url: str


class VirtualMachineConfig(TypedDict):
    """Virtual machine config."""

    network: VirtualMachineNetworkConfig
    deploy: VirtualMachineDeployConfig
    resources: VirtualMachineResourcesConfig
    runtime: NotRequired[VirtualMachineRuntimeConfig | None]


class VirtualMachineCpuConfigCustom(TypedDict):
    """Virtual machine cpu config custom."""

    type: Literal["custom"]
    details: VirtualMachineCpuConfigCustomDetails


class VirtualMachineCpuConfigCustomDetails(TypedDict):
    """Virtual machine cpu config custom details."""

    model: str
    feature_flags: NotRequired[list[str] | None]


class VirtualMachineCpuConfigDefault(TypedDict):
    """Virtual machine cpu config default."""

    type: Literal["host", "qemu32", "qemu64", "kvm64"]
    details: dict[str, Any]


class VirtualMachineCpuResources(TypedDict):
    """Virtual machine cpu resources."""

    cores: NotRequired[VirtualMachineCpuResourcesCores | None]
    cpus: NotRequired[str | None]


class VirtualMachineCpuResourcesCores(TypedDict):
    """Virtual machine cpu resources cores."""

    number: int
    allocate: NotRequired[bool | None]


class VirtualMachineDeployConfig(TypedDict):
    """Virtual machine deploy config."""

    constraints: NotRequired[VirtualMachineDeployConstraints | None]
    shutdown: NotRequired[VirtualMachineShutdownPolicy | None]
    startup: NotRequired[VirtualMachineStartupPolicy | None]
    telemetry: NotRequired[VirtualMachineTelemetryConfig | None]


class VirtualMachineDeployConstraints(TypedDict):
    """Virtual machine deploy constraints."""

    node: NotRequired[VirtualMachineNodeConstraints | None]
    secrets: NotRequired[list[str] | None]
    containers: NotRequired[list[str] | None]


class VirtualMachineDeployTags(TypedDict):
    """Virtual machine deploy tags."""

    any: NotRequired[list[str] | None]
    all: NotRequired[list[str] | None]


class VirtualMachineDomain(TypedDict):
    """Virtual machine domain."""

    fqdn: str
    record: NotRequired[DnsRecord]


class VirtualMachineEnvironment(TypedDict):
    """Virtual machine environment."""

    id: str
    cluster: str


class VirtualMachineEvents(TypedDict):
    """Virtual machine events."""

    created: str
    updated: str
    deleted: str
    started: str


class VirtualMachineGateway(TypedDict):
    """Virtual machine gateway."""

    virtual_machine_id: str
    gateway_instance_id: str
    ips: NotRequired[list[VirtualMachineGatewayIpsItem]]


class VirtualMachineGatewayIpsItem(TypedDict):
    """Virtual machine gateway ips item."""

    kind: Literal["ipv4", "ipv6"]
    public_ip: str
    gateway_private_ip: NotRequired[str | None]
    gateway_nat_ip: NotRequired[str | None]


class VirtualMachineImageSourceBase(TypedDict):
    """Virtual machine image source base."""

    type: Literal["base"]
    details: VirtualMachineImageSourceBaseDetails


class VirtualMachineImageSourceBaseDetails(TypedDict):
    """Virtual machine image source base details."""

    identifier: str


class VirtualMachineImageSourceExternalVolume(TypedDict):
    """Virtual machine image source external volume."""

    type: Literal["external-volume"]
    details: VirtualMachineImageSourceExternalVolumeDetails


class VirtualMachineImageSourceExternalVolumeDetails(TypedDict):
    """Virtual machine image source external volume details."""

    identifier: NotRequired[str | None]
    id: NotRequired[str | None]


class VirtualMachineImageSourceIpxe(TypedDict):
    """Virtual machine image source ipxe."""

    type: Literal["ipxe"]
    details: VirtualMachineImageSourceIpxeDetails


class VirtualMachineImageSourceIpxeDetails(TypedDict):
    """Virtual machine image source ipxe details."""

    chain_url: NotRequired[str | None]
    script: NotRequired[str | None]


class VirtualMachineImageSourceUrl(TypedDict):
    """Virtual machine image source url."""

    type: Literal["url"]
    details: VirtualMachineImageSourceUrlDetails


class VirtualMachineImageSourceUrlDetails(TypedDict):
    """Virtual machine image source url details."""

    url: str


class VirtualMachineMeta(TypedDict):
    """Virtual machine meta."""

    domains: NotRequired[list[VirtualMachineMetaDomainsItem] | None]
    ips: NotRequired[list[Ip] | None]
    server: NotRequired[Server | None]
    hypervisor_ips: NotRequired[VirtualMachineMetaHypervisorIps | None]


class VirtualMachineMetaDomainsItem(TypedDict):
    """Virtual machine meta domains item."""

    fqdn: str
    record: NotRequired[DnsRecord | None]


class VirtualMachineMetaHypervisorIps(TypedDict):
    """Virtual machine meta hypervisor ips."""

    ipv4: NotRequired[str]
    ipv6: NotRequired[str]


class VirtualMachineNetworkConfig(TypedDict):
    """Virtual machine network config."""

    public: Literal["enable", "disable", "egress-only", "environment-limited"]
    hostname: str
    ports: NotRequired[list[str] | None]
    egress_via_gateway: bool


class VirtualMachineNodeConstraints(TypedDict):
    """Virtual machine node constraints."""

    tags: VirtualMachineDeployTags


class VirtualMachineRamResources(TypedDict):
    """Virtual machine ram resources."""

    limit: str
    allocate: NotRequired[bool | None]


class VirtualMachineResourcesConfig(TypedDict):
    """Virtual machine resources config."""

    ram: VirtualMachineRamResources
    cpu: VirtualMachineCpuResources


class VirtualMachineRootPassword(TypedDict):
    """Virtual machine root password."""

    changed: str
    current: str | None


class VirtualMachineRuntimeConfig(TypedDict):
    """Virtual machine runtime config."""

    hardware: NotRequired[VirtualMachineRuntimeConfigHardware | None]
    attach: NotRequired[list[VirtualMachineAttachmentTypeIso] | None]
    os_flavor: NotRequired[Literal["linux", "unix", "windows"]]


class VirtualMachineRuntimeConfigHardware(TypedDict):
    """Virtual machine runtime config hardware."""

    machine_type: NotRequired[Literal["pc", "q35", "microvm"] | None]
    cpu: VirtualMachineCpuConfigDefault | VirtualMachineCpuConfigCustom


class VirtualMachineShutdownPolicy(TypedDict):
    """Virtual machine shutdown policy."""

    graceful_timeout: NotRequired[str | None]


class VirtualMachineStartupPolicy(TypedDict):
    """Virtual machine startup policy."""

    delay: NotRequired[str | None]


class VirtualMachineState(TypedDict):
    """Virtual machine state."""

    current: Literal[
        "new", "starting", "configuring", "running", "stopping", "stopped", "deleting", "deleted"
    ]
    changed: str
    error: NotRequired[VirtualMachineStateError]


class VirtualMachineStateError(TypedDict):
    """Virtual machine state error."""

    message: NotRequired[str]
    time: NotRequired[str]


class VirtualMachineTelemetryConfig(TypedDict):
    """Virtual machine telemetry config."""

    retention: NotRequired[str | None]
    interval: NotRequired[str | None]
    disable: bool


class VirtualMachineVolume(TypedDict):
    """Virtual machine volume."""

    id: str
    hash: str
    config: VirtualMachineVolumeConfig
    removed: NotRequired[str | None]


class VirtualMachineVolumeConfig(TypedDict):
    """Virtual machine volume config."""

    local: NotRequired[VirtualMachineVolumeConfigLocal | None]
    external: NotRequired[VirtualMachineVolumeConfigExternal | None]
    identifier: str
    read_only: bool


class VirtualMachineVolumeConfigExternal(TypedDict):
    """Virtual machine volume config external."""

    id: NotRequired[str | None]


class VirtualMachineVolumeConfigLocal(TypedDict):
    """Virtual machine volume config local."""

    max_size: str
    storage_pool: NotRequired[bool | None]
    stateless: NotRequired[bool | None]


class VolumeSummary(TypedDict):
    """Volume summary."""

    id: str
    hash: str
    config: ContainerVolume
    external: NotRequired[VolumeSummaryExternal | None]
    removed: NotRequired[str | None]


class VolumeSummaryExternal(TypedDict):
    """Volume summary external."""

    id: NotRequired[str]


class VpnEnvironmentService(TypedDict):
    """Vpn environment service."""

    enable: bool
    container_id: str
    auto_update: NotRequired[bool]
    config: NotRequired[VpnEnvironmentServiceConfig | None]


class VpnEnvironmentServiceConfig(TypedDict):
    """Vpn environment service config."""

    allow_internet: bool
    custom_directives: NotRequired[str | None]
    auth: VpnEnvironmentServiceConfigAuth


class VpnEnvironmentServiceConfigAuth(TypedDict):
    """Vpn environment service config auth."""

    webhook: str | None
    cycle_accounts: bool
    vpn_accounts: NotRequired[bool]


class WafConfig(TypedDict):
    """Waf config."""

    rules: list[WafConfigRulesItem]


class WafConfigRulesItem(TypedDict):
    """Waf config rules item."""

    description: str
    skip: bool
    type: Literal["allow", "deny", "block"]
    expires: NotRequired[str | None]
    match: Literal["any", "all", ""]
    sample: NotRequired[int | None]
    response: NotRequired[WafConfigRulesItemResponse | None]
    conditions: list[WafConfigRulesItemConditionsItem]


class WafConfigRulesItemConditionsItem(TypedDict):
    """Waf config rules item conditions item."""

    key: NotRequired[str | None]
    value: str
    regex: NotRequired[bool]
    type: Literal[
        "ip-match",
        "geo-match",
        "http-url-match",
        "http-method-match",
        "http-header-match",
        "http-body-match",
    ]
    operator: Literal["==", "!=", "*=", "!*=", "^=", "!^=", ">", "<", ">=", "<="]


class WafConfigRulesItemResponse(TypedDict):
    """Waf config rules item response."""

    http_code: NotRequired[int]
