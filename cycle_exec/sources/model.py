"""Questions to the platform and what came back, as frozen values."""

from __future__ import annotations

import errno

from cycle_exec.errors import Problem
from cycle_exec.record import Record
from cycle_exec.secret import Secret, SecretBytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Operation(Record):
    """One operation of the internal API's official document.

    query: parameters it takes; required: those it cannot do without.
    """

    name: str
    method: str
    path: str
    query: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


class Request(Record):
    """One question. `target` is path and query as sent; the token is added by the wire.

    subject: words for messages ("scoped variables", "integration s3-backups").
    essential: a final refusal of it ends the whole fetch.
    authorization: a Basic login under test, else None.
    """

    operation: str
    method: str
    target: str
    subject: str
    essential: bool = True
    authorization: Secret | None = None
    body: SecretBytes | None = None


class Response(Record):
    """A complete, well-formed HTTP answer. Header names are lower case."""

    _redacted = ("headers",)

    status: int
    headers: tuple[tuple[str, str], ...]
    body: SecretBytes
    attempts: int = 1


class Failure(Record):
    """No complete answer.

    kind: "missing" (no socket), "refused" (nobody listens), "full" (who listens does not accept
    connections), "forbidden" (no permission on the socket), "unusable" (the path cannot be a
    socket), "exhausted" (no descriptor or memory is left for a connection), "dropped" (closed or
    reset before the end), "timeout" (one attempt took too long), "malformed" (not
    HTTP/1.1 as we accept it), "too-large" (over the cap), "too-much" (all answers together are),
    "unhealthy" (429 or 5xx until the end), "abandoned" (no longer wanted; not an error of its own).
    attempts: how often it was tried. late: the deadline passed before another try.
    status: of an answer that was retried until the deadline, else 0.
    lack: where the socket is missing, which step of its path is to blame, in words; empty: none.
    """

    kind: str
    attempts: int = 1
    late: bool = False
    status: int = 0
    lack: str = ""


# The kind of a failure to connect, by the error of connect(2); of any other it is "unusable".
CONNECT_KINDS: Mapping[int | None, str] = {
    errno.ENOENT: "missing",
    errno.ENOTDIR: "missing",
    errno.ECONNREFUSED: "refused",
    errno.EAGAIN: "full",
    errno.EACCES: "forbidden",
    errno.EPERM: "forbidden",
    errno.EMFILE: "exhausted",
    errno.ENFILE: "exhausted",
    errno.ENOBUFS: "exhausted",
    errno.ENOMEM: "exhausted",
}
# What becomes of a request.
Outcome = Response | Failure


class Integration(Record):
    """A hub integration as the launch uses it.

    fields: the present text members by dotted name: auth.key_id, extra.bucket, ...
    """

    _redacted = ("fields",)

    identifier: str
    vendor: str
    name: str
    fields: Mapping[str, str]


class Certificate(Record):
    """A certificate as the API gives it: PEM, or base64 of PEM, in both members."""

    id: str
    domains: tuple[str, ...]
    bundle: Secret
    private_key: Secret


class VariableFiles(Record):
    """Scoped variables of access kind file, by identifier.

    values: what is in the files; bytes that are not UTF-8 are surrogates. unfit: why a file that is
    there has no value.
    """

    _redacted = ("values",)

    values: Mapping[str, str] = {}
    unfit: Mapping[str, str] = {}


class Snapshot(Record):
    """All answers of one moment.

    variables: scoped variables by identifier. files: those that are files, for templates and files
    alone: who chose that kind keeps them out of the environment.
    integrations: by the name they were asked for (IntegrationRequest.name); None: optional, absent.
    certificates, domains: None when they were not asked for.
    resources: decoded JSON `data` by template name ("server", "instances", ...).
    stale: the age in seconds of the last good copy that it was made of; None: it is fresh.
    offline: the platform was not asked, so nothing of this is an answer.
    unusable: by template name, why a resource that was fetched on suspicion is not there; it
    matters only if a template really uses it.
    """

    _redacted = ("variables", "resources")

    variables: Mapping[str, str] = {}
    files: VariableFiles = VariableFiles()
    integrations: Mapping[str, Integration | None] = {}
    certificates: tuple[Certificate, ...] | None = None
    domains: tuple[str, ...] | None = None
    resources: Mapping[str, object] = {}
    unusable: Mapping[str, Problem] = {}
    stale: int | None = None
    offline: bool = False
