"""Two worlds in, notifications out: what the platform would tell its clients of the difference.

The shape is that of the AsyncAPI document. It lists twelve topics only, so what it has no topic
for goes by the name that the platform's TypeScript client has for it.
"""

from __future__ import annotations

from cycle_exec.emulator.documents import identity, table
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cycle_exec.emulator.model import Document, Variable, World

    # Documents by id. There is more than one where two tables of a state have one name.
    Documents = Mapping[str, tuple[Document, ...]]

_LIVE = {"current": "live"}
# Members of an environment that have topics of their own.
_PARTS = {"services": "environment.services", "deployments": "environment.deployments"}


class Topics(Record):
    """What is said of a kind of resource: `kind.created`, `kind.changed`, `kind.state.changed`."""

    kind: str
    created: str = "new"
    changed: str = "updated"


_VARIABLE = Topics(kind="environment.scoped-variable")
_INTEGRATION = Topics(kind="hub.integration")
_ENVIRONMENT = Topics(kind="environment")
_HUB = Topics(kind="hub")
_SERVER = Topics(kind="infrastructure.server", changed="reconfigured")
_CONTAINER = Topics(kind="container", changed="reconfigured")
_MACHINE = Topics(kind="virtual-machine", changed="reconfigured")
_NETWORK = Topics(kind="sdn.network", created="created", changed="reconfigured")


def between(old: World, new: World) -> tuple[Document, ...]:
    """Return a notification for each document, login or domain that became another one.

    No notification holds a value of the state: what changed has to be asked for.
    """
    if old == new:
        return ()
    teller = _Teller(new)
    return (
        *teller.resources(_HUB, {"": (old.hub,)}, {"": (new.hub,)}),
        *teller.resources(_SERVER, {"": (old.server,)}, {"": (new.server,)}),
        *teller.environment(old),
        *teller.resources(_NETWORK, _by_key(old.networks), _by_key(new.networks)),
        *teller.containers(old),
        *teller.resources(_MACHINE, _by_key(old.virtual_machines), _by_key(new.virtual_machines)),
        *teller.domains(old),
        *teller.certificates(old),
        *teller.resources(_INTEGRATION, _by_key(old.integrations), _by_key(new.integrations)),
        *teller.resources(_VARIABLE, _variables(old.variables), _variables(new.variables)),
    )


class _Teller:
    """Says what is different in the new world."""

    def __init__(self, new: World) -> None:
        self._new = new

    def say(
        self,
        topic: str,
        about: object,
        *,
        state: object = None,
        previous: object = None,
        containers: Iterable[str] = (),
        zones: Iterable[str] = (),
    ) -> Document:
        """One notification. about: the id of its object.

        Every member of the context is there, as clients rely on it, and of the document's type;
        the platform itself may send null for an empty one.
        """
        states = {"state": state, "previous_state": previous}
        environment = self._new.environment
        return {
            "topic": topic,
            "object": {
                "id": str(about),
                **{name: str(value) for name, value in states.items() if value is not None},
            },
            "context": {
                "label": "",
                "hub_id": str(self._new.hub["id"]),
                "account_id": identity("account", "developer"),
                "environments": [str(environment["id"])],
                "dns_zones": sorted(identity("zone", zone) for zone in zones),
                "clusters": [str(environment["cluster"])],
                "containers": sorted(containers),
            },
        }

    def resources(self, topics: Topics, old: Documents, new: Documents) -> Iterator[Document]:
        """Yield what is new, gone or changed among documents; a state is told by itself."""
        for place in {**old, **new}:
            before, after = old.get(place, ()), new.get(place, ())
            if before == after:
                continue
            about = (after or before)[0]["id"]
            containers = [str(about)] if topics.kind == "container" else []
            was, now = _state(before), _state(after) if after else "deleted"
            if not before:
                yield self.say(f"{topics.kind}.{topics.created}", about, containers=containers)
                continue
            if was != now:
                yield self.say(
                    f"{topics.kind}.state.changed",
                    about,
                    state=now,
                    previous=was,
                    containers=containers,
                )
            if after and _stateless(before) != _stateless(after):
                yield self.say(f"{topics.kind}.{topics.changed}", about, containers=containers)

    def environment(self, old: World) -> Iterator[Document]:
        """Yield the environment itself, and its parts that have their own topics."""
        before, after = old.environment, self._new.environment
        about = after["id"]
        own = [
            {name: value for name, value in document.items() if name not in _PARTS}
            for document in (before, after)
        ]
        yield from self.resources(_ENVIRONMENT, {"": (own[0],)}, {"": (own[1],)})
        for name, kind in _PARTS.items():
            listed = name == "services" and old.services != self._new.services
            if listed or before.get(name) != after.get(name):
                yield self.say(f"{kind}.reconfigured", about)
        if old.ips != self._new.ips:
            yield self.say("environment.services.lb.ips.modified", about)
        if old.users != self._new.users:
            yield self.say("environment.services.vpn.users.updated", about)

    def containers(self, old: World) -> Iterator[Document]:
        """Containers, and their instances by container."""
        new = _by_key(self._new.containers)
        yield from self.resources(_CONTAINER, _by_key(old.containers), new)
        before = _by_key(old.instances, by="container_id")
        after = _by_key(self._new.instances, by="container_id")
        for container in new:
            if before.get(container) != after.get(container):
                yield self.say(
                    "container.instances.reconfigured", container, containers=[container]
                )

    def domains(self, old: World) -> Iterator[Document]:
        """Yield the zones whose records came, went or point elsewhere."""
        before, after = _records(old.domains), _records(self._new.domains)
        for zone in sorted({_zone(domain) for domain, _ in before ^ after}):
            moved = {owner for domain, owner in before ^ after if _zone(domain) == zone}
            yield self.say(
                "dns.zone.records.reconfigured",
                identity("zone", zone),
                containers=moved,
                zones=[zone],
            )

    def certificates(self, old: World) -> Iterator[Document]:
        """Certificates, in the words of both families of topics that clients know."""
        before, after = _certificates(old), _certificates(self._new)
        for about in {**before, **after}:
            found = after.get(about, ())
            if before.get(about, ()) == found:
                continue
            held = found or before[about]
            where = {
                "containers": {container for container, _ in held},
                "zones": {_zone(domain) for _, item in held for domain in _domains(item)},
            }
            if about in before:
                state = "live" if found else "deleted"
                yield self.say("dns.certificate.state.changed", about, state=state, **where)
            else:
                yield self.say("dns.certificate.new", about, **where)
            if found:
                yield self.say("dns.zone.certificate.ready", about, **where)


def _by_key(documents: Iterable[Document], by: str = "id") -> Documents:
    found: dict[str, tuple[Document, ...]] = {}
    for document in documents:
        place = str(document[by])
        found[place] = (*found.get(place, ()), document)
    return found


def _variables(variables: Mapping[str, Variable]) -> Documents:
    return {
        name: ({"id": identity("scoped-variable", name), "state": _LIVE, "says": variable},)
        for name, variable in variables.items()
    }


def _certificates(world: World) -> dict[str, tuple[tuple[str, Document], ...]]:
    """By id: the containers that have the certificate, and what they are given."""
    found: dict[str, tuple[tuple[str, Document], ...]] = {}
    for container, certificates in world.certificates.items():
        for item in certificates:
            about = str(item["id"])
            found[about] = (*found.get(about, ()), (container, item))
    return found


def _domains(certificate: Document) -> list[str]:
    domains = certificate.get("domains")
    return [str(domain) for domain in domains] if isinstance(domains, list) else []


def _records(domains: Mapping[str, Sequence[str]]) -> set[tuple[str, str]]:
    return {(domain, container) for container, names in domains.items() for domain in names}


def _zone(domain: str) -> str:
    """Return the zone that a domain is taken to be in: its last two labels."""
    return ".".join(domain.split(".")[-2:])


def _state(documents: Sequence[Document]) -> object:
    return table(documents[0], "state").get("current") if documents else None


def _stateless(documents: Sequence[Document]) -> list[Document]:
    """Return the documents without what a change of state is told by."""
    return [
        {
            name: {**table(document, name), "current": None} if name == "state" else value
            for name, value in document.items()
        }
        for document in documents
    ]
