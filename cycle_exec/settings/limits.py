"""Resource limits in words, and those that no kernel accepts."""

from __future__ import annotations

from cycle_exec.errors import Problem
from cycle_exec.settings.model import UNLIMITED, is_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.settings.model import Limit


def text(limits: Mapping[str, Limit]) -> str:
    """Return limits as --limit takes them: nofile=1024:65536, core=0."""
    return ", ".join(
        f"{name}={amount(limit.soft)}" + ("" if limit.hard is None else f":{amount(limit.hard)}")
        for name, limit in limits.items()
    )


def amount(number: int) -> str:
    """Return one of the two numbers of a limit as people write it."""
    return "unlimited" if number == UNLIMITED else str(number)


def impossible(limits: Mapping[str, Limit]) -> list[Problem]:
    """Return those that cannot be anywhere."""
    return [
        Problem(
            "limit-refused",
            f"process.limits {name}",
            f"its soft limit {amount(limit.soft)} is over its hard limit {amount(limit.hard)}",
            "give a hard limit that is not under the soft one",
        )
        for name, limit in limits.items()
        if limit.hard is not None and is_over(limit.soft, limit.hard)
    ]
