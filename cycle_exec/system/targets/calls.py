"""The system calls that stage and swap targets, and what is made of them for one file.

Every path is a name below an open folder.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat

from cycle_exec.errors import refuse

CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ACCESS, _DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
# There is none, or the file system or the kernel knows of none.
_NO_ACL = (errno.ENODATA, errno.ENOTSUP, errno.ENOSYS)

_LARGEST = 64 * 1024 * 1024  # bytes of a file that is kept or carried over as a copy


class TooLarge(OSError):
    """More than is read into memory."""


class Calls:
    """Every system call by which targets are staged and swapped; tests break them one by one."""

    open = staticmethod(os.open)
    close = staticmethod(os.close)
    stat = staticmethod(os.stat)
    fstat = staticmethod(os.fstat)
    mkdir = staticmethod(os.mkdir)
    rmdir = staticmethod(os.rmdir)
    fchown = staticmethod(os.fchown)
    fchmod = staticmethod(os.fchmod)
    removexattr = staticmethod(os.removexattr)
    read = staticmethod(os.read)
    write = staticmethod(os.write)
    ftruncate = staticmethod(os.ftruncate)
    fsync = staticmethod(os.fsync)
    flock = staticmethod(fcntl.flock)
    link = staticmethod(os.link)
    replace = staticmethod(os.replace)
    unlink = staticmethod(os.unlink)
    symlink = staticmethod(os.symlink)
    readlink = staticmethod(os.readlink)
    setxattr = staticmethod(os.setxattr)
    getxattr = staticmethod(os.getxattr)

    @staticmethod
    def listdir(descriptor: int) -> list[bytes]:
        """Names in an open folder."""
        return [os.fsencode(name) for name in os.listdir(descriptor)]


class Folder:
    """An opened directory. `listing` can be listed and synced; None if it may not be listed.

    settled: nobody else can put another directory in its place. linked: its name is a link.
    kept: it stays open for the whole run. lock: the name and descriptor of our file in it by which
    others know that we are at work there.
    """

    def __init__(
        self, path: bytes, descriptor: int, found: os.stat_result, settled: bool = False
    ) -> None:
        self.path = path
        self.descriptor = descriptor
        self.settled = settled
        self.linked = False
        self.kept = False
        self.listing: int | None = None
        self.lock: tuple[bytes, int] | None = None
        self.look(found)

    def look(self, found: os.stat_result) -> None:
        """Remember what it is like now."""
        self.uid = found.st_uid
        self.mode = found.st_mode
        self.identity = found.st_dev, found.st_ino

    @property
    def is_of_one(self) -> bool:
        """Whether only its owner can rename and remove what others have in it."""
        return not self.mode & 0o022 or bool(self.mode & stat.S_ISVTX)


class Attributes:
    """Who owns a file and who may do what with it."""

    def __init__(self, mode: int, uid: int, gid: int) -> None:
        self.mode = mode
        self.uid = uid
        self.gid = gid

    @classmethod
    def of(cls, found: os.stat_result) -> Attributes:
        """Return that of a file that is there."""
        return cls(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)

    def fits(self, found: os.stat_result) -> bool:
        """Whether a file looks like this already."""
        wanted = (self.mode, self.uid, self.gid)
        return (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == wanted


def create(
    calls: Calls, at: int, name: bytes, content: bytes, attributes: Attributes, path: str
) -> int:
    """Return a new file in the folder `at`, with its final owner and mode before its first byte.

    Returns its descriptor, for `settle`. path: what a refusal calls it. Raises OSError, Refused.
    """
    descriptor = calls.open(name, CREATE, 0o600, dir_fd=at)
    try:
        if attributes.mode & stat.S_IRWXG:
            disinherit(calls, descriptor)
        own(calls, descriptor, attributes.uid, attributes.gid)
        calls.fchmod(descriptor, attributes.mode)
        if stat.S_IMODE(calls.fstat(descriptor).st_mode) & ~attributes.mode:
            raise refuse("target-failed", path, "its file system does not support its mode")
        _fill(calls, descriptor, content)
    except BaseException:
        close(calls, descriptor)
        raise
    return descriptor


def settle(calls: Calls, descriptor: int) -> None:
    """Make a file or folder of ours durable, and close it. Raises OSError."""
    try:
        sync(calls, descriptor)
    finally:
        close(calls, descriptor)


def holds(calls: Calls, at: int, name: bytes, content: bytes) -> bool:
    """Whether a file in the folder has these bytes. Raises OSError."""
    descriptor = calls.open(name, os.O_RDONLY | OPEN, dir_fd=at)
    try:
        # It may have grown since somebody looked, without end.
        return read_open(calls, descriptor, len(content)) == content
    except TooLarge:
        return False
    finally:
        close(calls, descriptor)


def read_file(calls: Calls, at: int, name: bytes) -> tuple[bytes, os.stat_result]:
    """Return the bytes of a regular file and what it is like, both of one and the same file.

    Raises OSError.
    """
    descriptor = calls.open(name, os.O_RDONLY | OPEN, dir_fd=at)
    try:
        found = calls.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return read_open(calls, descriptor), found
    finally:
        close(calls, descriptor)


def read_open(calls: Calls, descriptor: int, most: int = _LARGEST) -> bytes:
    """All that is left to read, which may be so many bytes. Raises OSError, also TooLarge."""
    parts = []
    while part := calls.read(descriptor, 1 << 20):
        parts.append(part)
        most -= len(part)
        if most < 0:
            raise TooLarge(errno.EFBIG, "too large")
    return b"".join(parts)


def overwrite(calls: Calls, descriptor: int, content: bytes, attributes: Attributes) -> None:
    """Owner and a mode that fits old and new content, then the bytes, then the final mode.

    Raises OSError.
    """
    own(calls, descriptor, attributes.uid, attributes.gid)
    current = stat.S_IMODE(calls.fstat(descriptor).st_mode)
    if current & attributes.mode != current:
        calls.fchmod(descriptor, current & attributes.mode)
    os.lseek(descriptor, 0, os.SEEK_SET)
    _fill(calls, descriptor, content)
    calls.ftruncate(descriptor, len(content))
    if current != attributes.mode:
        calls.fchmod(descriptor, attributes.mode)
    sync(calls, descriptor)


def removed(calls: Calls, at: int, name: bytes) -> bool:
    """Whether a file of ours is gone; a call that failed once gets a second chance."""
    for _ in range(2):
        try:
            calls.unlink(name, dir_fd=at)
        except FileNotFoundError:
            return True
        except OSError:
            continue
        return True
    return False


def sync(calls: Calls, descriptor: int) -> None:
    """Make it durable, where the file system knows how. Raises OSError."""
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


def own(calls: Calls, descriptor: int, uid: int, gid: int) -> None:
    """Change the owner only where it differs: some file systems refuse even to leave it alone.

    An id of -1 stays as it is. Raises OSError.
    """
    found = calls.fstat(descriptor)
    if (uid, gid) not in ((-1, -1), (found.st_uid, found.st_gid)):
        calls.fchown(descriptor, uid, gid)


def disinherit(calls: Calls, descriptor: int, *, directory: bool = False) -> None:
    """Remove the access control list that a file or directory of ours has from the directory above.

    Whoever owns that one could let himself in: while no group may do anything, nobody else on the
    list may, but then a wider mode is a mode for them, too (acl(5)). Raise OSError.
    """
    for name in (_ACCESS, _DEFAULT) if directory else (_ACCESS,):
        try:
            calls.removexattr(descriptor, name)
        except OSError as error:
            if error.errno not in _NO_ACL:
                raise


def _fill(calls: Calls, descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        try:
            left = left[calls.write(descriptor, left) :]
        except InterruptedError:
            continue
