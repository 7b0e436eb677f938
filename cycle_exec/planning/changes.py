"""What is different between two plans, and what is to be done about it, in reload mode."""

from __future__ import annotations

from cycle_exec.record import Record
from cycle_exec.settings.model import STALE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.planning.model import FileWrite, Plan

    # As in settings.model: ("signal", "HUP"), ("command", "", "nginx", ...), ("restart",).
    Deed = tuple[str, ...]

_ORDER = ("command", "signal", "restart")


class Changes(Record):
    """What is different in the new plan.

    variables: names whose value is another, new or gone. writes: targets that have to be written.
    gone: targets that no plan writes any more; they stay as they are.
    deeds: what is to be done once the targets are swapped, each once, in order.
    """

    variables: tuple[str, ...] = ()
    writes: tuple[FileWrite, ...] = ()
    gone: tuple[str, ...] = ()
    deeds: tuple[Deed, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to write and nothing to do."""
        return not (self.variables or self.writes or self.gone)


def changes(before: Plan, after: Plan, on_environment: Deed) -> Changes:
    """Compare two plans of the same settings.

    on_environment: what a changed environment asks for. A restart has the new environment and
    reads every file anew, so where it is to be done no signal is sent.
    """
    old = {write.path: write for write in before.writes}
    writes = tuple(
        write
        for write in after.writes
        if write.path not in old or _state(write) != _state(old[write.path])
    )
    variables = _different(before.environ, after.environ)
    wanted = [write.on_change for write in writes]
    if variables:
        wanted.append(on_environment)
    new = {write.path for write in after.writes}
    return Changes(
        variables=variables,
        writes=writes,
        gone=tuple(path for path in old if path not in new),
        deeds=_in_order(dict.fromkeys(wanted)),
    )


def _state(write: FileWrite) -> tuple[object, ...]:
    return write.content, write.mode, write.uid, write.gid


def _different(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    names = sorted(before.keys() | after.keys())
    # That a start had to do with the last good copy is no reason to disturb the app.
    return tuple(name for name in names if before.get(name) != after.get(name) and name != STALE)


def _in_order(wanted: Mapping[Deed, object]) -> tuple[Deed, ...]:
    kinds = {deed[0] for deed in wanted}
    left_out = {"none", "signal"} if "restart" in kinds else {"none"}
    done = [deed for deed in wanted if deed[0] not in left_out]
    return tuple(sorted(done, key=lambda deed: _ORDER.index(deed[0])))
