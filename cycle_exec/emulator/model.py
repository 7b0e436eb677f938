"""The platform in the box, as frozen values: what a state says, the world it makes, the wire."""

from __future__ import annotations

from json import dumps

from cycle_exec.record import Record
from cycle_exec.secret import Secret, SecretBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    # A JSON object of the official document. What is in it is the document's business.
    Document = Mapping[str, object]

NEVER = "0001-01-01T00:00:00Z"  # Go's zero time: `events.deleted` and its kin are required


class Variable(Record):
    """A scoped variable. duration: seconds of the run for which it is served; None: always."""

    _redacted = ("value",)

    value: str
    duration: float | None = None


class Order(Record):
    """A certificate to be issued. days: until it ends, negative: ended so many days ago.

    key: "ec" (P-256) or "rsa" (2048 bits). mark: two orders of different marks are issued apart.
    """

    domains: tuple[str, ...]
    days: int = 60
    key: str = "ec"
    mark: str = ""


class Pair(Record):
    """A certificate chain (leaf first) and its private key, both PEM."""

    bundle: str
    private_key: Secret
    domains: tuple[str, ...] = ()


class CertificateState(Record):
    """One [[certificates]]: ordered, or a pair of texts.

    bundle, private_key: PEM as it stands in the state, or the name of a file (see `is_pem`).
    encoding: how the API gives both, "base64" (of PEM) or "pem".
    container: identifier of the container it belongs to, empty: the emulated instance's own.
    serial: does nothing but tell two issues apart.
    """

    _redacted = ("private_key",)

    domains: tuple[str, ...] = ()
    bundle: str = ""
    private_key: str = ""
    days: int = 60
    key: str = "ec"
    encoding: str = "base64"
    container: str = ""
    serial: int = 0
    extra: Document = {}

    @property
    def order(self) -> Order | None:
        """What has to be issued, None if the state gives the pair itself."""
        if self.bundle:
            return None
        return Order(domains=self.domains, days=self.days, key=self.key, mark=self._mark)

    @property
    def _mark(self) -> str:
        """What else the table says: whoever changes it wants another certificate."""
        said = [self.serial, self.extra]
        return dumps(said, sort_keys=True) if self.serial or self.extra else ""

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that have to be read for it."""
        return tuple(text for text in (self.bundle, self.private_key) if text and not is_pem(text))


def is_pem(text: str) -> bool:
    """Whether a bundle or key is given in place rather than as the name of a file."""
    return "-----BEGIN" in text


class ContainerState(Record):
    """One [[containers]] or the [container]: its identifier, its instances, its domains.

    ready: what the platform says of the readiness of its instances, None: nothing, unless its
    config has a readiness check.
    """

    identifier: str
    instances: int = 1
    ready: bool | None = None
    domains: tuple[str, ...] = ()
    extra: Document = {}


class MachineState(Record):
    """One [[virtual_machines]]: its identifier and its domains."""

    identifier: str
    domains: tuple[str, ...] = ()
    extra: Document = {}


class State(Record):
    """A state file, checked. Everything has a default; `extra` fields are the official schema's.

    token: empty, any token is good. container: identifier of the emulated instance's container,
    which is always one of `containers`, the first.
    """

    _redacted = ("token", "variables", "integrations", "users")

    token: str = ""
    variables: Mapping[str, Variable] = {}
    integrations: tuple[Document, ...] = ()
    certificates: tuple[CertificateState, ...] = ()
    users: Mapping[str, str] = {}
    environment: Document = {}
    containers: tuple[ContainerState, ...] = (ContainerState(identifier="app"),)
    server: Document = {}
    hub: Document = {}
    networks: tuple[Document, ...] = ()
    services: Mapping[str, Document] = {}
    virtual_machines: tuple[MachineState, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """Files that must be read before the world can be made."""
        return tuple(name for item in self.certificates for name in item.files)


class Cached(Record):
    """An object of the cache. expires: as it was given. ends: seconds since the epoch."""

    _redacted = ("value",)

    value: str
    expires: str
    ends: float


class Memory(Record):
    """What the platform remembers of requests.

    started: when the server was started again (seconds since the epoch), None: never.
    instances: by id, the state that one was brought to, and when. images: by id, when one was
    fetched. cache: by scope and key. metrics, events, telemetry: as they were handed in.
    """

    _redacted = ("cache", "metrics", "events", "telemetry")

    started: float | None = None
    instances: Mapping[str, tuple[str, str]] = {}
    images: Mapping[str, str] = {}
    cache: Mapping[tuple[str, str], Cached] = {}
    metrics: tuple[object, ...] = ()
    events: tuple[object, ...] = ()
    telemetry: tuple[object, ...] = ()

    def put(self, place: tuple[str, str], found: Cached, now: float) -> Memory:
        """With that object in the cache, and without those whose time is over."""
        kept = {where: item for where, item in self.cache.items() if item.ends > now}
        return self.replace(cache={**kept, place: found})


class World(Record):
    """What the emulated platform knows; every document is as the API gives it.

    own: id of the emulated instance's container. started: when the run began (seconds since the
    epoch); variables with a duration are counted from there.
    domains: by the id of a container or virtual machine. certificates: by container id.
    """

    _redacted = ("token", "variables", "integrations", "certificates", "users")

    token: str
    started: float
    variables: Mapping[str, Variable]
    integrations: tuple[Document, ...]
    certificates: Mapping[str, tuple[Document, ...]]
    domains: Mapping[str, tuple[str, ...]]
    users: Mapping[str, str]
    own: str
    environment: Document
    containers: tuple[Document, ...]
    instances: tuple[Document, ...]
    services: Document
    server: Document
    hub: Document
    networks: tuple[Document, ...]
    ips: tuple[Document, ...] = ()
    virtual_machines: tuple[Document, ...] = ()
    memory: Memory = Memory()


class Query(Record):
    """A request as it arrived. Header names are lower case; query values are decoded.

    upgrade: it asks for a WebSocket. A reply of status 101 opens it, any other refuses.
    """

    _redacted = ("headers",)

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: SecretBytes = SecretBytes(b"")
    upgrade: bool = False


class Reply(Record):
    """An answer to send: always JSON. memory: what the world remembers from now on, None: nothing
    new.
    """

    _redacted = ("data",)

    status: int
    data: object
    headers: tuple[tuple[str, str], ...] = ()
    memory: Memory | None = None


class Fault(Record):
    """What goes wrong with one answer.

    status: of the failure that is answered instead, 0: none. latency: seconds before the first
    byte. pause: seconds between the pieces of the body, 0: in one piece. cut: the connection is
    closed in the middle of the body, a WebSocket right after it was opened.
    """

    latency: float = 0.0
    status: int = 0
    cut: bool = False
    pause: float = 0.0


class Delivery(Record):
    """A reply's bytes and how they are sent."""

    _redacted = ("body",)

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fault: Fault = Fault()
