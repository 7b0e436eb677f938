"""What a failed command said, without what was fetched."""

from __future__ import annotations

import base64
import json
import shlex
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.planning.model import FileWrite
from cycle_exec.presentation.command_output import MASK, TOO_MUCH, WITHHELD, Screen, shown, values
from cycle_exec.secret import Secret
from cycle_exec.sources.model import Certificate, Integration, Snapshot

VALUES = st.text(alphabet=st.characters(codec="utf-8"), min_size=6, max_size=40).filter(
    lambda text: len(text.strip()) >= 6 and text.isprintable()
)


def test_the_last_ten_lines():
    """Blank ones are not counted; the order stays."""
    output = "".join(f"line {number}\n\n" for number in range(15)).encode()
    assert shown(output, []) == tuple(f"line {number}" for number in range(5, 15))


def test_nothing_said():
    """No output, no lines."""
    assert shown(b"", ["secret"]) == ()
    assert shown(b"\n \r\n\0\n", ["secret"]) == ()


def test_what_is_not_printable_ascii_is_escaped():
    """Nothing reaches the terminal but text: no colours, no bells, no bytes."""
    output = b"\x1b[31;1mred\x1b[0m \x1b]0;title\x07caf\xc3\xa9 \xff\x07\ttab\n"
    assert shown(output, []) == ("red caf\\xe9 \\xff\\x07\\x09tab",)


def test_long_lines_are_cut():
    """At 400 characters, after they were looked at."""
    [line] = shown(b"a" * 10_000, [])
    assert line == "a" * 400 + "..."
    assert shown(b"a" * 10_000 + b"secret-word", ["secret-word"]) == (WITHHELD,)


def urlsafe(value):
    return base64.urlsafe_b64encode(value.encode()).decode()


@pytest.mark.parametrize(
    "written",
    [
        str,
        json.dumps,
        lambda value: json.dumps(value, ensure_ascii=False),
        shlex.quote,
        lambda value: "".join(f"\\{c}" if c not in string.ascii_letters else c for c in value),
        lambda value: value.replace("'", "'\\''"),
        quote,
        lambda value: quote(value, safe=""),
        quote_plus,
        lambda value: quote(value, safe="").lower(),
        lambda value: base64.b64encode(value.encode()).decode(),
        urlsafe,
        lambda value: urlsafe(f"user:{value}"),
        lambda value: urlsafe(f"user1:{value}"),
        lambda value: urlsafe(f"user12:{value}:more"),
        lambda value: f"\x1b[1m{value[:4]}\x1b[0m{value[4:]}",
    ],
)
def test_a_line_with_a_value_is_withheld(written):
    """However programs write values: quoted, escaped, encoded, in colours."""
    value = "p'ss \"wörd/+~%x"
    said = f"before\nbad value: {written(value)} here\nafter\n".encode()
    assert shown(said, [value]) == ("before", WITHHELD, "after")


@given(VALUES, st.integers(0, 40))
def test_six_characters_of_a_value_are_enough(value, at):
    """Any six in a row."""
    value = value.strip()
    piece = value[min(at, len(value) - 6) :][:6]
    if piece.strip() == piece:
        assert shown(f"x{piece}y".encode(), [value]) == (WITHHELD,)


def test_lines_of_a_value():
    """A key is looked for line by line; five characters in a row may be chance."""
    key = "-----BEGIN KEY-----\nQUJDREVGR0hJ\n-----END KEY-----\n"
    said = b"QUJDRE\nQUJDR\nBEGIN\nBEGIN KEY\n"
    assert shown(said, [key]) == (WITHHELD, "QUJDR", "BEGIN", WITHHELD)


def test_the_blank_lines_of_a_value_hide_nothing():
    """They are in every output."""
    value = "first line\n\n \t\nlast line"
    said = b"  indented\n\ntwo  blanks\nlast line\n"
    assert shown(said, [value]) == ("  indented", "two  blanks", WITHHELD)


@pytest.mark.parametrize("value", ["7", "db"])
def test_a_value_of_two_bytes_is_masked_as_it_is(value):
    """It has no base64 of its own: two letters of one stand everywhere."""
    encoded = base64.b64encode(value.encode()).decode().rstrip("=")
    said = f"host {value}, {value}{value} {encoded}".encode()
    assert shown(said, [value]) == (f"host {MASK}, {value}{value} {encoded}",)


def test_short_values_are_masked_as_whole_words():
    """`db1` is hidden, `db12` says nothing."""
    said = b"host db1, db12 and mydb1; db1.example\n"
    assert shown(said, ["db1"]) == (f"host {MASK}, db12 and mydb1; {MASK}.example",)


@given(st.binary(max_size=300), st.lists(VALUES, max_size=3))
def test_whatever_is_said_no_value_is_shown(noise, values):
    """Lines of printable ASCII, at most ten, and no value in any."""
    said = noise + b"\n" + "\n".join(values).encode() + noise
    lines = shown(said, values)
    assert len(lines) <= 10
    assert all(line.isascii() and line.isprintable() for line in lines)
    hidden = (WITHHELD, TOO_MUCH)
    assert not any(value in line for line in lines if line not in hidden for value in values)


def test_values_too_large_to_look_for():
    """Nothing is said rather than something leaked, or a start that hangs."""
    assert shown(b"anything\n", ["x" * 3_000_000]) == (TOO_MUCH,)
    assert shown(b"", ["x" * 3_000_000]) == ()


def test_the_values_that_are_looked_for():
    """All that was fetched and is secret, and what was decoded from it."""
    snapshot = Snapshot(
        variables={"A": "variable"},
        integrations={
            "s3": Integration(identifier="s3", vendor="aws", name="", fields={"auth.k": "field"}),
            "none": None,
        },
        certificates=(
            Certificate(
                id="1", domains=("a.test",), bundle=Secret("bundle"), private_key=Secret("key")
            ),
        ),
    )
    writes = [
        FileWrite(path="/v", content=b"decoded", mode=0o600, kind="scoped variable"),
        FileWrite(path="/t", content=b"template", mode=0o600, kind="template"),
    ]
    found = values(snapshot, Secret("token"), writes)
    assert found == ["variable", "token", "field", "key", "decoded"]


def test_piece_by_piece():
    """Each piece of whole lines is judged as all of them would be."""
    screen = Screen(["secret-value", "ab"])
    assert screen.shown(b"") == ()
    assert screen.shown(b"one\n\ntwo ab\n") == ("one", f"two {MASK}")
    assert screen.shown(b"a secret-\nits value\n") == (WITHHELD, "its value")
    assert screen.shown("".join(f"{n}\n" for n in range(50)).encode()) == tuple(
        str(n) for n in range(50)
    )
    assert Screen(["x" * 2_000_000]).shown(b"a\nb\n") == (TOO_MUCH,)
