"""Files that live only as long as the process that made them: folders, notices, stamps."""

from __future__ import annotations

import os
import sys

from cycle_exec.errors import refuse
from cycle_exec.system.files import words_on
from cycle_exec.system.invocation import decoded, encoded

# sun_path has 108 bytes with its final NUL, on macOS 104.
LONGEST_SOCKET = 107 if sys.platform == "linux" else 103


def folder(environ_tmp: str, longest_name: str) -> str:
    """Return a new private folder (0700) below TMPDIR, or below /tmp if TMPDIR is too long for a
    socket.

    longest_name: the longest socket name that has to fit. Raises Refused (target-failed).
    """
    import tempfile

    place = environ_tmp or "/tmp"  # noqa: S108 - mkdtemp makes a fresh 0700 folder in it
    if len(encoded(place)) + len(longest_name) + 22 > LONGEST_SOCKET:
        place = "/tmp"  # noqa: S108
    try:
        return decoded(tempfile.mkdtemp(prefix=b"cycle-exec-", dir=encoded(place)))
    except OSError as error:
        raise refuse("target-failed", f"a directory in {place}", words_on(error, place)) from None


def publish(path: str, content: bytes, mode: int) -> None:
    """Write a whole file, replacing what is there. Raises Refused (target-failed).

    A link at the path is replaced, never followed.
    """
    staged = encoded(f"{path}.{os.getpid()}.new")
    try:
        descriptor = os.open(
            staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            os.fchmod(descriptor, mode)
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
        finally:
            os.close(descriptor)
        os.rename(staged, encoded(path))
    except OSError as error:
        remove(decoded(staged))
        raise refuse("target-failed", path, words_on(error, path)) from None


def remove(path: str) -> None:
    """Remove a file that may be gone already."""
    try:
        os.unlink(encoded(path))
    except OSError:
        return


def remove_folder(path: str) -> None:
    """Remove a folder and the files in it; what is gone already is no problem."""
    import shutil

    shutil.rmtree(encoded(path), ignore_errors=True)


def stamp(path: str) -> tuple[int, ...]:
    """Return a value that changes when the file at the path does; empty if there is none."""
    try:
        found = os.stat(encoded(path))
    except (OSError, ValueError):
        return ()
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
