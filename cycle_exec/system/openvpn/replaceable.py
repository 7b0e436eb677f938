"""Whether somebody else could put another program in the place of a hook: its file, a folder or a
link on the way to it, what interprets it, or the code that our own hook loads.
"""

from __future__ import annotations

import os
import posixpath
import stat

from cycle_exec.system.exec import lookup
from cycle_exec.system.invocation import decoded, encoded
from cycle_exec.system.openvpn import installation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_DEPTH = 6  # a script and the scripts that interpret it, as many as the kernel follows
_HEAD = 4096
_LINKS = 40  # as many as the kernel follows
_LEVELS = 8  # of folders in a package


def reason(hook: str, search: str | None, *, ours: bool) -> str:
    """Return who could replace what, in words; empty where only root and this user could.

    search: the PATH that the hook will have. ours: whether it is our own program, which starts a
    Python and loads our package.
    """
    program = encoded(hook)
    for path in _executed(program, encoded(search or lookup.DEFAULT_PATH)):
        words = _on_the_way(path)
        if words:
            return words
    for part in installation.parts(program) if ours else ():
        words = _on_the_way(part.path)
        if not words and part.counts != installation.ITSELF:
            words = _inside(part.path, _LEVELS if part.counts == installation.ALL else 1)
        loader = b"" if words else _content(part.path)[1]
        words = _on_the_way(loader) if loader else words
        if words:
            return words
    return ""


def _inside(folder: bytes, levels: int) -> str:
    """Say who could change a file in a folder, or one so many levels below."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                found = entry.stat(follow_symlinks=False)
                is_link = stat.S_ISLNK(found.st_mode)
                words = _on_the_way(entry.path) if is_link else _loose(entry.path, found)
                if not words and levels > 1 and entry.is_dir():
                    words = _inside(entry.path, levels - 1)
                if words:
                    return words
    except OSError:
        pass
    return ""


def _executed(path: bytes, search: bytes) -> Iterator[bytes]:
    """Yield every file that the kernel opens, and where one could be put that it would take."""
    for _ in range(_DEPTH):
        yield path
        head, loader = _content(path)
        if loader:
            yield loader
        words = lookup.interpreter(head)
        if not words:
            return
        path = encoded(words[0])
        if posixpath.basename(path) == b"env":
            yield path
            found = yield from _along(_named(words[1:]), search)
            if not found:
                return
            path = found


def _content(path: bytes) -> tuple[bytes, bytes]:
    """Return the beginning of a file, and the loader that it names; nothing of what cannot be
    read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b"", b""
    try:
        head = os.pread(descriptor, _HEAD, 0)
        program = lookup.program(descriptor) if head[:4] == lookup.MAGIC else None
        return head, program[1] if program else b""
    except OSError:
        return b"", b""
    finally:
        os.close(descriptor)


def _named(arguments: list[str]) -> bytes:
    """Return the program among the arguments of env: the first that is no option or variable."""
    for word in " ".join(arguments).removeprefix("-S").split():
        if not word.startswith("-") and "=" not in word:
            return encoded(word)
    return b""


def _along(name: bytes, search: bytes) -> Generator[bytes, None, bytes]:
    """Yield where the program would be found before it is, if somebody put it there. Return its
    path, empty if there is none.
    """
    if not name:
        return b""
    for folder in search.split(b":") if b"/" not in name else (b"",):
        path = posixpath.join(folder, name)
        if os.access(path, os.X_OK, effective_ids=True) and not os.path.isdir(path):
            return path
        yield path
    return b""


def _on_the_way(path: bytes) -> str:
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
