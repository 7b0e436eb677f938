"""All targets change places with their staged files, or none does."""

from __future__ import annotations

import errno
import os
import stat

from cycle_exec.errors import Problem, Refused, refuse
from cycle_exec.system.files import irregular, words
from cycle_exec.system.folders import spare_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from cycle_exec.system.folders import Calls, Folder

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Where a hard link cannot be had the old file is kept as a copy.
_NO_LINK = (
    errno.EPERM,
    errno.EACCES,
    errno.EXDEV,
    errno.EMLINK,
    errno.ENOTSUP,
    errno.ENOSYS,
    errno.EINVAL,
)


class Entry:
    """One target on its way. An empty `spare`: it is equal and stays as it is.

    backup: a second name of the old file, empty if there was none or if it cannot be kept.
    before: the old file's stat. content_before: what a rewrite in place has overwritten.
    """

    def __init__(self, path: str, folder: Folder, name: bytes, mode: int) -> None:
        self.path = path
        self.folder = folder
        self.name = name
        self.mode = mode
        self.uid = -1
        self.gid = -1
        self.place: tuple[int, int, bytes] = (0, 0, b"")
        self.content = b""
        self.spare = b""
        self.backup = b""
        self.before: os.stat_result | None = None
        self.content_before: bytes | None = None
        self.irreplaceable = False
        self.swapped = False


def create(calls: Calls, entry: Entry, name: bytes, content: bytes) -> int:
    """A new file beside the target, with the final owner and mode before its first byte.

    Returns its descriptor, for `settle`.
    """
    descriptor = calls.open(name, _CREATE, 0o600, dir_fd=entry.folder.descriptor)
    try:
        _own(calls, descriptor, entry.uid, entry.gid)
        calls.fchmod(descriptor, entry.mode)
        if stat.S_IMODE(calls.fstat(descriptor).st_mode) & ~entry.mode:
            raise refuse("target-failed", entry.path, "its file system cannot keep its mode")
        _fill(calls, descriptor, content)
    except BaseException:
        close(calls, descriptor)
        raise
    return descriptor


def settle(calls: Calls, descriptor: int) -> None:
    """Make a file of ours durable, and close it. Raises OSError."""
    try:
        _sync(calls, descriptor)
    finally:
        close(calls, descriptor)


def content_of(calls: Calls, entry: Entry) -> bytes:
    """The target's bytes. Raises OSError."""
    descriptor = calls.open(entry.name, os.O_RDONLY | _OPEN, dir_fd=entry.folder.descriptor)
    try:
        return _read(calls, descriptor)
    finally:
        close(calls, descriptor)


def removed(calls: Calls, entry: Entry, name: bytes) -> bool:
    """Whether a file of ours is gone; a call that failed once gets a second chance."""
    for _ in range(2):
        try:
            calls.unlink(name, dir_fd=entry.folder.descriptor)
        except FileNotFoundError:
            return True
        except OSError:
            continue
        return True
    return False


def all_or_nothing(entries: Sequence[Entry], calls: Calls) -> list[str]:
    """Swap every entry; returns warnings. Raises Refused when all is as it was before."""
    warnings: list[str] = []
    at: Entry | None = None
    try:
        for at in entries:
            _keep(calls, at)
        _refuse_irreplaceable(entries)
        # What cannot be put back goes last: after it nothing can fail.
        for at in sorted(entries, key=lambda entry: entry.irreplaceable):
            _swap(calls, at, warnings)
    except OSError as error:
        assert at is not None
        problem = Problem(kind="target-failed", subject=at.path, reason=words(error))
        raise Refused([problem, *_put_back(calls, entries)]) from None
    except Refused as refused:
        raise Refused([*refused.problems, *_put_back(calls, entries)]) from None
    except BaseException:
        _put_back(calls, entries)
        raise
    return warnings


def _keep(calls: Calls, entry: Entry) -> None:
    """Give the old file a second name, so that it can come back with all it has."""
    folder = entry.folder.descriptor
    try:
        entry.before = calls.stat(entry.name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    reason = irregular(entry.before.st_mode)
    if reason:
        raise refuse("target-refused", entry.path, f"{reason} now, and was not before")
    entry.backup = spare_name(entry.name)
    try:
        calls.link(
            entry.name, entry.backup, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False
        )
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        _copy(calls, entry, entry.before)


def _copy(calls: Calls, entry: Entry, before: os.stat_result) -> None:
    old = Entry(entry.path, entry.folder, entry.name, stat.S_IMODE(before.st_mode))
    old.uid, old.gid = before.st_uid, before.st_gid
    try:
        settle(calls, create(calls, old, entry.backup, content_of(calls, entry)))
    except PermissionError:
        # Another user's file, which we could replace but not make again.
        removed(calls, entry, entry.backup)
        entry.backup = b""
        entry.irreplaceable = True


def _refuse_irreplaceable(entries: Sequence[Entry]) -> None:
    found = [entry for entry in entries if entry.irreplaceable]
    if len(found) > 1:
        raise Refused(
            [
                Problem(
                    kind="target-refused",
                    subject=entry.path,
                    reason="it belongs to another user, so it could not be put back",
                    fix="chown it in the image to the user that cycle-exec runs as, or remove it",
                )
                for entry in found
            ]
        )


def _swap(calls: Calls, entry: Entry, warnings: list[str]) -> None:
    folder = entry.folder.descriptor
    try:
        calls.replace(entry.spare, entry.name, src_dir_fd=folder, dst_dir_fd=folder)
        entry.swapped = True
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        _rewrite(calls, entry)
        warnings.append(f"{entry.path} is a mount point, so it was rewritten in place")


def _rewrite(calls: Calls, entry: Entry) -> None:
    descriptor = calls.open(entry.name, os.O_RDWR | _OPEN, dir_fd=entry.folder.descriptor)
    try:
        found = calls.fstat(descriptor)
        if irregular(found.st_mode) or found.st_nlink > 1:
            raise refuse(
                "target-refused", entry.path, "it is a mount point that has other names, too"
            )
        entry.before = found
        entry.content_before = _read(calls, descriptor)
        _overwrite(calls, descriptor, entry.content, (entry.uid, entry.gid, entry.mode))
    finally:
        close(calls, descriptor)


def _overwrite(
    calls: Calls, descriptor: int, content: bytes, owner_and_mode: tuple[int, int, int]
) -> None:
    """Owner and a mode that fits old and new content, then the bytes, then the final mode."""
    uid, gid, mode = owner_and_mode
    _own(calls, descriptor, uid, gid)
    current = stat.S_IMODE(calls.fstat(descriptor).st_mode)
    if current & mode != current:
        calls.fchmod(descriptor, current & mode)
    os.lseek(descriptor, 0, os.SEEK_SET)
    _fill(calls, descriptor, content)
    calls.ftruncate(descriptor, len(content))
    if current & mode != mode or current & mode != current:
        calls.fchmod(descriptor, mode)
    _sync(calls, descriptor)


def _put_back(calls: Calls, entries: Sequence[Entry]) -> list[Problem]:
    """Undo every swap; the problems of those that could not be undone."""
    problems = []
    for entry in reversed(entries):
        for attempt in (1, 2):
            try:
                _undo(calls, entry)
                break
            except OSError as error:
                if attempt == 2:
                    problems.append(_stuck(entry, error))
    return problems


def _undo(calls: Calls, entry: Entry) -> None:
    folder = entry.folder.descriptor
    if entry.content_before is not None:
        assert entry.before is not None
        before = entry.before
        descriptor = calls.open(entry.name, os.O_WRONLY | _OPEN, dir_fd=folder)
        try:
            wanted = (before.st_uid, before.st_gid, stat.S_IMODE(before.st_mode))
            _overwrite(calls, descriptor, entry.content_before, wanted)
        finally:
            close(calls, descriptor)
        entry.content_before = None
    elif entry.swapped and entry.before is None:
        calls.unlink(entry.name, dir_fd=folder)
        entry.swapped = False
    elif entry.swapped and entry.backup:
        calls.replace(entry.backup, entry.name, src_dir_fd=folder, dst_dir_fd=folder)
        entry.swapped = False


def _stuck(entry: Entry, error: OSError) -> Problem:
    """The old file stays under its second name, since it is the only one left."""
    entry.backup = b""
    return Problem(
        kind="target-failed",
        subject=entry.path,
        reason=f"it could not be put back: {words(error)}",
        fix="start again: each start writes every target anew",
    )


def _own(calls: Calls, descriptor: int, uid: int, gid: int) -> None:
    """chown only where something changes: some file systems refuse even to leave it alone."""
    found = calls.fstat(descriptor)
    if (found.st_uid, found.st_gid) != (uid, gid):
        calls.fchown(descriptor, uid, gid)


def _fill(calls: Calls, descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        try:
            left = left[calls.write(descriptor, left) :]
        except InterruptedError:
            continue


def _read(calls: Calls, descriptor: int) -> bytes:
    parts = []
    while part := calls.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _sync(calls: Calls, descriptor: int) -> None:
    try:
        calls.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def close(calls: Calls, descriptor: int) -> None:
    """Close, whatever it says: there is nothing more to be done."""
    try:
        calls.close(descriptor)
    except OSError:
        pass
