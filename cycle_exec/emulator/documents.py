"""The documents of the emulated platform, every required member filled in.

Values that nobody gave are derived from names, so two starts of one state give the same ids.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from cycle_exec.emulator.model import NEVER
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.emulator.model import Document

CLUSTER = "production"
SERVICES = ("loadbalancer", "discovery", "vpn", "scheduler", "gateway")


class Ground(Record):
    """What every document rests on. now: RFC 3339, the moment of every generated timestamp."""

    now: str
    hub_id: str


def identity(kind: str, name: str) -> str:
    """Return an id as the platform writes them (24 hex digits), the same for the same name."""
    return sha256(f"{kind}/{name}".encode("utf-8", "surrogateescape")).hexdigest()[:24]


def merged(generated: Document, given: Document) -> dict[str, object]:
    """`given` laid over `generated`, table by table; lists and values replace."""
    found = dict(generated)
    for name, value in given.items():
        below = found.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            found[name] = merged(below, value)
        else:
            found[name] = value
    return found


def table(document: Document, name: str) -> Document:
    """Return a member that should be an object; empty if it is not."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def rfc3339(moment: float) -> str:
    """Seconds since the epoch as the API writes times."""
    return datetime.fromtimestamp(int(moment), UTC).isoformat().replace("+00:00", "Z")


def resource(ground: Ground, kind: str, name: str, current: str) -> dict[str, object]:
    """Return what every resource has: id, creator, hub, state and events."""
    return {
        "id": identity(kind, name),
        "creator": {"id": identity("account", "developer"), "type": "account"},
        "hub_id": ground.hub_id,
        "state": {"current": current, "changed": ground.now},
        "events": {"created": ground.now, "updated": ground.now, "deleted": NEVER},
    }


def hub(ground: Ground, given: Document) -> Document:
    """PublicHub."""
    found = {**resource(ground, "hub", "hub", "live"), "id": ground.hub_id, "name": "Local hub"}
    del found["hub_id"]
    return merged(found, given)


def server(ground: Ground, given: Document) -> Document:
    """Server: the machine that the emulated instances run on."""
    hostname = str(given.get("hostname") or "local-server")
    moments = {"started": ground.now, "failed": NEVER, "completed": ground.now}
    events = {"latest_instance": ground.now, "provisioning": moments}
    found = {
        **merged(resource(ground, "server", hostname, "live"), {"events": events}),
        "location_id": identity("location", "local"),
        "model_id": identity("model", "local"),
        "node_id": identity("node", hostname),
        "shared_file_systems": {"mounts": None, "directories": None},
        "hostname": hostname,
        "nickname": None,
        "provider": {
            "vendor": "local",
            "integration_id": identity("integration", "local"),
            "model": "laptop",
            "zone": None,
            "location": "local",
            "server": hostname,
            "init_ips": [],
        },
        "cluster": CLUSTER,
        "features": {"sftp": False, "base_volume_gb": None, "gateway": None},
        "constraints": {
            "tags": [],
            "allow": {
                "pool": True,
                "services": True,
                "overcommit": False,
                "overcommit_multiple": None,
            },
        },
        "autoscale": None,
        "ephemeral": False,
        "evacuate": None,
    }
    return merged(found, given)


def environment(ground: Ground, given: Document, cluster: object) -> Document:
    """Environment, with none of its services."""
    identifier = str(given.get("identifier") or given.get("name") or "dev")
    found = {
        **resource(ground, "environment", identifier, "live"),
        "identifier": identifier,
        "name": identifier,
        "cluster": cluster,
        "about": {"description": "Served by the emulator", "favorite": False},
        "features": {"legacy_networking": False, "monitoring": None},
        "services": dict.fromkeys(SERVICES),
        "acl": None,
        "private_network": {
            "vxlan_tag": 1,
            "subnet": "1",
            "ipv6": {"ip": "fd00::", "cidr": "fd00::/64"},
            "legacy": None,
        },
        "deployments": {"tags": {}},
    }
    return merged(found, given)


def environment_service(container_id: object, instances: int) -> Document:
    """One member of an environment's services."""
    return {
        "enable": True,
        "container_id": container_id,
        "high_availability": instances > 1,
        "auto_update": True,
        "config": None,
    }


def container(
    ground: Ground, name: str, identifier: str, instances: int, around: Document
) -> dict[str, object]:
    """Container. name: what its id is made from; around: its environment."""
    started = {"events": {"started": ground.now}}
    return {
        **merged(resource(ground, "container", name, "running"), started),
        "identifier": identifier,
        "name": identifier,
        "environment": {
            "id": around["id"],
            "cluster": around["cluster"],
            "container_subnet": None,
            "ipv6": None,
            "legacy": None,
        },
        "image": {"id": identity("image", identifier), "extension": None, "service": None},
        "stack": None,
        "config": {
            "network": {"public": "disable", "hostname": identifier, "ports": []},
            "deploy": {"instances": instances},
            "runtime": {"privileged": False},
        },
        "deployment": None,
        "instances": instances,
        "volumes": [],
        "annotations": None,
        "role": None,
        "stateful": False,
        "deprecate": False,
        "lock": False,
    }


def instance(
    ground: Ground, within: Document, place: int, machine: Document, ready: bool | None = None
) -> Document:
    """Return instance number `place` of a container, on a server. ready: see ContainerState."""
    name = f"{within['id']}/{place}"
    digits = identity("address", name)
    address = f"fd00::{digits[:4]}:{digits[4:8]}"
    provider = table(machine, "provider")
    found = {
        **resource(ground, "instance", name, "running"),
        "container_id": within["id"],
        "location_id": machine["location_id"],
        "environment": {
            "id": table(within, "environment").get("id"),
            "network_subnet": "1",
            "subnet": "1",
            "ipv6": {"ip": address, "cidr": f"{address}/64"},
            "legacy": None,
            "mac_addr": "02:" + ":".join(digits[at : at + 2] for at in range(0, 10, 2)),
            "vxlan_tag": 1,
        },
        "stateful": None,
        "provider": {key: provider.get(key) for key in ("vendor", "integration_id", "location")},
        "server_id": machine["id"],
        "ready_state": "active",
        "hostname": f"{within['identifier']}-{place}",
        "autoscale": None,
        "deployment": within["deployment"],
    }
    if (
        ready is None
        and table(table(within, "config"), "deploy").get("readiness_check") is not None
    ):
        ready = True
    if ready is not None:
        readiness = {"ready": ready, "updated": ground.now}
        found = merged(found, {"state": {"readiness": readiness}})
    service = table(within, "image").get("service")
    return {**found, "service": service} if service else found


def service_container(within: Document, instances: tuple[Document, ...]) -> Document:
    """ServiceContainer: what the environment's list of services says of one."""
    hidden = {"identifier", "config", "instances", "volumes", "role", "stateful", "meta"}
    return {
        "container": {name: value for name, value in within.items() if name not in hidden},
        "instances": list(instances),
    }


def integration(ground: Ground, given: Document) -> Document:
    """Integration."""
    name = str(given.get("identifier") or given.get("vendor"))
    found = {
        **resource(ground, "integration", name, "live"),
        "name": name,
        "vendor": "custom",
        "identifier": name,
        "auth": None,
        "extra": None,
    }
    return merged(found, given)


def network(ground: Ground, given: Document, around: Document) -> Document:
    """Return a network that the environment is attached to. Its numbers come from its name too."""
    identifier = str(given["identifier"])
    number = int(identity("network", identifier)[:4], 16)
    prefix = f"fd00:{number:x}::"
    found = {
        **resource(ground, "network", identifier, "live"),
        "name": identifier,
        "identifier": identifier,
        "cluster": around["cluster"],
        "l2": None,
        "private_network": {
            "vxlan_tag": 100 + number,
            "subnet": str(100 + number),
            "mac_addr_suffix": number,
            "ipv6": {"ip": prefix, "cidr": f"{prefix}/64"},
        },
        "environments": [{"id": around["id"], "added": ground.now}],
        "acl": None,
    }
    return merged(found, given)


def public_ip(ground: Ground, kind: str, within: Document, holder: Document) -> Document:
    """Ip: a public address of a container, assigned to one of its instances."""
    number = int(identity("ip", str(within["id"]))[:4], 16)
    # Both are kept for documentation (RFC 5737, RFC 3849): nobody is there.
    address = f"203.0.113.{number % 254 + 1}" if kind == "ipv4" else f"2001:db8::{number:x}"
    network = "203.0.113.0/24" if kind == "ipv4" else "2001:db8::/64"
    bits = network.partition("/")[2]
    return {
        "id": identity(kind, str(within["id"])),
        "hub_id": ground.hub_id,
        "kind": kind,
        "ip": address,
        "address": address,
        "gateway": "203.0.113.254" if kind == "ipv4" else "2001:db8::1",
        "network": network,
        "cidr": f"{address}/{bits}",
        "assignment": {
            "container_id": within["id"],
            "instance_id": holder["id"],
            "environment_id": table(within, "environment").get("id"),
        },
        "pool_id": identity("pool", kind),
        "network_id": identity("network", "public"),
        "options": None,
        "state": {"current": "assigned", "changed": ground.now},
    }


def virtual_machine(ground: Ground, identifier: str, given: Document, around: Document) -> Document:
    """VirtualMachine."""
    started = {"events": {"started": ground.now}}
    found = {
        **merged(resource(ground, "virtual-machine", identifier, "running"), started),
        "name": identifier,
        "identifier": identifier,
        "environment": {"id": around["id"], "cluster": around["cluster"]},
        "config": {
            "network": {
                "public": "disable",
                "hostname": identifier,
                "ports": [],
                "egress_via_gateway": False,
            },
            "deploy": {},
            "resources": {"ram": {"limit": "1G"}, "cpu": {"cpus": "1"}},
        },
        "image": {"type": "base", "details": {"identifier": "debian-12"}},
        "volumes": [],
        "annotations": None,
        "ssh_keys": [],
        "deprecate": False,
        "lock": False,
    }
    return merged(found, given)


def gateway(machine: Document, instance: Document) -> Document:
    """Return a gateway before a virtual machine."""
    return {
        "virtual_machine_id": machine["id"],
        "gateway_instance_id": instance["id"],
        "ips": [
            {
                "kind": "ipv6",
                "public_ip": "2001:db8::2",
                "gateway_private_ip": table(table(instance, "environment"), "ipv6").get("ip"),
                "gateway_nat_ip": None,
            }
        ],
    }


def telemetry(instance: Document, machine: Document, moment: str) -> Document:
    """Return what an instance uses. Its numbers come from its id, so they stay what they are."""
    number = int(str(instance["id"])[:6], 16)
    about = {
        "instance_id": instance["id"],
        "container_id": instance["container_id"],
        "environment_id": table(instance, "environment").get("id"),
    }
    traffic = ("bytes", "packets", "dropped", "errors")
    counted = {f"{way}_{name}": 0 for way in ("rx", "tx") for name in traffic}
    stats = {
        "time": moment,
        **about,
        "hub_id": instance["hub_id"],
        "server_id": machine["id"],
        "cluster": machine["cluster"],
        "cpu": {
            "num_cores": 1,
            "usage": {"total": number, "kernel": number // 4, "user": number - number // 4},
            "throttling": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
        },
        "memory": {"cache": 0, "usage": {"usage": 4096 * (number % 65536), "limit": 1 << 30}},
        "processes": {"current": 1, "limit": 1024},
        "network": {"interfaces": [{"name": "eth0", **counted}]},
    }
    return {**about, "stats": stats}
