"""Which paths lead to a target that is about to change, from a command on: what a mirror of the
root directory has to have of its own, so that the command sees the targets as they will be.

It begins with the paths in the command. What they lead to is read, and so on: a text with a path to
a target in it has to be in the mirror as well, with the target's path in the mirror in it; and so
has a text with the path of that text, and a symbolic link.
"""

from __future__ import annotations

import posixpath

from cycle_exec.errors import Unfit
from cycle_exec.planning.files import mentions
from cycle_exec.planning.files.places import Place, Places, parents
from cycle_exec.planning.model import Layout
from cycle_exec.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cycle_exec.planning.files.places import View
    from cycle_exec.planning.model import Swap

_LARGEST = 1024 * 1024  # bytes of a file that is looked through
_MOST_FILES = 1000
_MOST_BELOW = 600  # names in directories; a tree with more is no config
_MOST_BASES = 12
# Where no config is that a config names.
_OTHERS = tuple(
    b"/%s/" % name
    for name in (
        b"proc sys dev bin sbin lib lib32 lib64 boot usr/bin usr/sbin usr/lib usr/lib32 usr/lib64 "
        b"usr/libexec usr/include usr/share usr/local/bin usr/local/sbin "
        b"usr/local/lib usr/local/include usr/local/share var/cache var/log"
    ).split()
)
_SOURCES = tuple(b"html htm css js mjs map md py pyc rb c h so a gz png svg".split())
_MODULES = b"node_modules"


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
        self._within: dict[bytes, list[Place]] = {}
        self._bases: list[bytes] = []
        self._places = Places(view)
        self._strange: list[bytes] = []
        self._below = _MOST_BELOW
        self._waiting: list[tuple[bytes, bool]] = [
            (swap.target, True) for swap in swaps if not swap.link
        ]
        self._rise()

    def layout(self) -> Layout:
        cwd = self._places.follow(b"/", _raw(self._command.directory)).real
        script = self._script()
        words = list(map(_raw, self._command.words))
        named, beside = list(script), []
        for word in words:
            for path in self._absolute(word):
                named += self._places.all(b"/", path)
            for path in mentions.relative(word):
                beside += self._places.all(cwd, path)
        for place in (*named, *beside):
            self._visit(place, named=True)
            is_folder = self._view.kind(place.real) == "folder"
            self._base(place.real if is_folder else posixpath.dirname(place.real))
        while self._waiting:
            self._read(*self._waiting.pop(0))
        self._spread([*named, *beside])
        moves = any(map(self._leads, beside))
        if not moves and not any(map(self._leads, named)):
            raise Unfit(
                "no path in the command leads to what is new; name one, as in nginx -t -c "
                "/etc/nginx/nginx.conf"
            )
        if moves:
            self._above |= {cwd, *parents(cwd)}
        executable = _raw(self._command.executable)
        links = self._links()
        files = {
            path: self._rewritten(path) if path in self._texts else self._new[path]
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
        place = self._places.follow(b"/", _raw(self._command.executable))
        head = self._view.content(place.real, _LARGEST)
        return [place] if head is not None and head[:2] == b"#!" else []

    def _links(self) -> dict[bytes, bytes]:
        """Return the symbolic links that lead to something else in the mirror."""
        found = {path for path in self._marked if self._view.kind(path) == "link"}
        for folder in self._above:
            for name in self._view.names(folder):
                path = posixpath.join(folder, name)
                if self._view.kind(path) == "link" and self._leads(self._places.follow(b"/", path)):
                    found.add(path)
        return {path: self._text(path) for path in found}

    def _absolute(self, text: bytes) -> Iterator[bytes]:
        yield from dict.fromkeys(mentions.absolute(text))
        yield from (path for path in self._strange if path in text)

    def _base(self, folder: bytes) -> None:
        """Let a directory be one that relative paths may begin in, and so the one above it: PHP's
        /usr/local/etc/php-fpm.conf includes etc/php-fpm.d/*.conf.
        """
        for base in (folder, posixpath.dirname(folder)):
            is_new = base not in self._bases and len(self._bases) < _MOST_BASES
            if is_new and base.count(b"/") > 1:
                self._bases.append(base)

    def _read(self, path: bytes, named: bool) -> None:
        """Look through a file, but not through a program that no word has named, or list a
        directory: all below it is meant if the command names it.
        """
        if path in self._within:
            return
        places: list[Place] = []
        self._within[path] = places
        if self._view.kind(path) == "folder":
            for name in self._places.names(path):
                found = self._places.follow(path, name)
                if found.links:
                    places.append(found)
                is_folder = self._view.kind(found.real) == "folder"
                is_deep = named and not found.links and name[:1] != b"." and name != _MODULES
                if self._below and (not is_folder or is_deep):
                    self._below -= 1
                    self._visit(found, deep=is_folder)
            return
        text = self._view.content(path, _LARGEST)
        if text is None or b"\0" in text or (text[:2] == b"#!" and not named):
            return
        if len(self._texts) == _MOST_FILES:
            raise Unfit(f"more than {_MOST_FILES} files would have to be looked through")
        self._texts[path] = text
        for word in self._absolute(text):
            matches = self._places.all(b"/", word)
            places += matches
            if self._view.kind(matches[0].real) == "folder" and not matches[0].pattern:
                self._base(matches[0].real)
        for word in dict.fromkeys(mentions.relative(text)):
            for base in self._of_text(path):
                places += self._places.relative(base, word)
        for place in places:
            self._visit(place)

    def _visit(self, place: Place, *, named: bool = False, deep: bool = False) -> None:
        """Let what a path leads to be read, unless it can be no config.

        named: it stands in the command. deep: all below it is meant.
        """
        path = place.real
        if place.pattern or path == b"/" or not (named or _may_be_config(path)):
            return
        if self._view.kind(path) in ("file", "folder"):
            self._waiting.append((path, named or deep))

    def _leads(self, place: Place) -> bool:
        """Whether a path leads to what is new in the mirror, or to a directory with it."""
        if not place.pattern:
            is_new = place.real in self._marked or place.real in self._above
            return (is_new and place.real != b"/") or not self._new_links.isdisjoint(place.links)
        return any(map(place.fits, self._marked))

    def _spread(self, of_command: Sequence[Place]) -> None:
        """Mark all that leads to what is marked, until there is no more."""
        before = -1
        while len(self._marked) != before:
            before = len(self._marked)
            for path, places in (*self._within.items(), (b"", of_command)):
                leading = [place for place in places if self._leads(place)]
                if leading and path in self._texts:
                    self._marked.add(path)
                for place in leading:
                    self._marked.update(place.links)
            self._rise()

    def _rise(self) -> None:
        for path in self._marked:
            self._above.update(parents(path))
        self._strange = [each for each in self._marked | self._above if mentions.is_odd(each)]

    def _seen(self, text: bytes) -> bytes:
        return mentions.replaced(text, self._moved, self._strange)

    def _rewritten(self, path: bytes) -> bytes:
        """Return a text as the mirror has it. Its relative paths become absolute ones: what they
        are relative to may be built into a program.
        """
        bases = self._of_text(path)

        known: dict[bytes, bytes | None] = {}

        def moved(word: bytes) -> bytes | None:
            if word not in known:
                known[word] = next(
                    (
                        self._top + posixpath.join(base, word)
                        for base in bases
                        if any(map(self._leads, self._places.relative(base, word)))
                    ),
                    None,
                )
            return known[word]

        return self._seen(mentions.relative_replaced(self._texts[path], moved))

    def _of_text(self, path: bytes) -> list[bytes]:
        """Return what the relative paths in a text may be relative to."""
        return list(dict.fromkeys((posixpath.dirname(path), *self._bases)))

    def _moved(self, path: bytes) -> bytes | None:
        """Return a path's counterpart in the mirror; None if it leads to nothing new."""
        leads = any(map(self._leads, self._places.all(b"/", path)))
        return self._top + b"/" + path.lstrip(b"/") if leads else None

    def _text(self, path: bytes) -> bytes:
        """Return where a link leads in the mirror."""
        text = self._view.link(path)
        place = self._places.follow(b"/", path)
        if place.real in self._marked or place.real in self._above:
            return self._top + place.real if path not in self._new_links else text
        return self._top + text if text[:1] == b"/" else text


def _may_be_config(path: bytes) -> bool:
    is_source = path.rpartition(b".")[2] in _SOURCES
    return path.count(b"/") > 1 and not is_source and not (path + b"/").startswith(_OTHERS)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
