"""A first state file: out of a dotenv file, or of what a live platform has, its values made up."""

from __future__ import annotations

from binascii import Error, a2b_base64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cycle_exec.emulator.model import Document

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_HEX = frozenset("0123456789abcdefABCDEF")
_TOKEN = "dev-token"  # noqa: S105 - for laptops
_PADDING = "made-up-"
_LONGEST = 1024
_MOST_INSTANCES = 10_000
_BEGIN = "-----BEGIN "
# The key of an RSA certificate: the OID rsaEncryption, which no signature has.
_RSA = bytes.fromhex("06092a864886f70d010101")
# What an app may connect to, by the scheme of a URL; of others the scheme may be a secret.
_URLS = {
    "amqp": "amqp://user:password@localhost:5672/",
    "amqps": "amqps://user:password@localhost:5671/",
    "http": "http://localhost:8080/",
    "https": "https://service.example.test/",
    "mariadb": "mariadb://user:password@localhost:3306/app",
    "mongodb": "mongodb://user:password@localhost:27017/app",
    "mysql": "mysql://user:password@localhost:3306/app",
    "nats": "nats://user:password@localhost:4222",
    "postgres": "postgres://user:password@localhost:5432/app",
    "postgresql": "postgresql://user:password@localhost:5432/app",
    "redis": "redis://user:password@localhost:6379/0",
    "rediss": "rediss://user:password@localhost:6380/0",
    "smtp": "smtp://user:password@localhost:2525",
}
_SWITCHES = {"true": "true", "false": "true", "yes": "yes", "no": "yes", "on": "on", "off": "on"}


def of_variables(values: Mapping[str, str]) -> Document:
    """Return the state of a dotenv file, with its values."""
    return {"token": _TOKEN, "variables": dict(values)}


def of_platform(
    *,
    variables: Mapping[str, str],
    environment: Document,
    own: Document,
    domains: Iterable[str] = (),
    containers: Iterable[Document] = (),
    certificates: Iterable[Document] = (),
    integrations: Iterable[Document] = (),
    networks: Iterable[Document] = (),
    machines: Iterable[Document] = (),
) -> Document:
    """Return the state of a platform: its names and shapes, and no value that it keeps.

    The arguments are answers of the API. own: the container of the instance that asks.
    """
    others = [
        item
        for item in containers
        if item.get("id") != own.get("id") and not _table(item, "image").get("service")
    ]
    listed = _identified([own, *others], "container")
    listed[0]["domains"] = list(domains)
    for item, container in zip(listed, [own, *others], strict=True):
        instances = container.get("instances")
        if type(instances) is int and 1 < instances <= _MOST_INSTANCES:
            item["instances"] = instances
    named = {name: environment[name] for name in ("name", "identifier") if environment.get(name)}
    services = _table(environment, "services")
    found: dict[str, object] = {
        "token": _TOKEN,
        "environment": named,
        "variables": {name: made_up(value) for name, value in variables.items()},
        "integrations": [_integration(item) for item in integrations],
        "certificates": [table for item in certificates if (table := _certificate(item))],
        "containers": listed,
        "networks": _identified(networks, "network"),
        "virtual_machines": _identified(machines, "virtual-machine"),
        "services": {name: {} for name, service in services.items() if service},
    }
    return {name: part for name, part in found.items() if part}


def made_up(value: str) -> str:
    """Return a value of the same shape: what it is follows from kind and length alone."""
    shown = value.strip()
    if not shown:
        return ""
    if found := _SWITCHES.get(shown.lower()):
        return found
    if shown.removeprefix("-").isascii() and shown.removeprefix("-").isdigit():
        return "1"
    if _is_number(shown):
        return "1.5"
    scheme, separator, _ = shown.partition("://")
    if separator:
        return _URLS.get(scheme.lower(), _URLS["https"])
    if shown.startswith(_BEGIN):
        return f"{_BEGIN}MADE UP-----\nAA==\n-----END MADE UP-----\n"
    if shown[0] + shown[-1] in ("{}", "[]"):
        return shown[0] + shown[-1]
    if len(shown) == 36 and [len(part) for part in shown.split("-")] == [8, 4, 4, 4, 12]:
        return "00000000-0000-4000-8000-000000000000"
    if len(shown) >= 16 and _HEX.issuperset(shown):
        return "0" * min(len(shown), _LONGEST)
    name, at, host = shown.partition("@")
    if at and name and "." in host and " " not in shown:
        return "someone@example.test"
    host, colon, port = shown.rpartition(":")
    if colon and host and port.isascii() and port.isdigit() and " " not in host:
        return "localhost:1234"
    length = min(len(value), _LONGEST)
    return (_PADDING * (length // len(_PADDING) + 1))[:length]


def _is_number(text: str) -> bool:
    whole, dot, rest = text.removeprefix("-").partition(".")
    return bool(dot) and f"{whole}{rest}".isascii() and whole.isdigit() and rest.isdigit()


def _integration(given: Document) -> dict[str, object]:
    found: dict[str, object] = {
        name: given[name] for name in ("identifier", "vendor", "name") if given.get(name)
    }
    for section in ("auth", "extra"):
        values = {
            name: made_up(value)
            for name, value in _table(given, section).items()
            if isinstance(value, str)
        }
        if values:
            found[section] = values
    return found


def _certificate(given: Document) -> dict[str, object]:
    """Return what the emulator issues in its place; empty if no name that it covers is one."""
    domains = given.get("domains")
    names = [
        name
        for name in (domains if isinstance(domains, list) else [])
        if isinstance(name, str) and name and name.isascii() and name.isprintable()
    ]
    names = [name for name in names if " " not in name and len(name) <= 253]
    if not names:
        return {}
    found: dict[str, object] = {"domains": names}
    bundle = str(given.get("bundle") or "")
    if _BEGIN in bundle:
        found["encoding"] = "pem"
    else:
        bundle = _decoded(bundle).decode("ascii", "replace")
    lines = bundle.partition(f"{_BEGIN}CERTIFICATE-----")[2].partition("-----END")[0]
    if _RSA in _decoded(lines):
        found["key"] = "rsa"
    return found


def _decoded(text: str) -> bytes:
    try:
        return a2b_base64(text)
    except (Error, ValueError):
        return b""


def _identified(items: Iterable[Document], kind: str) -> list[dict[str, object]]:
    """Return tables with identifiers; one that is missing or occurs again gets a number."""
    found: list[dict[str, object]] = []
    seen: set[str] = set()
    for item in items:
        base = str(item.get("identifier") or item.get("name") or kind)
        name, number = base, 1
        while name in seen:
            number += 1
            name = f"{base}-{number}"
        seen.add(name)
        found.append({"identifier": name})
    return found


def _table(document: Document, name: str) -> Document:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def toml(state: Document, comments: Sequence[str] = ()) -> str:
    """Return a state as the text of its file. comments: lines at its beginning."""
    lines = [f"# {line}" for line in comments]
    tables: list[str] = []
    for name, value in state.items():
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            for item in value:
                tables += ["", f"[[{_key(name)}]]", *_members(item)]
        elif isinstance(value, dict) and value and all(each == {} for each in value.values()):
            tables += ["", *(f"[{_key(name)}.{_key(inner)}]" for inner in value)]
        elif isinstance(value, dict):
            tables += ["", f"[{_key(name)}]", *_members(value)]
        else:
            lines.append(f"{_key(name)} = {_value(value)}")
    return "\n".join([*lines, *tables, ""])


def _members(table: Mapping[str, object]) -> list[str]:
    return [
        f"{_key(name)} = {_value(value)}" for name, value in table.items() if value not in ([], {})
    ]


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(_members(value)) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return str(value) if type(value) is int else _text(str(value))


def _key(name: str) -> str:
    return name if name and _BARE.issuperset(name) else _text(name)


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    shown = (
        letter if letter >= " " and letter != "\x7f" else f"\\u{ord(letter):04x}"
        for letter in escaped
    )
    return f'"{"".join(shown)}"'
