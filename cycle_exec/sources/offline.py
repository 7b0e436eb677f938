"""What a run without the platform has instead of answers, and what it cannot go without."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.sources.model import Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cycle_exec.settings.model import Settings
    from cycle_exec.sources.needs import Need

_ONLY = "only the platform has it, and this start goes without (offline)"


def lacking(settings: Settings) -> list[Problem]:
    """Return a problem for everything that the settings insist on, by its name."""
    found = [
        Problem(
            "offline-refused",
            f"integration {request.name}",
            _ONLY,
            "give it optional = true, or start it with cycle-exec dev",
        )
        for request in settings.integrations
        if not request.optional
    ]
    if settings.certificates is not None:
        fix = "leave certificates.domains out, or start it with cycle-exec dev"
        found += [
            Problem("offline-refused", f"certificate {domain}", _ONLY, fix)
            for domain in settings.certificates.domains
        ]
    if settings.vpn is not None:
        reason = "only the platform can judge logins, and this start goes without (offline)"
        found.append(Problem("offline-refused", "vpn", reason))
    return found


def snapshot(needs: Sequence[Need], metadata: Callable[[], object] | None = None) -> Snapshot:
    """Return what stands for the answers. A resource refuses only if a template really uses it.

    metadata: reads the metadata file, which may be there all the same, or raises Refused.
    """
    unusable = {
        need.name: Problem("offline-refused", need.name, _ONLY)
        for need in needs
        if need.kind in ("domains", "resource")
    }
    resources: dict[str, object] = {}
    if metadata is not None:
        try:
            resources["metadata"] = metadata()
        except Refused as refused:
            [problem] = refused.problems
            unusable["metadata"] = problem
    return Snapshot(
        integrations={need.name: None for need in needs if need.kind == "integration"},
        certificates=() if any(need.kind == "certificates" for need in needs) else None,
        resources=resources,
        unusable=unusable,
        offline=True,
    )
