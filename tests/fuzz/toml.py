"""The plain reader of TOML: what it accepts, tomllib reads alike."""

from __future__ import annotations

import tomllib

from cycle_exec.settings.manifest import toml

WORDS = (
    *(b"[", b"]", b"[[", b"]]", b"{", b"}", b"=", b".", b",", b"#", b"\n", b" = ", b"\r\n", b"\t"),
    *(b"a", b"b", b"a.b", b"[a]\n", b"[[a]]\n", b"[a.b]\n", b"[[a.b]]\n", b"a = 1\n", b"a = []\n"),
    *(b'"x"', b"'y'", b'""', b"''", b'"""', b"'''", b'"a b"', b"\\n", b'\\"', b"{}", b"{ b = 1 }"),
    *(b"true", b"false", b"inf", b"nan", b"0", b"07", b"1_0", b"1.5", b"1e5", b"0x1f", b"+1", b"-"),
    *(b"2026-01-01", b"12:00:00", b"\xc3\xa9", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\0", b"\x7f"),
)


def target(data: bytes) -> None:
    """The same tables in the same order."""
    text = data.decode("utf-8", "replace")
    found = toml.parse(text)
    if found is not None:
        assert repr(found) == repr(tomllib.loads(text))
