"""Which paths lead to a target that is about to change, from a command on: what a mirror of the
root directory has to have of its own, so that the command sees the targets as they will be.

It begins with the paths in the command. What they lead to is read, and so on: a text with a path to
a target in it has to be in the mirror as well, with the target's path in the mirror in it; and so
has a text with the path of that text, and a symbolic link.
"""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase

from cycle_exec.errors import Unfit
from cycle_exec.planning.files import mentions
from cycle_exec.planning.model import Layout
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Protocol

    from cycle_exec.planning.model import Swap

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


_LARGEST = 1024 * 1024  # bytes of a file that is looked through
_MOST_FILES = 5000
_MOST_NAMES = 300  # in a directory that a file names
_MOST_BASES = 12
_LINKS = 40
_KERNEL = (b"/proc", b"/sys", b"/dev")


class Place(Record):
    """Where a path leads. real: without links, as far as it is known. links: the links on the way,
    by their real paths. pattern: what is left of it from the first pattern on.
    """

    real: bytes
    links: tuple[bytes, ...] = ()
    pattern: tuple[bytes, ...] = ()


class Command(Record):
    """What is to see the mirror. directory: where it runs."""

    _redacted = ("environ",)

    words: tuple[str, ...]
    executable: str
    directory: str
    environ: Mapping[str, str]


def layout(view: View, swaps: Sequence[Swap], command: Command, top: bytes) -> Layout:
    """Return what is in the mirror. Raise Unfit where nothing leads from the command to a target,
    or too much has to be read.
    """
    return _Search(view, swaps, command, top).layout()


class _Search:
    def __init__(self, view: View, swaps: Sequence[Swap], command: Command, top: bytes) -> None:
        self._view = view
        self._command = command
        self._top = top
        self._new = {swap.target: swap.content for swap in swaps}
        self._new_links = {swap.target for swap in swaps if swap.link}
        self._marked = {swap.target for swap in swaps}
        self._above: set[bytes] = set()
        self._texts: dict[bytes, bytes] = {}
        self._places: dict[bytes, list[Place]] = {}
        self._bases: list[bytes] = []
        self._waiting = [swap.target for swap in swaps if not swap.link]
        self._rise()

    def layout(self) -> Layout:
        cwd = self._place(b"/", _raw(self._command.directory)).real
        script = self._script()
        words = list(map(_raw, self._command.words))
        named = [self._place(b"/", path) for word in words for path in self._absolute(word)]
        beside = [self._place(cwd, path) for word in words for path in mentions.relative(word)]
        named = [each for place in (*named, *script) for each in self._matches(place)]
        beside = [each for place in beside for each in self._matches(place)]
        for place in (*named, *beside):
            self._note(place, deep=True)
            is_folder = self._view.kind(place.real) == "folder"
            self._base(place.real if is_folder else posixpath.dirname(place.real))
        while self._waiting:
            self._read(self._waiting.pop(0))
        self._spread([*named, *beside])
        moves = any(map(self._leads, beside))
        if not moves and not any(map(self._leads, named)):
            raise Unfit("its words have no path that leads to what is new")
        if moves:
            self._above |= {cwd, *_parents(cwd)}
        executable = _raw(self._command.executable)
        links = self._links()
        files = {
            path: self._seen(self._texts[path]) if path in self._texts else self._new[path]
            for path in self._marked
            if path not in links
        }
        if script and script[0].real in files:
            executable = self._top + script[0].real
        return Layout(
            top=self._top,
            folders=tuple(sorted(self._above)),
            files=files,
            links=links,
            words=tuple(_text(self._seen(word)) for word in words),
            executable=_text(executable),
            directory=_text(self._top + cwd) if moves else self._command.directory,
            environ={
                name: _text(self._seen(_raw(value)))
                for name, value in self._command.environ.items()
            },
        )

    def _script(self) -> list[Place]:
        """Return where the command itself is, if it is a text that may name targets."""
        place = self._place(b"/", _raw(self._command.executable))
        head = self._view.content(place.real, _LARGEST)
        return [place] if head is not None and head[:2] == b"#!" else []

    def _links(self) -> dict[bytes, bytes]:
        """Return the symbolic links that lead to something else in the mirror."""
        found = {path for path in self._marked if self._view.kind(path) == "link"}
        for folder in self._above:
            for name in self._view.names(folder):
                path = posixpath.join(folder, name)
                if self._view.kind(path) == "link" and self._leads(self._place(b"/", path)):
                    found.add(path)
        return {path: self._text(path) for path in found}

    def _absolute(self, text: bytes) -> Iterator[bytes]:
        yield from dict.fromkeys(mentions.absolute(text))
        yield from (path for path in self._odd() if path in text)

    def _base(self, folder: bytes) -> None:
        if folder != b"/" and folder not in self._bases and len(self._bases) < _MOST_BASES:
            self._bases.append(folder)

    def _read(self, path: bytes) -> None:
        """Look through a file."""
        if path in self._places:
            return
        places: list[Place] = []
        self._places[path] = places
        text = self._view.content(path, _LARGEST)
        if text is None or b"\0" in text:
            return
        if len(self._texts) == _MOST_FILES:
            raise Unfit(f"more than {_MOST_FILES} files had to be looked through")
        self._texts[path] = text
        for found in self._absolute(text):
            place = self._place(b"/", found)
            places += self._matches(place)
            if self._view.kind(place.real) == "folder" and not place.pattern:
                self._base(place.real)
        for found in dict.fromkeys(mentions.relative(text)):
            for base in (posixpath.dirname(path), *self._bases):
                places += self._matches(self._place(base, found))
        for place in places:
            self._note(place, deep=False)

    def _note(self, place: Place, *, deep: bool) -> None:
        """Let what a path leads to be read: a file, or the files in a directory."""
        path = place.real
        if any(path == each or path.startswith(each + b"/") for each in _KERNEL):
            return
        kind = self._view.kind(path)
        if kind == "file":
            self._waiting.append(path)
        elif kind == "folder" and path not in self._places and not place.pattern:
            inner: list[Place] = []
            self._places[path] = inner
            for name in self._names(path):
                found = self._place(path, name)
                is_folder = self._view.kind(found.real) == "folder"
                if found.links:
                    inner.append(found)
                if not is_folder or (deep and not found.links):
                    self._note(found, deep=deep)

    def _names(self, folder: bytes) -> list[bytes]:
        try:
            names = self._view.names(folder)
        except OSError:
            return []
        return names if len(names) <= _MOST_NAMES else []

    def _place(self, base: bytes, path: bytes) -> Place:
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
        """Yield a place, and those that its pattern stands for."""
        yield place
        if not place.pattern:
            return
        first, *rest = place.pattern
        for name in self._names(place.real):
            hides = name[:1] == b"." and first[:1] != b"."
            if not hides and fnmatchcase(_text(name), _text(first)):
                found = self._place(place.real, b"/".join([name, *rest]))
                yield from self._matches(found.replace(links=place.links + found.links))

    def _leads(self, place: Place) -> bool:
        """Whether a path leads to what is new in the mirror, or to a directory with it."""
        if not place.pattern:
            is_new = place.real in self._marked or place.real in self._above
            return (is_new and place.real != b"/") or not self._new_links.isdisjoint(place.links)
        return any(self._fits(place, path) for path in self._marked)

    def _fits(self, place: Place, path: bytes) -> bool:
        above = place.real.rstrip(b"/") + b"/"
        names = path[len(above) :].split(b"/") if path.startswith(above) else []
        pattern = [name for name in place.pattern if name not in (b"", b".")]
        return len(names) >= len(pattern) > 0 and all(
            fnmatchcase(_text(name), _text(part))
            for name, part in zip(names, pattern, strict=False)
        )

    def _spread(self, of_command: Sequence[Place]) -> None:
        """Mark all that leads to what is marked, until there is no more."""
        before = -1
        while len(self._marked) != before:
            before = len(self._marked)
            for path, places in (*self._places.items(), (b"", of_command)):
                leading = [place for place in places if self._leads(place)]
                if leading and path in self._texts:
                    self._marked.add(path)
                for place in leading:
                    self._marked.update(place.links)
            self._rise()

    def _rise(self) -> None:
        for path in self._marked:
            self._above.update(_parents(path))

    def _odd(self) -> list[bytes]:
        return [path for path in (*self._marked, *self._above) if mentions.is_odd(path)]

    def _seen(self, text: bytes) -> bytes:
        return mentions.replaced(text, self._moved, self._odd())

    def _moved(self, path: bytes) -> bytes | None:
        places = list(self._matches(self._place(b"/", path)))
        return self._top + b"/" + path.lstrip(b"/") if any(map(self._leads, places)) else None

    def _text(self, path: bytes) -> bytes:
        """Return where a link leads in the mirror."""
        text = self._view.link(path)
        place = self._place(b"/", path)
        if place.real in self._marked or place.real in self._above:
            return self._top + place.real if path not in self._new_links else text
        return self._top + text if text[:1] == b"/" else text


def _parents(path: bytes) -> Iterator[bytes]:
    while path != b"/":
        path = posixpath.dirname(path)
        yield path


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
