"""How a watcher puts an app into the hands of the supervisor that starts it.

The plan holds secrets, so it goes through anonymous memory that no other program ever has open,
and that is emptied as soon as the app's own process has read it.
"""

from __future__ import annotations

import marshal
import os

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.system.exec.user import User


class Handoff(Record):
    """What is started: as in `process.replace`."""

    _sealed = ("environ",)

    executable: str
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    directory: str = ""
    user: User | None = None
    no_new_privs: bool = False


def memory() -> int:
    """Return a descriptor of such memory."""
    return os.memfd_create("cycle-exec", os.MFD_CLOEXEC)


def give(descriptor: int, handoff: Handoff) -> None:
    """Put it there, instead of what was there before."""
    user = handoff.user
    content = marshal.dumps(
        (
            handoff.executable,
            handoff.argv,
            dict(handoff.environ),
            handoff.directory,
            dict(user.__dict__) if user else None,
            handoff.no_new_privs,
        )
    )
    os.ftruncate(descriptor, 0)
    written = 0
    while written < len(content):
        written += os.pwrite(descriptor, content[written:], written)


def take(descriptor: int) -> Handoff:
    """Read it, and leave nothing behind."""
    size = os.fstat(descriptor).st_size
    content = b""
    while len(content) < size:
        content += os.pread(descriptor, size - len(content), len(content))
    os.ftruncate(descriptor, 0)
    # Written by ourselves a moment ago, in the same interpreter.
    executable, argv, environ, directory, fields, no_new_privs = marshal.loads(content)  # noqa: S302
    user = None
    if fields is not None:
        from cycle_exec.system.exec.user import User

        user = User(**fields)
    return Handoff(
        executable=executable,
        argv=argv,
        environ=environ,
        directory=directory,
        user=user,
        no_new_privs=no_new_privs,
    )
