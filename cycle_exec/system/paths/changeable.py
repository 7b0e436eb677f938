"""Whether somebody other than root and this user could change a file: itself, a directory or a link
on the way to it.
"""

from __future__ import annotations

import os
import posixpath
import stat

from cycle_exec.system.invocation import decoded, encoded

_LINKS = 40  # as many as the kernel follows
_LEVELS = 32  # of directories of templates


def read(path: str) -> str:
    """Return who could change a file that is read, or one of a directory whose files are, in words;
    empty where only root and this user could.
    """
    raw = encoded(path)
    words = on_the_way(raw)
    return words if words or not os.path.isdir(raw) else inside(raw, _LEVELS)


def on_the_way(path: bytes) -> str:
    """Follow a path as the kernel does, and return what of it others could change, or make where it
    ends before the file.
    """
    parts = posixpath.join(os.getcwdb(), path).split(b"/")[::-1]
    folder, links = b"/", 0
    try:
        words = _loose(b"/", os.stat(b"/"))
        while parts and not words:
            name = parts.pop()
            if name in (b"", b"."):
                continue
            if name == b"..":
                folder = posixpath.dirname(folder)
                continue
            here = posixpath.join(folder, name)
            found = os.lstat(here)
            if not stat.S_ISLNK(found.st_mode):
                folder, words = here, _loose(here, found)
                continue
            links += 1
            if links > _LINKS:
                return ""
            target = os.readlink(here)
            words = _loose_link(here, found, os.stat(folder).st_mode)
            folder = b"/" if target.startswith(b"/") else folder
            parts += target.split(b"/")[::-1]
    except FileNotFoundError:
        return _loose(folder, os.stat(folder), sticks=False)
    except OSError:
        return ""
    return words


def inside(folder: bytes, levels: int) -> str:
    """Say who could change a file in a folder, or one so many levels below."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                is_link = stat.S_ISLNK(found.st_mode)
                words = on_the_way(entry.path) if is_link else _loose(entry.path, found)
                if not words and levels > 1 and entry.is_dir():
                    words = inside(entry.path, levels - 1)
                if words:
                    return words
    except OSError:
        pass
    return ""


def _loose(path: bytes, found: os.stat_result, *, sticks: bool = True) -> str:
    """Say why others could change this. sticks: whether a sticky folder keeps them off, as it does
    from what is in it already.
    """
    if found.st_uid not in (0, os.geteuid()):
        return f"{decoded(path)} belongs to user {found.st_uid}, who could replace it"
    sticks = sticks and stat.S_ISDIR(found.st_mode) and bool(found.st_mode & stat.S_ISVTX)
    if found.st_mode & 0o022 and not sticks:
        return f"others can write to {decoded(path)} (mode {stat.S_IMODE(found.st_mode):04o})"
    return ""


def _loose_link(path: bytes, found: os.stat_result, folder: int) -> str:
    """Only in a sticky folder does it matter whose link it is; its own mode never does."""
    if folder & 0o022 and found.st_uid not in (0, os.geteuid()):
        return f"the link {decoded(path)} belongs to user {found.st_uid}, who could replace it"
    return ""
