"""What the emulator keeps for tests to look at: GET /_emulator/NAME, with the token."""

from __future__ import annotations

from cycle_exec.emulator.asked import error, good

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cycle_exec.emulator.model import Reply, World

PREFIX = "/_emulator"
KEPT = ("metrics", "events", "telemetry", "cache", "images", "instances")


def shown(world: World, path: str) -> Reply:
    """One of KEPT, or their names."""
    name = path.removeprefix(PREFIX).strip("/")
    memory = world.memory
    if not name:
        return good(list(KEPT))
    if name == "cache":
        return good(
            [
                {"scope": scope, "key": key, "value": found.value, "expires": found.expires}
                for (scope, key), found in memory.cache.items()
            ]
        )
    if name == "instances":
        return good({about: current for about, (current, _) in memory.instances.items()})
    if name not in KEPT:
        return error(404, "The emulator does not store this", f"it stores {', '.join(KEPT)}")
    found = getattr(memory, name)
    return good(list(found) if isinstance(found, tuple) else dict(found))
