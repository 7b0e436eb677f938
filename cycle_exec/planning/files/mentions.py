"""Paths that stand in a text, such as a config or a command."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST = 4096  # bytes of a path
_GLOB = re.compile(rb"[*?\[]")
_WORD = rb"\w@%+~.*?\[\]\-\x80-\xff"
# `${base}/conf.d` and `sites/a` have no absolute path in them; `-c/etc/a` has one.
_BEFORE = rb"(?:(?<![\w%+~.*?\]\-\x80-\xff/})])|(?<=(?<![\w\-])-[A-Za-z]))"
_ABSOLUTE = re.compile(rb"%s/[%s/]*" % (_BEFORE, _WORD))
_RELATIVE = re.compile(rb"(?<![%s/$})])[%s][%s/]*" % (_WORD, _WORD, _WORD))
_PEM = re.compile(rb"-----BEGIN [^-]+-----[^-]*-----END [^-]+-----")
_END = b".]?*"


def absolute(text: bytes) -> Iterator[bytes]:
    """Yield every absolute path in a text."""
    for found in _ABSOLUTE.finditer(text):
        path = _path(text, found)
        if path:
            yield path
            if path[-1] in _END:
                yield path.rstrip(_END)


def relative(text: bytes) -> Iterator[bytes]:
    """Yield every word that may be a relative path: with a slash or a dot in it, and a letter."""
    # Base64 is full of slashes.
    for found in _RELATIVE.finditer(_PEM.sub(b"", text)):
        yield from _words(found[0])


def _words(word: bytes) -> Iterator[bytes]:
    if len(word) < _LONGEST and re.search(rb"[/.]", word) and re.search(rb"[^\W\d]", word):
        yield word
        if word[:1] == b"[":
            yield word.strip(b"[]")


def replaced(text: bytes, moved: Callable[[bytes], bytes | None], odd: list[bytes]) -> bytes:
    """Return a text with other paths in it.

    moved: what stands there instead of an absolute path, None: it stays. odd: paths that are only
    found by their names, since they have blanks or the like in them.
    """

    def shown(found: re.Match[bytes]) -> bytes:
        path = found[0] if found[0] in odd else _path(text, found)
        for each in (path, path.rstrip(_END)):
            other = moved(each) if each else None
            if other is not None:
                slashes = len(each) - len(each.lstrip(b"/"))
                return each[: slashes - 1] + other + found[0][len(each) :]
        return found[0]

    pattern = _ABSOLUTE.pattern
    if odd:
        names = b"|".join(re.escape(path) for path in sorted(odd, key=len, reverse=True))
        pattern = rb"%s(?:%s)(?![%s])|%s" % (_BEFORE, names, _WORD, pattern)
    return re.sub(pattern, shown, text)


def relative_replaced(text: bytes, moved: Callable[[bytes], bytes | None]) -> bytes:
    """Return a text with other paths instead of its relative ones. moved: as for `replaced`."""

    def shown(found: re.Match[bytes]) -> bytes:
        for word in _words(found[0]):
            other = moved(word)
            if other is not None:
                return found[0].replace(word, other, 1)
        return found[0]

    return _RELATIVE.sub(shown, text)


def is_odd(path: bytes) -> bool:
    """Whether a path has characters in it at which it seems to end."""
    return _ABSOLUTE.fullmatch(path) is None


def is_pattern(name: bytes) -> bool:
    """Whether a part of a path stands for more than one name."""
    return _GLOB.search(name) is not None


def _path(text: bytes, found: re.Match[bytes]) -> bytes:
    """Return a path that was found; empty where it is a host and what follows, as in a URL."""
    path = found[0]
    is_url = path[:2] == b"//" and path[:3] != b"///" and text[: found.start()][-1:] == b":"
    return b"" if is_url or len(path) > _LONGEST else path
