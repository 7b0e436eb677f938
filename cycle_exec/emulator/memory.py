"""What the emulated platform remembers of requests, and the world as it is because of them."""

from __future__ import annotations

from cycle_exec.emulator.documents import merged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.emulator.model import Document, Memory, World

MOST = 10_000  # metrics, events and snapshots that are kept, the latest

# The platform's durations, and how many seconds each unit has.
_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "\u00b5s": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
    "y": 31_536_000.0,
}


def applied(world: World, memory: Memory) -> World:
    """Return the world of a state with what it remembers: instances that were started and
    stopped.
    """
    return world.replace(
        memory=memory,
        instances=tuple(_instance(item, memory) for item in world.instances),
        services={name: _service(item, memory) for name, item in world.services.items()},
    )


def _instance(item: Document, memory: Memory) -> Document:
    changed = memory.instances.get(str(item["id"]))
    if changed is None:
        return item
    current, moment = changed
    return merged(item, {"state": {"current": current, "changed": moment}})


def _service(service: object, memory: Memory) -> object:
    """Return a service lists its instances itself."""
    if not isinstance(service, dict) or not isinstance(service.get("instances"), list):
        return service
    return {**service, "instances": [_instance(item, memory) for item in service["instances"]]}


def seconds(text: str) -> float | None:
    """Seconds of a duration as the platform writes it, "72h45m2s"; None if it is none."""
    total, rest = 0.0, text
    while rest:
        number = rest[: len(rest) - len(rest.lstrip("0123456789."))]
        rest = rest[len(number) :]
        unit = rest[: len(rest) - len(rest.lstrip("nsu\u00b5mhdwy"))]
        rest = rest[len(unit) :]
        if unit not in _UNITS or not number.replace(".", "", 1).isdecimal() or len(number) > 15:
            return None
        total += float(number) * _UNITS[unit]
    return total if text else None
