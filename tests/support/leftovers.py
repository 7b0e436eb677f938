"""Files of ours that are no target: what must not be there after a run."""

from __future__ import annotations

import os

from cycle_exec.system import own_names


def leftovers(folder: str | os.PathLike[str]) -> list[bytes]:
    """Paths below a folder of staged files, backups, journals and generations that do not count."""
    found = []
    for here, folders, files in os.walk(os.fsencode(folder)):
        try:
            counts = os.readlink(os.path.join(here, own_names.DATA))
        except OSError:
            counts = b""
        found += [
            os.path.join(here, name)
            for name in (*folders, *files)
            if own_names.is_spare(name)
            or own_names.is_journal(name)
            or (own_names.is_generation(name) and name != counts)
        ]
    return found
