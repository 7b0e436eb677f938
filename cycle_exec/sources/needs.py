"""What has to be asked for these settings and templates: settings in, requests out."""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.sources.model import Request
from cycle_exec.sources.operations import operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from cycle_exec.settings.model import IntegrationRequest, Settings

# Template name -> operation. `instance` is found in the container's own list.
RESOURCES = {
    "environment": "getEnvironment",
    "container": "getContainer",
    "containers": "getEnvironmentContainers",
    "instance": "getContainerInstances",
    "instances": "getEnvironmentInstances",
    "services": "getEnvironmentServices",
    "server": "getServer",
    "hub": "getHub",
    "networks": "getNetworks",
}

# Every name that costs a fetch when a template uses it.
FETCHED_NAMES = frozenset(RESOURCES) | {"certificates", "domains", "metadata"}

_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Need(Record):
    """A request and what its answer is for.

    kind: "variables", "integration", "certificates", "domains" or "resource".
    name: the template name of a resource, or the name of an integration.
    """

    kind: str
    name: str
    request: Request
    integration: IntegrationRequest | None = None

    def is_used(self, used: Collection[str]) -> bool:
        """Whether the answer matters once it is known which names templates really use."""
        return self.request.essential or self.integration is not None or self.name in used


def needs(settings: Settings, mentioned: Collection[str]) -> tuple[Need, ...]:
    """Every request of the launch, the indispensable ones first.

    mentioned: the fetched names that occur in templates. What only a mention asks for is not
    essential: the mention may turn out to be no use at all.
    """
    found = [
        Need(
            kind="variables",
            name="variables",
            request=_request("getEnvironmentScopedVariables", "scoped variables"),
        )
    ]
    found.extend(_integration(integration) for integration in settings.integrations)
    found.extend(_certificates(settings, mentioned))
    if "domains" in mentioned:
        request = _request("getContainerDomains", "domains", essential=False)
        found.append(Need(kind="domains", name="domains", request=request))
    for name, asked in RESOURCES.items():
        if name in mentioned:
            request = _request(asked, name, essential=False)
            found.append(Need(kind="resource", name=name, request=request))
    return tuple(found)


def _integration(integration: IntegrationRequest) -> Need:
    query = {"identifier": integration.identifier, "vendor": integration.vendor}
    subject = f"integration {integration.name}"
    request = _request(
        "getHubIntegration", subject, query=query, essential=not integration.optional
    )
    return Need(kind="integration", name=integration.name, request=request, integration=integration)


def _certificates(settings: Settings, mentioned: Collection[str]) -> list[Need]:
    wanted = settings.certificates
    if wanted is None and "certificates" not in mentioned:
        return []
    request = _request(
        "getContainerCertificates",
        "certificates",
        query={"container-id": wanted.container_id if wanted else ""},
        essential=wanted is not None,
    )
    return [Need(kind="certificates", name="certificates", request=request)]


def _request(
    name: str, subject: str, *, query: dict[str, str] | None = None, essential: bool = True
) -> Request:
    row = operation(name)
    pairs = [f"{key}={_quoted(value)}" for key, value in (query or {}).items() if value]
    target = row.path + ("?" + "&".join(pairs) if pairs else "")
    return Request(
        operation=name, method=row.method, target=target, subject=subject, essential=essential
    )


def _quoted(value: str) -> str:
    # urllib.parse would cost 4 ms for this one line.
    return "".join(
        character
        if character in _SAFE
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
        for character in value
    )
