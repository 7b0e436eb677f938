"""Which notifications of the platform concern what a launch has asked for.

Topics are free text that grows with the platform, so they are matched by how they begin. The
platform's document lists twelve (AsyncAPI, `internal-api.asyncapi.json`), its clients know more.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

# By what was asked for: the kind of a need, or the name of a resource.
_TOPICS = {
    "variables": ("environment.scoped-variable.",),
    "integration": ("hub.integration.",),
    "certificates": ("dns.zone.certificate.", "dns.zone.record.certificate.", "dns.certificate."),
    "domains": ("dns.",),
    "environment": (
        *("environment.updated", "environment.reconfigured", "environment.state."),
        "environment.deployments.",
    ),
    "container": ("container.",),
    "containers": ("container.",),
    "instance": ("container.instance",),
    "instances": ("container.instance",),
    "services": ("environment.services.",),
    "networks": ("sdn.network.",),
    "server": ("infrastructure.server.",),
    "hub": ("hub.updated", "hub.reconfigured", "hub.state."),
    "metadata": ("environment.services.", "environment.deployments.", "sdn.network."),
}
EVERYTHING = frozenset(_TOPICS)
BEGINNINGS = tuple(sorted({each for some in _TOPICS.values() for each in some}))
# What a container may ask for can change with it.
_ALWAYS = ("container.reconfigured",)


def concerns(topic: str, asked: Collection[str]) -> bool:
    """Whether a notification of this topic can change the answers to what was asked."""
    beginnings = [*_ALWAYS, *(each for kind in asked for each in _TOPICS.get(kind, ()))]
    return topic.startswith(tuple(beginnings))
