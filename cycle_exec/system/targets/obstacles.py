"""What stands in the way of a target, found out without writing anything."""

from __future__ import annotations

import errno
import os
import posixpath
import stat

from cycle_exec.errors import Problem
from cycle_exec.system import files
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.targets import route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def of(targets: Sequence[str], directories: Sequence[str] = ()) -> list[Problem]:
    """Every target that could not be written, found out without writing anything.

    directories: in which files will be whose names are not known yet.
    """
    problems = []
    ways: dict[bytes, tuple[str, str]] = {}
    for path in targets:
        reason, fix = _obstacle(path, ways)
        if reason:
            problems.append(Problem("target-refused", path, reason, fix))
    for path in directories:
        reason, fix = _obstacle_in(encoded(path), ways)
        if reason and os.path.exists(encoded(path)) and not files.is_directory(path):
            reason, fix = "it is not a directory", "give the path of a directory"
        if reason:
            problems.append(Problem("target-refused", path, reason, fix))
    return problems


def _obstacle(path: str, ways: dict[bytes, tuple[str, str]]) -> tuple[str, str]:
    """Why a target cannot be written and what to do, two empty texts if it can.

    ways: what is known already of the ways to directories.
    """
    if "\0" in path or posixpath.basename(path) in ("", ".", ".."):
        return "it does not end in a file name", "give the path of a file"
    raw = encoded(path)
    if len(posixpath.basename(raw)) > 255:
        return files.words(OSError(errno.ENAMETOOLONG, "")), ""
    folder = posixpath.dirname(raw)
    found = _obstacle_in(folder, ways)
    if found[0]:
        return found
    try:
        return files.irregular(os.lstat(raw).st_mode), ""
    except FileNotFoundError:
        return "", ""
    except OSError as error:
        return files.words(error), ""


def _obstacle_in(folder: bytes, ways: dict[bytes, tuple[str, str]]) -> tuple[str, str]:
    """Why no file can be made in a directory, as `_obstacle`."""
    try:
        if folder not in ways:
            ways[folder] = route.obstacle(folder)
        return ways[folder] if ways[folder][0] else (_closed(folder), "")
    except OSError as error:
        return files.words(error), ""


def _closed(folder: bytes) -> str:
    """Why nothing can be made in the folder, or in the nearest one above it that exists."""
    folder = folder or b"."
    while True:
        try:
            found = os.stat(folder)
            break
        except FileNotFoundError:
            if os.path.islink(folder):
                return f"{decoded(folder)} is a dangling symbolic link"
            folder = posixpath.dirname(folder) or b"."
    name = decoded(folder)
    if not stat.S_ISDIR(found.st_mode):
        return f"{name} is not a directory"
    if os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        return ""
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"{name} is on a read-only file system"
    return f"{name} is not writable for user {os.geteuid()}"
