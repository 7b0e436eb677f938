"""Resource limits of the command: whether they can be set, and setting them.

What raises a limit is done while we may, as root; all the rest at the last moment, so that a limit
for the command does not get in our own way.
"""

from __future__ import annotations

import resource

from cycle_exec.errors import Problem, Refused
from cycle_exec.settings.model import UNLIMITED, is_over
from cycle_exec.system.exec.identity import has_capability
from cycle_exec.system.files import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from cycle_exec.settings.model import Limit

_CAP_SYS_RESOURCE = 24
_LOCKS = 10  # which Python has no name for
# The kernel's own bound (fs/open.c, sysctl_nr_open).
_MOST_FILES = "/proc/sys/fs/nr_open"


def problems(limits: Mapping[str, Limit]) -> list[Problem]:
    """Return those that the kernel would refuse, found out by trying: each is put back at once."""
    found = []
    for name, limit in limits.items():
        try:
            before = _now(name)
            _set(name, _raised(limit, before))
            _set(name, before)
        except OSError as error:
            found.append(_problem(name, limit, error))
    return found


def raise_hard(limits: Mapping[str, Limit]) -> None:
    """Raise what has to be raised, while this process still has the capability. Raise Refused."""
    for name, limit in limits.items():
        try:
            before = _now(name)
            raised = _raised(limit, before)
            if raised != before:
                _set(name, raised)
        except OSError as error:
            raise Refused([_problem(name, limit, error)]) from None


def impose(limits: Mapping[str, Limit]) -> None:
    """Set all of them, once `raise_hard` has raised them. Raise Refused."""
    for name, limit in limits.items():
        try:
            _, hard = _now(name)
            if limit.hard is not None:
                hard = limit.hard
            _set(name, (limit.soft, hard))
        except OSError as error:
            raise Refused([_problem(name, limit, error)]) from None


def _raised(limit: Limit, before: tuple[int, int]) -> tuple[int, int]:
    """Return the limits of now, with the hard one as high as the command's."""
    soft, hard = before
    return soft, limit.highest if is_over(limit.highest, hard) else hard


def _number(name: str) -> int:
    found: int = getattr(resource, f"RLIMIT_{name.upper()}", _LOCKS)
    return found


def _now(name: str) -> tuple[int, int]:
    try:
        return resource.getrlimit(_number(name))
    except ValueError:
        raise OSError(0, "") from None


def _set(name: str, limits: tuple[int, int]) -> None:
    try:
        resource.setrlimit(_number(name), limits)
    except ValueError:
        # So Python calls EPERM; what could bring EINVAL is not tried.
        raise PermissionError from None


def _problem(name: str, limit: Limit, error: OSError) -> Problem:
    subject = f"process.limits {name}"
    if not isinstance(error, PermissionError):
        reason = words(error) if error.errno else "this kernel has no such limit"
        return Problem("limit-refused", subject, reason, "leave it out")
    _, hard = _now(name)
    after = limit.hard
    if after is None:
        _, after = _raised(limit, (0, hard))
    most = _most_files() if name == "nofile" else UNLIMITED
    if is_over(after, most):
        reason = f"the kernel lets no process have more than {most} open files (fs.nr_open)"
        return Problem("limit-refused", subject, reason, f"give at most {most}")
    if not is_over(limit.highest, hard):
        fix = "let the seccomp profile allow setrlimit and prlimit64, or leave it out"
        return Problem("limit-refused", subject, "the kernel does not allow to set it", fix)
    reason = f"the hard limit is {hard}, and to raise it "
    if has_capability(_CAP_SYS_RESOURCE):
        reason += "takes the capability SYS_RESOURCE of the host, not of a user namespace"
        fix = f"give the container a higher limit, or give at most {hard}"
    else:
        reason += "takes the capability SYS_RESOURCE, which this process does not have"
        fix = f"give the container a higher limit or the capability, or give at most {hard}"
    return Problem("limit-refused", subject, reason, fix)


def _most_files() -> int:
    try:
        with open(_MOST_FILES, "rb") as file:
            return int(file.read())
    except (OSError, ValueError):
        return UNLIMITED
