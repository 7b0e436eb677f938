"""The scanner of TOML: its values are those of tomllib, and it locates every key tomllib finds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from cycle_exec.settings.manifest import toml

WORDS = (
    *(b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b".", b",", b"#", b"\n", b" = ", b"\r\n", b"\t"),
    *(b"a", b"b", b"a.b", b"[a]\n", b"[[a]]\n", b"[a.b]\n", b"[[a.b]]\n", b"a = 1\n", b"a = []\n"),
    *(b'"x"', b"'y'", b'""', b"''", b'"""', b"'''", b'"a b"', b"\\n", b'\\"', b"{}", b"{ b = 1 }"),
    *(b"true", b"false", b"inf", b"nan", b"0", b"07", b"1_0", b"1.5", b"1e5", b"0x1f", b"+1", b"-"),
    *(b"2026-01-01", b"12:00:00", b"\xc3\xa9", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\0", b"\x7f"),
)


Path = tuple[str | int, ...]

# Where Python's stack ends, the scanner and tomllib need not agree.
_DEEPEST = 100


def _members(container: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(container, dict):
        yield from container.items()
    elif isinstance(container, list):
        yield from enumerate(container)


def paths(container: object, path: Path = ()) -> Iterator[Path]:
    """Return the path of each key, table and array item."""
    for key, inner in _members(container):
        yield (*path, key)
        yield from paths(inner, (*path, key))


def located(scanned: toml.Scan) -> list[Path]:
    """Return the paths of a scan; each of them must have a line of its own."""
    found = list(paths(scanned.root))
    assert len(found) == len(scanned.offsets)
    return found


def target(data: bytes) -> None:
    """The same tables in the same order; a line for each key, which has the key in it."""
    text = data.decode("utf-8", "replace")
    scanned = toml.scan(text)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError):
        assert scanned.values is None
        return
    if scanned.values is not None:
        assert repr(scanned.values) == repr(document)
    if text.count("[") + text.count("{") < _DEEPEST:
        found = located(scanned)
        assert found == list(paths(document))
        lines = text.split("\n")
        for path in found:
            line = lines[scanned.line(path) - 1]
            assert isinstance(path[-1], int) or path[-1] in line or "\\" in line
