"""Whether somebody else could put another program in the place of a hook: its file, a folder or a
link on the way to it, what interprets it, or the code that our own hook loads.
"""

from __future__ import annotations

import os
import posixpath

from cycle_exec.system.exec import lookup
from cycle_exec.system.invocation import encoded
from cycle_exec.system.openvpn import installation
from cycle_exec.system.paths import changeable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_DEPTH = 6  # a script and the scripts that interpret it, as many as the kernel follows
_HEAD = 4096
_LEVELS = 8  # of folders in a package


def reason(hook: str, search: str | None, *, ours: bool) -> str:
    """Return who could replace what, in words; empty where only root and this user could.

    search: the PATH that the hook will have. ours: whether it is our own program, which starts a
    Python and loads our package.
    """
    program = encoded(hook)
    for path in _executed(program, encoded(search or lookup.DEFAULT_PATH)):
        words = changeable.on_the_way(path)
        if words:
            return words
    for part in installation.parts(program) if ours else ():
        words = changeable.on_the_way(part.path)
        if not words and part.counts != installation.ITSELF:
            words = changeable.inside(part.path, _LEVELS if part.counts == installation.ALL else 1)
        loader = b"" if words else _content(part.path)[1]
        words = changeable.on_the_way(loader) if loader else words
        if words:
            return words
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
