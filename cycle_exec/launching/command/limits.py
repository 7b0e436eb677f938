"""The command's resource limits: what would be refused when it is started."""

from __future__ import annotations

from cycle_exec.settings import limits as settings
from cycle_exec.system.exec import limits as system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.errors import Problem
    from cycle_exec.settings.model import Limit


def problems(limits: Mapping[str, Limit]) -> list[Problem]:
    """Return what is wrong with them here and now; nothing is set."""
    return settings.impossible(limits) or system.problems(limits)
