"""What a watcher puts into the hands of the supervisor: the app's plan, and its own memory."""

from __future__ import annotations

import marshal

from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.settings.model import Limit
    from cycle_exec.system.exec.user import User


class Handoff(Record):
    """What is started: as in `process.replace`."""

    _redacted = ("environ",)

    executable: str
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    directory: str = ""
    user: User | None = None
    no_new_privs: bool = False
    umask: int | None = None
    limits: Mapping[str, Limit] = {}


def packed(handoff: Handoff, memory: bytes) -> bytes:
    """Return both as bytes. memory: what the next watcher has to know, for nobody else to read."""
    user = handoff.user
    fields = (
        handoff.executable,
        handoff.argv,
        dict(handoff.environ),
        handoff.directory,
        dict(user.__dict__) if user else None,
        handoff.no_new_privs,
        handoff.umask,
        {name: (limit.soft, limit.hard) for name, limit in handoff.limits.items()},
    )
    return marshal.dumps((fields, memory))


def handoff(content: bytes) -> Handoff:
    """Return what is to be started."""
    # Written by ourselves, in the same interpreter, into memory that nobody can change.
    fields, _ = marshal.loads(content)  # noqa: S302
    executable, argv, environ, directory, of_user, no_new_privs, umask, amounts = fields
    limits = {}
    if amounts:
        from cycle_exec.settings.model import Limit

        limits = {name: Limit(soft=soft, hard=hard) for name, (soft, hard) in amounts.items()}
    user = None
    if of_user is not None:
        from cycle_exec.system.exec.user import User

        user = User(**of_user)
    return Handoff(
        executable=executable,
        argv=argv,
        environ=environ,
        directory=directory,
        user=user,
        no_new_privs=no_new_privs,
        umask=umask,
        limits=limits,
    )


def memory(content: bytes) -> bytes:
    """Return what the next watcher has to know."""
    _, found = marshal.loads(content)  # noqa: S302 - as above
    assert isinstance(found, bytes)
    return found
