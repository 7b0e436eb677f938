"""Owners: from the names of the settings to the kernel's numbers."""

from __future__ import annotations

import os

from cycle_exec.errors import Problem, Unfit
from cycle_exec.system.exec import capabilities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

LEAVE = -1
_LARGEST = 2**32 - 2
LONGEST = 10  # digits of an id
_CAP_CHOWN = 0


class UnknownOwner(Unfit):
    """An owner that this image does not have; `reason` is in our words."""


def owner(text: str) -> tuple[int, int]:
    """(uid, gid) of `user`, `user:group` or `:group`, as chown(1) reads them; -1 leaves as it is.

    A name wins over a number. A user alone leaves the group. Raises UnknownOwner.
    """
    user, colon, group = text.partition(":")
    if colon and not group:
        raise UnknownOwner("it ends in a colon without a group")
    if not user and not group:
        raise UnknownOwner("it names neither user nor group")
    return (_uid(user) if user else LEAVE, group_id(group) if group else LEAVE)


def _uid(user: str) -> int:
    from pwd import getpwnam

    try:
        return getpwnam(user).pw_uid
    except (KeyError, ValueError):  # UnicodeEncodeError and a NUL are ValueErrors
        return number(user, f"there is no user {user} in this image")


def group_id(group: str) -> int:
    """Return the id of a group, by name or number. Raises UnknownOwner."""
    from grp import getgrnam

    try:
        return getgrnam(group).gr_gid
    except (KeyError, ValueError):
        return number(group, f"there is no group {group} in this image")


def number(text: str, otherwise: str) -> int:
    """Return the id that a text of digits is. Raises UnknownOwner, with `otherwise` as its
    reason.
    """
    if text.isascii() and text.isdecimal() and len(text) <= LONGEST and int(text) <= _LARGEST:
        return int(text)
    raise UnknownOwner(otherwise)


def resolve(texts: Iterable[str]) -> tuple[dict[str, tuple[int, int]], list[Problem]]:
    """Return the ids of every owner, and the problems of those that do not exist or may not be
    given.

    The empty text is whoever the launch runs as: nothing is changed.
    """
    found: dict[str, tuple[int, int]] = {}
    problems = []
    for text in dict.fromkeys(texts):
        if not text:
            found[text] = (LEAVE, LEAVE)
            continue
        try:
            found[text] = owner(text)
        except UnknownOwner as error:
            problems.append(Problem("owner-unknown", f"owner {text}", error.reason))
            continue
        unmapped = not_mapped(f"owner {text}", *found[text])
        if unmapped is not None:
            problems.append(unmapped)
        elif not may_give(*found[text]):
            problems.append(no_gift(f"owner {text}"))
    return found, problems


def not_mapped(subject: str, uid: int, gid: int, groups: Iterable[int] = ()) -> Problem | None:
    """Return the problem of an id that the user namespace of this container does not have."""
    found = [f"user ID {uid}"] if not _is_mapped(uid, "uid") else []
    for group in sorted({gid, *groups}):
        if not _is_mapped(group, "gid"):
            found.append(f"group ID {group}")
    if not found:
        return None
    verb = "is" if len(found) == 1 else "are"
    return Problem(
        "owner-unknown",
        subject,
        f"{', '.join(found)} {verb} not mapped in the user namespace of this container",
        "use an ID of /proc/self/uid_map or gid_map, or map more (/etc/subuid, /etc/subgid)",
    )


def _is_mapped(number: int, kind: str) -> bool:
    if number == LEAVE:
        return True
    try:
        with open(f"/proc/self/{kind}_map", "rb") as file:
            ranges = [[int(word) for word in line.split()] for line in file]
    except OSError:
        return True
    return any(first <= number < first + count for first, _, count in ranges)


def keeps_groups() -> bool:
    """Whether this user namespace does not let a process change its groups, see
    user_namespaces(7).
    """
    try:
        with open("/proc/self/setgroups", "rb") as file:
            return file.read().strip() == b"deny"
    except OSError:
        return False


def no_gift(subject: str) -> Problem:
    """Return the problem of an owner that this process may not make files for."""
    return Problem(
        "target-refused",
        subject,
        f"user {os.geteuid()} may not change the owner of files",
        "start the container as root with CAP_CHOWN, or leave the owner out",
    )


def may_give(uid: int, gid: int) -> bool:
    """Whether this process may make files that belong to them."""
    own_user = uid in (LEAVE, os.geteuid())
    own_group = gid == LEAVE or gid == os.getegid() or gid in os.getgroups()
    return (own_user and own_group) or has_capability(_CAP_CHOWN)


def has_capability(number: int) -> bool:
    """Whether a capability is effective; a root whose capabilities were dropped has it not."""
    held = capabilities.held()
    return os.geteuid() == 0 if held is None else bool(held.effective >> number & 1)
