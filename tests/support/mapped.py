"""A user namespace with the ids from 0 to 999, as a rootless container has some; for root.

The words of `THROUGH` come before a program's own.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

THROUGH = (sys.executable, "-I", "-S", __file__)
_CLONE_NEWUSER = 0x10000000
_MAP = "0 0 1000"


def enter() -> None:
    """Go on in the namespace."""
    ready, unshared = os.pipe()
    parent = os.getpid()
    # Only a process outside may write a map of more than its own id.
    mapper = os.fork()
    if mapper == 0:
        os.close(unshared)
        code = 1
        if os.read(ready, 1):
            for name in ("uid_map", "gid_map"):
                Path(f"/proc/{parent}/{name}").write_text(_MAP)
            code = 0
        os._exit(code)
    os.close(ready)
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    os.write(unshared, b"!")
    os.close(unshared)
    if os.waitstatus_to_exitcode(os.waitpid(mapper, 0)[1]) != 0:
        raise SystemExit("the ids could not be mapped")


if __name__ == "__main__":
    enter()
    os.execvp(sys.argv[1], sys.argv[1:])
