"""The way of a command's output to our standard error."""

from __future__ import annotations

import json

import pytest

from cycle_exec.launching.command.output import Relay
from cycle_exec.presentation.command_output import TOO_MUCH
from cycle_exec.system.output import stderr


@pytest.fixture
def relayed(capfd):
    """What is shown of some pieces."""

    def shown(*pieces: bytes, values: tuple[str, ...] = ("secret-value",)) -> list[str]:
        relay = Relay("migrate", lambda: values)
        for piece in pieces:
            relay.heard(piece)
        relay.end()
        lines: list[str] = capfd.readouterr().err.splitlines()
        return lines

    return shown


def test_lines_come_whole(relayed):
    """However they arrive; so a value that arrives in two pieces is seen."""
    assert relayed(b"on", b"e\ntw", b"o\r\nthree") == [
        "migrate | one",
        "migrate | two",
        "migrate | three",
    ]
    [line] = relayed(b"x sec", b"ret-va", b"lue\n")
    assert "withheld" in line
    assert relayed(b"", b"\n\n") == []


def test_a_line_without_end(relayed):
    """Of which the beginning is shown; it takes no memory."""
    relay = Relay("migrate", tuple)
    for _ in range(50):
        relay.heard(b"x" * 60_000)
    assert len(relay._line) <= 65_536
    [line] = relayed(*[b"y" * 60_000] * 3, b"\n")
    assert line.startswith("migrate | yyy")
    assert len(line) < 500


def test_values_that_are_too_large_to_look_for(relayed):
    """It is said once."""
    assert relayed(b"a\n", b"b\n", values=("x" * 2_000_000,)) == [f"migrate | {TOO_MUCH}"]


def test_as_json(relayed):
    """One object for each line, whatever the level."""
    stderr.log.configure("error", "json")
    try:
        [line] = relayed(b'a "word"\n')
    finally:
        stderr.log.configure("notice", "text")
    found = json.loads(line)
    assert (found["level"], found["message"], found["command"]) == ("notice", 'a "word"', "migrate")
