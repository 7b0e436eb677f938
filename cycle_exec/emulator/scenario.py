"""The state file: TOML text in, a checked State out, or every problem of it at once."""

from __future__ import annotations

from cycle_exec.emulator.model import (
    CertificateState,
    ContainerState,
    MachineState,
    State,
    Variable,
)
from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.settings import duration
from cycle_exec.settings.nearest import did_you_mean, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    Table = dict[str, object]

_TOP = (
    *("token", "variables", "integrations", "certificates", "vpn", "environment", "container"),
    *("containers", "server", "hub", "networks", "services", "virtual_machines"),
)
_OWN = "container"
_CERTIFICATE_KEYS = (
    *("domains", "bundle", "private_key"),
    *("days", "key", "encoding", "container", "serial"),
)
_DAYS = range(-3000, 3001)
FIX = "correct the state file; the documentation of the emulator describes its keys"
_NOT_TOML = "correct the state file; a dotenv file is called .env, .env.NAME or NAME.env"


def is_dotenv(path: str) -> bool:
    """Whether a file's name says that it is a dotenv file; any other is a state file."""
    name = path.rpartition("/")[2]
    return name.endswith(".env") or name.startswith(".env.")


def from_variables(variables: Mapping[str, str]) -> State:
    """Return the state of a dotenv file: its variables and nothing else."""
    return State(variables={name: Variable(value=value) for name, value in variables.items()})


def parse(text: str, subject: str) -> State:
    """Read a state file. subject: its name in messages.

    Raises Refused (manifest-invalid) with every problem. No message holds a value.
    """
    from cycle_exec.settings.manifest import syntax

    try:
        table = syntax.load(text)
    except syntax.Invalid as error:
        where = f"{subject}:{error.line}"
        raise refuse("manifest-invalid", where, error.reason, _NOT_TOML) from None
    return read(table, subject)


def read(table: dict[str, object], subject: str) -> State:
    """Return the state that a table says; raises Refused as `parse` does."""
    reader = _Reader(subject)
    state = reader.state(table)
    if reader.problems:
        raise Refused(reader.problems)
    return state


class _Reader:
    """Walks the table and gathers problems; a wrong part reads as its default."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self.problems: list[Problem] = []

    def wrong(self, where: str, reason: str) -> None:
        subject = f"{self._subject}: {printable(where)}"
        self.problems.append(
            Problem(kind="manifest-invalid", subject=subject, reason=reason, fix=FIX)
        )

    def state(self, table: Table) -> State:
        self.known(table, _TOP, "")
        containers = self.containers(table)
        identifiers = {container.identifier for container in containers}
        certificates = tuple(
            self.certificate(item, where) for where, item in self.tables(table, "certificates")
        )
        for index, certificate in enumerate(certificates):
            if certificate.container and certificate.container not in identifiers:
                self.wrong(f"certificates[{index}].container", "no container has this identifier")
        services = self.table(table, "services")
        return State(
            token=self.text(table, "token", ""),
            variables=self.variables(self.table(table, "variables")),
            integrations=tuple(
                self.integration(item, where) for where, item in self.tables(table, "integrations")
            ),
            certificates=certificates,
            users=self.users(self.table(table, "vpn")),
            environment=self.document(self.table(table, "environment"), "environment"),
            containers=containers,
            server=self.document(self.table(table, "server"), "server"),
            hub=self.document(self.table(table, "hub"), "hub"),
            networks=tuple(
                self.network(item, where) for where, item in self.tables(table, "networks")
            ),
            services={
                name: self.document(self.table(services, name, "services."), f"services.{name}")
                for name in services
            },
            virtual_machines=self.machines(table),
        )

    def variables(self, table: Table) -> dict[str, Variable]:
        found = {}
        for name, value in table.items():
            where = f"variables.{name}"
            if isinstance(value, str):
                found[name] = Variable(value=value)
            elif isinstance(value, dict):
                self.known(value, {"value", "url", "duration"}, where)
                if ("value" in value) == ("url" in value):
                    self.wrong(where, "it needs a value or a url, and not both")
                self.text(value, "url", where)
                # The emulator fetches nothing: of a source that fails the platform gives this.
                text = self.text(value, "value", where)
                seconds = self.seconds(value, where) if "duration" in value else None
                found[name] = Variable(value=text, duration=seconds)
            else:
                self.wrong(where, "not a string, nor a table of value and duration")
        return found

    def seconds(self, table: Table, where: str) -> float | None:
        seconds = duration.parse(self.text(table, "duration", where))
        if seconds is None:
            self.wrong(f"{where}.duration", f"not {duration.EXPECTED}")
        return seconds

    def integration(self, table: Table, where: str) -> Table:
        if not any([self.text(table, name, where) for name in ("identifier", "vendor")]):
            self.wrong(where, "it has neither identifier nor vendor")
        self.text(table, "name", where)
        for section in ("auth", "extra"):
            for name, value in self.table(table, section, f"{where}.").items():
                if not isinstance(value, str):
                    self.wrong(f"{where}.{section}.{name}", "not a string")
        return self.document(table, where)

    def certificate(self, table: Table, where: str) -> CertificateState:
        bundle = self.text(table, "bundle", where)
        private_key = self.text(table, "private_key", where)
        if bool(bundle) != bool(private_key):
            self.wrong(where, "bundle and private_key belong together")
        domains = self.texts(table, "domains", where)
        if not domains and not bundle and not self.problems_at(where):
            self.wrong(where, "it has no domains")
        for name in domains:
            if not name.isascii() or not name.isprintable() or " " in name or len(name) > 253:
                self.wrong(f"{where}.domains", "a domain is not a host name")
                break
        return CertificateState(
            domains=domains,
            bundle=bundle,
            private_key=private_key,
            days=self.number(
                table, "days", where, 60, _DAYS, "not a number of days from -3000 to 3000"
            ),
            key=self.choice(table, "key", ("ec", "rsa"), where),
            encoding=self.choice(table, "encoding", ("base64", "pem"), where),
            container=self.text(table, "container", where),
            serial=self.number(table, "serial", where, 0, None, "not a whole number"),
            extra=self.document(table, where, but=_CERTIFICATE_KEYS),
        )

    def containers(self, table: Table) -> tuple[ContainerState, ...]:
        """All containers, the instance's own first: [container], else the first of the list."""
        listed: list[ContainerState] = []
        for where, item in self.tables(table, "containers"):
            names = [other.identifier for other in listed]
            identifier = self.identifier(item, where, "container", names)
            listed.append(self.container(item, where, identifier))
        if _OWN not in table:
            return tuple(listed) or State.containers
        given = self.table(table, _OWN)
        own = self.container(given, _OWN, self.text(given, "identifier", _OWN) or "app")
        if any(own.identifier == other.identifier for other in listed):
            self.wrong(
                _OWN, "a container in the list has the same identifier; define it only there"
            )
        return (own, *listed)

    def container(self, table: Table, where: str, identifier: str) -> ContainerState:
        return ContainerState(
            identifier=identifier,
            instances=self.number(
                table, "instances", where, 1, range(10_001), "not a number of instances"
            ),
            ready=self.switch(table, "ready", where),
            domains=self.texts(table, "domains", where),
            extra=self.document(table, where, but=("identifier", "instances", "ready", "domains")),
        )

    def switch(self, table: Table, name: str, where: str) -> bool | None:
        value = table.get(name)
        if value is None or isinstance(value, bool):
            return value
        self.wrong(f"{where}.{name}", "not true or false")
        return None

    def machines(self, table: Table) -> tuple[MachineState, ...]:
        found: list[MachineState] = []
        for where, item in self.tables(table, "virtual_machines"):
            names = [other.identifier for other in found]
            found.append(
                MachineState(
                    identifier=self.identifier(item, where, "virtual machine", names),
                    domains=self.texts(item, "domains", where),
                    extra=self.document(item, where, but=("identifier", "domains")),
                )
            )
        return tuple(found)

    def identifier(self, table: Table, where: str, kind: str, others: Collection[str]) -> str:
        """Return an identifier that has to be given, and given only once."""
        identifier = self.text(table, "identifier", where)
        if not identifier:
            self.wrong(where, "it has no identifier")
        elif identifier in others:
            self.wrong(f"{where}.identifier", f"another {kind} has the same identifier")
        return identifier

    def network(self, table: Table, where: str) -> Table:
        self.identifier(table, where, "network", ())
        return self.document(table, where)

    def users(self, table: Table) -> dict[str, str]:
        self.known(table, {"users"}, "vpn")
        users = self.table(table, "users", "vpn.")
        return {name: self.text(users, name, "vpn.users") for name in users}

    def known(self, table: Table, names: Collection[str], where: str) -> None:
        for name in table:
            if name not in names:
                reason = f"unknown key{did_you_mean(name, names)}"
                self.wrong(f"{where}.{name}" if where else name, reason)

    def table(self, table: Table, name: str, where: str = "") -> Table:
        value = table.get(name, {})
        if isinstance(value, dict):
            return value
        self.wrong(f"{where}{name}", "not a table")
        return {}

    def tables(self, table: Table, name: str) -> list[tuple[str, Table]]:
        """Return the tables of a list, each with the place where it is."""
        value = table.get(name, [])
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return [(f"{name}[{index}]", item) for index, item in enumerate(value)]
        self.wrong(name, f"not a list of tables; begin each with [[{name}]]")
        return []

    def text(self, table: Table, name: str, where: str) -> str:
        value = table.get(name, "")
        if isinstance(value, str):
            return value
        self.wrong(f"{where}.{name}" if where else name, "not a string")
        return ""

    def texts(self, table: Table, name: str, where: str) -> tuple[str, ...]:
        value = table.get(name, [])
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.wrong(f"{where}.{name}", "not a list of names")
        return ()

    def choice(self, table: Table, name: str, words: tuple[str, ...], where: str) -> str:
        value = table.get(name, words[0])
        if isinstance(value, str) and value in words:
            return value
        self.wrong(f"{where}.{name}", f"not one of {', '.join(words)}")
        return words[0]

    def number(
        self, table: Table, name: str, where: str, default: int, good: range | None, reason: str
    ) -> int:
        value = table.get(name, default)
        if type(value) is int and (good is None or value in good):
            return value
        self.wrong(f"{where}.{name}", reason)
        return default

    def document(self, table: Table, where: str, but: Collection[str] = ()) -> Table:
        """TOML values as JSON values: dates and times become their RFC 3339 text."""
        return {
            name: self.json(value, f"{where}.{name}")
            for name, value in table.items()
            if name not in but
        }

    def json(self, value: object, where: str) -> object:
        if isinstance(value, dict):
            return self.document(value, where)
        if isinstance(value, list):
            return [self.json(item, where) for item in value]
        if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
            self.wrong(where, "JSON does not support this number")
            return 0
        if isinstance(value, str | bool | int | float):
            return value
        written = value.isoformat() if hasattr(value, "isoformat") else str(value)
        return written.replace("+00:00", "Z")

    def problems_at(self, where: str) -> bool:
        return any(f": {where}" in problem.subject for problem in self.problems)
