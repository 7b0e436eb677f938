"""How the command is started, as far as the settings change anything: for people and for JSON."""

from __future__ import annotations

from cycle_exec.settings import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.settings.model import Before, Process


def rows(process: Process, before: Sequence[Before]) -> list[tuple[str, str]]:
    """Return what is set, by name, in words."""
    found = []
    if process.umask is not None:
        found.append(("umask", f"{process.umask:04o}"))
    if process.limits:
        found.append(("limits", limits.text(process.limits)))
    if process.drain:
        found.append(("drain", f"{process.drain:g} s"))
    for each in before:
        more = ", at restarts too" if each.on_restart else ""
        found.append(("before", f"{' '.join(each.command)} (at most {each.timeout:g} s{more})"))
    return found


def document(process: Process, before: Sequence[Before]) -> dict[str, object]:
    """Return the same as plain data for JSON; null: as it is inherited."""
    return {
        "umask": None if process.umask is None else f"{process.umask:04o}",
        "limits": {
            name: {
                "soft": limits.amount(limit.soft),
                "hard": None if limit.hard is None else limits.amount(limit.hard),
            }
            for name, limit in process.limits.items()
        },
        "drain_seconds": process.drain or None,
        "before": [
            {
                "command": list(each.command),
                "timeout_seconds": each.timeout,
                "on_restart": each.on_restart,
            }
            for each in before
        ],
    }
