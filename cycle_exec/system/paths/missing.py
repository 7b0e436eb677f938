"""Which step of a path is to blame where there is nothing at its end."""

from __future__ import annotations

import os
import posixpath
import stat

from cycle_exec.system.invocation import decoded, encoded


def lack(path: str) -> str:
    """Return why there is nothing at a path, in words: the first step on the way that is missing,
    or is no directory; empty where the way is there, so that only the last name is missing.
    """
    raw = encoded(path)
    folder = b"/" if raw.startswith(b"/") else b""
    for name in raw.split(b"/")[:-1]:
        folder = posixpath.join(folder, name)
        try:
            found = os.stat(folder or b".")
        except FileNotFoundError:
            if os.path.islink(folder):
                return f"{decoded(folder)} is a dangling symbolic link"
            return f"there is no directory {decoded(folder)}"
        except (OSError, ValueError):
            return ""
        if not stat.S_ISDIR(found.st_mode):
            return f"{decoded(folder)} is not a directory"
    return "it is a dangling symbolic link" if os.path.islink(raw) else ""
