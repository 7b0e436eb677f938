"""Files of ours that are no target: what must not be there after a run."""

from __future__ import annotations

import os

from cycle_exec.system.targets import temporary_names


def leftovers(folder: str | os.PathLike[str]) -> list[bytes]:
    """Paths below a folder of our files that are no targets, and generations that do not count."""
    found = []
    for here, folders, files in os.walk(os.fsencode(folder)):
        try:
            counts = os.readlink(os.path.join(here, temporary_names.DATA))
        except OSError:
            counts = b""
        found += [
            os.path.join(here, name)
            for name in (*folders, *files)
            if temporary_names.is_temporary(name)
            or temporary_names.is_journal(name)
            or temporary_names.is_lock(name)
            or (temporary_names.is_generation(name) and name != counts)
        ]
    return found
