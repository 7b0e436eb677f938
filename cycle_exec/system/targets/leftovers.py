"""The journals of killed runs in the folders of targets: looked for at the beginning of a start."""

from __future__ import annotations

import os
import posixpath

from cycle_exec.system.invocation import encoded
from cycle_exec.system.targets import temporary_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from cycle_exec.system.targets.calls import Calls


def recover(
    targets: Iterable[str],
    calls: Calls | None = None,
    *,
    directories: Iterable[str] = (),
    whole: bool = True,
) -> list[str]:
    """Replay the journals in the folders of these targets, before anything else.

    directories: of certificates, whose folders count too. whole: these are all targets, so that
    what a journal says of others is passed over; else such a journal waits. Return a line for each
    that was replayed. Raises Refused.
    """
    above = {encoded(path) for path in directories}
    folders = sorted({posixpath.dirname(encoded(path)) or b"." for path in targets} | above)
    pending = [folder for folder in folders if _has_journal(folder)]
    if not pending:
        return []
    from cycle_exec.system.targets.calls import Calls
    from cycle_exec.system.targets.recovery import Recovery

    return Recovery(calls or Calls(), whole).replay(pending, folders, sorted(above))


def _has_journal(folder: bytes) -> bool:
    try:
        return any(map(temporary_names.is_journal, os.listdir(folder)))
    except OSError:
        return False
