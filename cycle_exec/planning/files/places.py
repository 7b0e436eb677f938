"""Where a path leads in the file system as it will be: through links, and by patterns."""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from cycle_exec.planning.files import mentions
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class View(Protocol):
        """The file system as it will be, by real paths."""

        def kind(self, path: bytes) -> str:
            """Return "file", "folder", "link", "other" or "absent"."""

        def link(self, path: bytes) -> bytes:
            """Return where a symbolic link leads."""

        def names(self, folder: bytes) -> list[bytes]:
            """Return the names in a directory. Raise OSError."""

        def content(self, path: bytes, limit: int) -> bytes | None:
            """Return the bytes of a readable file that is not larger."""


_MOST_NAMES = 300  # in a directory that is looked into
_LINKS = 40


class Place(Record):
    """Where a path leads. real: without links, as far as it is known. links: the links on the way,
    by their real paths. pattern: what is left of it from the first pattern on.
    """

    real: bytes
    links: tuple[bytes, ...] = ()
    pattern: tuple[bytes, ...] = ()

    def fits(self, path: bytes) -> bool:
        """Whether the pattern stands for a path, or for a directory above it."""
        above = self.real.rstrip(b"/") + b"/"
        if not path.startswith(above):
            return False
        names = path[len(above) :].split(b"/")
        pattern = [name for name in self.pattern if name not in (b"", b".")]
        return len(names) >= len(pattern) > 0 and all(map(_fits, names, pattern))


class Places:
    """What was followed so far."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[tuple[bytes, bytes], list[Place]] = {}
        self._in: dict[bytes, frozenset[bytes]] = {}

    def names(self, folder: bytes) -> list[bytes]:
        """Return what is in a directory, unless that is very much or not to be known."""
        names = self._listed(folder)
        return sorted(names) if len(names) <= _MOST_NAMES else []

    def _listed(self, folder: bytes) -> frozenset[bytes]:
        found = self._in.get(folder)
        if found is None:
            try:
                found = frozenset(self._view.names(folder))
            except OSError:
                found = frozenset()
            self._in[folder] = found
        return found

    def relative(self, base: bytes, path: bytes) -> list[Place]:
        """Return where a relative path leads, nowhere if there is no such name: nearly no word of
        a text is a path.
        """
        first = path.partition(b"/")[0]
        leads = first in (b".", b"..") or mentions.is_pattern(first) or first in self._listed(base)
        return self.all(base, path) if leads else []

    def all(self, base: bytes, path: bytes) -> list[Place]:
        """Return where a path leads, and each place that its pattern stands for."""
        found = self._known.get((base, path))
        if found is None:
            self._known[base, path] = found = list(self._matches(self.follow(base, path)))
        return found

    def follow(self, base: bytes, path: bytes) -> Place:
        """Follow a path from a directory on, a pattern not further than to its directory."""
        left = [*reversed(path.split(b"/"))]
        real = b"/" if path[:1] == b"/" else base
        links: list[bytes] = []
        while left:
            name = left.pop()
            if name in (b"", b"."):
                continue
            if name == b"..":
                real = posixpath.dirname(real)
                continue
            here = posixpath.join(real, name)
            kind = self._view.kind(here)
            if kind == "absent" and mentions.is_pattern(name):
                return Place(real=real, links=tuple(links), pattern=(name, *reversed(left)))
            if kind == "link" and len(links) < _LINKS:
                links.append(here)
                text = self._view.link(here)
                real = b"/" if text[:1] == b"/" else real
                left += reversed(text.split(b"/"))
                continue
            real = here
        return Place(real=real, links=tuple(links))

    def _matches(self, place: Place) -> Iterator[Place]:
        yield place
        if not place.pattern:
            return
        first, *rest = place.pattern
        for name in self.names(place.real):
            if _fits(name, first):
                found = self.follow(place.real, b"/".join([name, *rest]))
                yield from self._matches(found.replace(links=place.links + found.links))


def parents(path: bytes) -> Iterator[bytes]:
    """Yield every directory above a path, the nearest first."""
    while path != b"/":
        path = posixpath.dirname(path)
        yield path


def _fits(name: bytes, pattern: bytes) -> bool:
    if name[:1] == b"." and pattern[:1] != b".":
        return False
    return fnmatchcase(name.decode("latin-1"), pattern.decode("latin-1"))
