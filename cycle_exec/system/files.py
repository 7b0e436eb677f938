"""Reading what the operator named, and judging targets before anything is written."""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from cycle_exec.record import Record
from cycle_exec.secret import SecretBytes
from cycle_exec.system.invocation import decoded, encoded

LIMIT = 16 * 1024 * 1024
_READING = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

_WORDS = {
    errno.ENOENT: "it does not exist",
    errno.ENOTDIR: "a part of its path is not a directory",
    errno.EACCES: "permission denied",
    errno.EPERM: "the operation is not permitted",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "no space is left on the file system",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would be larger than allowed",
    errno.EIO: "the file system reports an input/output error",
    errno.ELOOP: "its path has a symbolic link where none may be",
    errno.ENAMETOOLONG: "its name is too long",
    errno.EISDIR: "it is a directory",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOMEM: "out of memory",
    errno.EAGAIN: "the limit of processes, or of another resource, is reached",
    errno.EBUSY: "it is in use as a mount point",
    errno.ETXTBSY: "it is a program that is being executed",
    errno.EXDEV: "it is on another file system",
    errno.EINVAL: "the file system does not accept it",
    errno.ENOTSUP: "the file system does not support it",
    errno.EOVERFLOW: "an id is not mapped in this user namespace",
    errno.ESTALE: "it is stale on the network file system",
}
_ABSENT = (errno.ENOENT, errno.ENOTDIR)
_KINDS = {
    stat.S_IFLNK: ("link", "it is a symbolic link"),
    stat.S_IFDIR: ("directory", "it is a directory"),
    stat.S_IFIFO: ("other", "it is a named pipe"),
    stat.S_IFSOCK: ("other", "it is a socket"),
    stat.S_IFCHR: ("other", "it is a device"),
    stat.S_IFBLK: ("other", "it is a device"),
}


class Unreadable(Exception):
    """A file or folder that cannot be read; `reason` is in our words, for people.

    absent: there is nothing at that path, so a file that need not exist may be passed over. path:
    where a step of it may be to blame, which is looked for only when somebody asks for the reason.
    """

    def __init__(self, reason: str, *, absent: bool = False, path: str = "") -> None:
        self._reason = reason
        self._path = path
        self.absent = absent
        super().__init__(reason)

    @property
    def reason(self) -> str:
        """Why, for people."""
        return blame(self._path) or self._reason


class Disk(Record):
    """What is at a target now.

    kind: "absent", "file", "link", "directory" or "other". content: None if it is not a file or
    cannot be read.
    """

    kind: str
    mode: int = 0
    uid: int = -1
    gid: int = -1
    content: SecretBytes | None = None


def words(error: OSError) -> str:
    """Return what an errno means, in our words."""
    return _WORDS.get(error.errno or 0) or f"the operation failed (error {error.errno})"


def irregular(mode: int) -> str:
    """Why a file of this st_mode is no target, in words; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return _KINDS.get(stat.S_IFMT(mode), ("other", "it is not a regular file"))[1]


def read(path: str, limit: int = LIMIT, *, more: int = 0) -> bytes:
    """Return the whole regular file, at most `limit` bytes. Never waits for a pipe or a device.

    more: flags of open(2) beside those of reading. Raises Unreadable.
    """
    if "\0" in path or not path:
        raise Unreadable("its path is invalid")
    try:
        return _regular(os.open(encoded(path), _READING | more), limit)
    except OSError as error:
        raise _unreadable(error, path) from None


def text(path: str) -> str:
    """Return the text of a file. Raises Unreadable, also where it is not UTF-8."""
    try:
        return read(path).decode()
    except UnicodeDecodeError as error:
        raise Unreadable(not_text(error)) from None


def not_text(error: UnicodeDecodeError) -> str:
    """Return what is said of a file that is not UTF-8: the line in which it is not."""
    line = error.object.count(b"\n", 0, error.start) + 1
    return f"it is not UTF-8 text: see line {line}"


def words_on(error: OSError, path: str) -> str:
    """Return what an errno means of this path; where something is missing, which step of it."""
    return blame(path if error.errno in _ABSENT else "") or words(error)


def _unreadable(error: OSError, path: str) -> Unreadable:
    is_absent = error.errno in _ABSENT
    return Unreadable(
        why(error), absent=error.errno == errno.ENOENT, path=path if is_absent else ""
    )


def blame(path: str) -> str:
    """Return why there is nothing at a path, if a step before the last is to blame, or a link; else
    an empty text.
    """
    if not path:
        return ""
    try:
        from cycle_exec.system.paths import missing
    except (ImportError, OSError):
        return ""  # as another user, to whom this package is closed
    return missing.lack(path)


def why(error: OSError) -> str:
    """Return why a file cannot be opened."""
    return "it is a socket or a device" if error.errno == errno.ENXIO else words(error)


def _regular(descriptor: int, limit: int) -> bytes:
    """Return the content of an open file, which is closed."""
    try:
        reason = irregular(os.fstat(descriptor).st_mode)
        if reason:
            raise Unreadable(reason)
        return content(descriptor, limit)
    finally:
        os.close(descriptor)


def content(descriptor: int, limit: int) -> bytes:
    """Return what is left to read of an open file. Raises OSError, Unreadable."""
    parts = []
    room = limit + 1
    while room > 0 and (part := os.read(descriptor, min(room, 1 << 20))):
        parts.append(part)
        room -= len(part)
    if room <= 0:
        raise Unreadable(f"it is larger than {limit} bytes")
    return b"".join(parts)


def read_below(folder: str, name: str) -> bytes:
    """Return a regular file below a folder. No step below the folder follows a link.

    name: relative, without an empty step, `.` or `..`. Raises Unreadable.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    *folders, last = name.split("/")
    try:
        descriptor = os.open(encoded(folder) or b".", flags)
        try:
            for step in folders:
                inner = os.open(encoded(step), flags | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            return _regular(
                os.open(encoded(last), _READING | os.O_NOFOLLOW, dir_fd=descriptor), LIMIT
            )
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unreadable(error, posixpath.join(folder, name)) from None


def overwrite(path: str, content: bytes) -> None:
    """Put the content into a file that is there, which is never made, and which has no other name:
    neither a link nor a file from elsewhere. Looked at before anything in it is changed.

    Raises OSError.
    """
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
    descriptor = os.open(encoded(path), flags)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            return
        os.ftruncate(descriptor, 0)
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def remove(path: str) -> None:
    """Remove a file, in a directory to which the way is safe. Raises Unreadable."""
    from cycle_exec.system.targets.calls import Calls
    from cycle_exec.system.targets.route import Route, Unsafe

    folder, name = posixpath.split(encoded(path))
    try:
        descriptor = Route(Calls()).existing(folder).descriptor
        try:
            os.unlink(name, dir_fd=descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unreadable(f"it cannot be removed: {words(error)}") from None
    except Unsafe as unsafe:
        raise Unreadable(f"it cannot be removed: {unsafe.reason}") from None


def tree(directory: str, suffix: str = ".j2") -> tuple[str, ...]:
    """Paths below a folder whose name ends in `suffix`, relative to it, sorted by their bytes.

    Empty for a file. Links to files count, links to folders are not entered, so there are no
    loops; names that begin with two dots are passed over: Kubernetes keeps a volume's versions
    there. Raises Unreadable, also for a folder without any such file.
    """
    if "\0" in directory or not directory:
        raise Unreadable("its path is invalid")
    top = encoded(directory)
    try:
        if not stat.S_ISDIR(os.stat(top).st_mode):
            return ()
        found = sorted(_below(top, b"", encoded(suffix)))
    except OSError as error:
        raise _unreadable(error, directory) from None
    if not found:
        raise Unreadable(f"the directory has no *{suffix} file")
    return tuple(decoded(path) for path in found)


def _below(top: bytes, folder: bytes, suffix: bytes) -> list[bytes]:
    found = []
    with os.scandir(posixpath.join(top, folder)) as entries:
        for entry in entries:
            if entry.name.startswith(b".."):
                continue
            path = posixpath.join(folder, entry.name)
            if entry.is_dir(follow_symlinks=False):
                found.extend(_below(top, path, suffix))
            elif entry.name.endswith(suffix) and not entry.is_dir():
                found.append(path)
    return found


def builtin(name: str) -> str:
    """Return the path of a template that is shipped with this package."""
    package = posixpath.dirname(posixpath.dirname(os.fsencode(__file__)))
    inside = encoded(posixpath.normpath(posixpath.join("/", name))).lstrip(b"/")
    for folder in (posixpath.join(package, b"templates"), posixpath.join(package, b"../templates")):
        if os.path.isdir(folder):
            return decoded(posixpath.join(posixpath.normpath(folder), inside))
    return decoded(posixpath.join(package, b"templates", inside))


def same(path: str, other: str) -> bool:
    """Whether both paths lead to one file."""
    try:
        return posixpath.samefile(encoded(path), encoded(other))
    except (OSError, ValueError):
        return False


def real(path: str) -> str:
    """Return the path without links, as far as it exists."""
    return decoded(posixpath.realpath(encoded(path)))


def disk(path: str) -> Disk:
    """Return what is at a target now; never follows a link. Raises Unreadable."""
    try:
        found = os.lstat(encoded(path))
    except (FileNotFoundError, NotADirectoryError):
        return Disk(kind="absent")
    except (OSError, ValueError) as error:
        raise Unreadable(words(error) if isinstance(error, OSError) else "no path") from None
    kind, _ = _KINDS.get(stat.S_IFMT(found.st_mode), ("file", ""))
    content = None
    if kind == "file":
        try:
            content = SecretBytes(_untouched(path))
        except Unreadable:
            pass
    return Disk(
        kind=kind,
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        content=content,
    )


def is_there(path: str) -> bool:
    """Whether there is something of this name, be it a link that leads nowhere."""
    return os.path.lexists(encoded(path))


def is_directory(path: str) -> bool:
    """Whether a path leads to a directory, by links or without."""
    return "\0" not in path and os.path.isdir(encoded(path))


def target(path: str) -> Disk:
    """Return what is at a target now, also behind its link into a generation. Raises Unreadable."""
    found = disk(path)
    if found.kind != "link":
        return found
    from cycle_exec.system.targets import temporary_names

    folder, name = posixpath.split(encoded(path))
    text = temporary_names.link_text(name)
    try:
        ours = os.readlink(encoded(path)) == text
    except OSError as error:
        raise Unreadable(words(error)) from None
    return disk(decoded(posixpath.join(folder, text))) if ours else found


def _untouched(path: str) -> bytes:
    """Read a target and leave the time of its last reading, where the kernel lets us."""
    try:
        return read(path, more=os.O_NOFOLLOW | os.O_NOATIME)
    except Unreadable:
        return read(path, more=os.O_NOFOLLOW)
