"""A run without the platform: found out from what is there, and said."""

from __future__ import annotations

from cycle_exec.errors import refuse
from cycle_exec.settings.model import TOKEN
from cycle_exec.settings.offline import decided
from cycle_exec.sources import offline
from cycle_exec.system import clock, files
from cycle_exec.system.output import stderr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cycle_exec.errors import Refused
    from cycle_exec.settings.model import Invocation, Settings
    from cycle_exec.sources.model import Snapshot
    from cycle_exec.sources.needs import Need


def settled(invocation: Invocation, settings: Settings) -> Settings:
    """Return the settings with the wish granted, or passed over; say which. Raise Refused."""
    found = decided(
        settings,
        token=bool(invocation.environ.get(TOKEN)),
        socket=files.is_there(settings.api.socket),
    )
    if found.ignored:
        # An image's manifest says it at every start on the platform; a variable was set for one.
        say = stderr.log.warning if found.by.startswith("variable ") else stderr.log.info
        say(f"{found.by} has no effect: {found.ignored}; only --offline counts then")
        return found.settings
    skipped = f"; skipped: {', '.join(found.skipped)}" if found.skipped else ""
    stderr.log.warning(f"offline: the platform is not asked{skipped}")
    return found.settings


def snapshot(settings: Settings, wanted: Sequence[Need], used: Collection[str]) -> Snapshot:
    """Return what stands for the answers. used: the names that templates really use."""
    metadata = None
    if "metadata" in used:
        from cycle_exec.launching.local.metadata import reader

        metadata = reader(settings.api.metadata, clock.Deadline.after(0))
    return offline.snapshot(wanted, metadata)


def refused(subject: str) -> Refused:
    """Return what is raised, without the platform, by a verb that asks for nothing else."""
    reason = "only the platform has what it is about, and this run goes without (offline)"
    fix = "leave --offline and CYCLE_EXEC_OFFLINE out, or give --no-offline"
    return refuse("offline-refused", subject, reason, fix)
