"""What has to be asked for these settings and templates: settings in, requests out."""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.sources.model import Request
from cycle_exec.sources.operations import operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

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

# A template's expressions are found without Jinja2, before the fetch.
_STRING = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_COMMENT = r"\{#.*?#\}"
_RAW = r"\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}"
# Up to the first closing mark, and up to the first that is outside of a string literal. Only a
# parser could tell which is right, so both are read.
_SHORT = r"\{\{(.*?)(?:\}\}|\Z)|\{%(.*?)(?:%\}|\Z)"
_LONG = rf"\{{\{{((?:{_STRING}|.)*?)(?:\}}\}}|\Z)|\{{%((?:{_STRING}|.)*?)(?:%\}}|\Z)"
_WORD = rf"{_STRING}|(?<![\w.])(?P<name>[A-Za-z_]\w*)(?!\w)(?!\s*=(?!=))"


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
    found = [_need("variables", "variables", "getEnvironmentScopedVariables", "scoped variables")]
    for wanted in settings.integrations:
        need = _need(
            "integration",
            wanted.name,
            "getHubIntegration",
            f"integration {wanted.name}",
            query={"identifier": wanted.identifier, "vendor": wanted.vendor},
            essential=not wanted.optional,
        )
        found.append(need.replace(integration=wanted))
    certificates = settings.certificates
    if certificates is not None or "certificates" in mentioned:
        need = _need(
            "certificates",
            "certificates",
            "getContainerCertificates",
            query={"container-id": certificates.container_id if certificates else ""},
            essential=certificates is not None,
        )
        found.append(need)
    if "domains" in mentioned:
        found.append(_need("domains", "domains", "getContainerDomains", essential=False))
    for name, asked in RESOURCES.items():
        if name in mentioned:
            found.append(_need("resource", name, asked, essential=False))
    return tuple(found)


def _need(
    kind: str,
    name: str,
    asked: str,
    subject: str = "",
    *,
    query: Mapping[str, str] = {},
    essential: bool = True,
) -> Need:
    row = operation(asked)
    pairs = [f"{key}={_quoted(value)}" for key, value in query.items() if value]
    request = Request(
        operation=asked,
        method=row.method,
        target=row.path + ("?" + "&".join(pairs) if pairs else ""),
        subject=subject or name,
        essential=essential,
    )
    return Need(kind=kind, name=name, request=request)


def _quoted(value: str) -> str:
    # urllib.parse would cost 4 ms for this one line.
    return "".join(
        character
        if character in _SAFE
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
        for character in value
    )


def mentions(text: str, known: Collection[str]) -> frozenset[str]:
    """Return the known names that may be used in the template's expression blocks.

    More than are really used when in doubt (raw blocks, names that a loop sets), never fewer:
    plain text, comments, string literals, attributes and keyword arguments do not count.
    """
    import re

    word = re.compile(_WORD, re.DOTALL)
    found = set()
    for blocks in (f"{_COMMENT}|{_SHORT}", f"{_COMMENT}|{_RAW}|{_LONG}"):
        for block in re.finditer(blocks, text, re.DOTALL):
            for each in word.finditer(block.group(1) or block.group(2) or ""):
                if each["name"] in known:
                    found.add(each["name"])
    return frozenset(found)
