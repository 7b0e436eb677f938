"""Dotenv: read as python-dotenv reads it, and what is written comes back."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from io import StringIO

from dotenv import dotenv_values

from cycle_exec.planning.files import dotenv
from cycle_exec.planning.files.dotenv import NotCarried, Unparsable
from tests.fuzz.wording import assert_ours

WORDS = (
    *(b"A=", b"B=1\n", b"export ", b"=", b"'", b'"', b"\\", b"\n", b"\r\n", b"\r", b"#", b" #"),
    *(b" ", b"\t", b"\\n", b"\\r", b"\\\\", b'\\"', b"\\'", b"$A", b"${A}", b"`", b"$(a)", b"!"),
    *(b"~", b"{}", b"\xef\xbb\xbf", b"\0", b"\xc2\x85", b"\xe2\x80\xa8", b"\x0b", b"\x0c"),
    *(b"\x1c", b"\xff", b"\xa0"),
)


def target(data: bytes) -> None:
    """As a file, and as the value of a variable."""
    text = data.decode("utf-8", "replace")
    try:
        found = dotenv.read(text)
    except Unparsable as error:
        assert 1 <= error.line <= text.count("\n") + text.count("\r") + 1  # noqa: PT017
    else:
        stream = StringIO(text.removeprefix("\ufeff"), newline=None)
        whole = dotenv_values(stream=stream, interpolate=False)
        assert found == {name: value for name, value in whole.items() if value is not None}
        _written(found)
    _written({"A": data.decode("utf-8", "surrogateescape"), "B": "x"})


def _written(values: Mapping[str, str]) -> None:
    for reader, read in _READERS.items():
        kept = {}
        for name, value in values.items():
            try:
                dotenv.write({name: value}, reader)
            except NotCarried as error:
                assert error.name == name  # noqa: PT017
                assert_ours(error.reason)
            else:
                kept[name] = value
        assert read(dotenv.write(kept, reader)) == kept


def _as_docker(text: str) -> dict[str, str]:
    found = {}
    for line in text.split("\n")[:-1]:
        name, _, value = line.removesuffix("\r").partition("=")
        found[name] = value
    return found


def _as_shell(text: str) -> dict[str, str]:
    words = shlex.split(text)
    assert words[::2] == ["export"] * (len(words) // 2)
    return dict(word.split("=", 1) for word in words[1::2])


_READERS = {"python-dotenv": dotenv.read, "docker": _as_docker, "shell": _as_shell}
