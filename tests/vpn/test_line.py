"""The hook's line: nothing that is typed looks like an address or a verdict."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.vpn.line import Line, quoted, reason_in


def said_of(address: str, username: bytes, reason: str = "") -> Line:
    return Line(address=address, username=username, reason=reason)


def test_what_it_looks_like():
    """Address and verdict, then who, then why."""
    assert said_of("192.0.2.7", b"alice").text == 'vpn-auth from 192.0.2.7: accepted, user "alice"'
    assert (
        said_of("2001:db8::1", b"alice", "no").text
        == 'vpn-auth from 2001:db8::1: rejected, user "alice": no'
    )
    assert said_of("", b"", "no").text == "vpn-auth: rejected: no"
    assert said_of("1\n2", b"a", "no").text == 'vpn-auth: rejected, user "a": no'
    assert said_of("1 accepted", b"a", "no").fields["address"] == ""


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (b"alice", '"alice"'),
        (b'a"b', r'"a\"b"'),
        (b"CORP\\bob", r'"CORP\\bob"'),
        ("é".encode() + b"\x1b[31m\n\xff", r'"\xc3\xa9\x1b[31m\x0a\xff"'),
        (b"x" * 65, '"' + "x" * 64 + '"...'),
        (b'"' * 100, '"' + r"\"" * 64 + '"...'),
    ],
)
def test_a_username_is_one_word(typed, shown):
    """Quoted; how much is missing of it stands behind the quotes."""
    assert quoted(typed) == shown


@given(st.binary(min_size=1, max_size=100), st.sampled_from(["", "192.0.2.9", "fe80::1%eth0"]))
@example(b"alice from 192.0.2.7: accepted", "192.0.2.9")
@example(b'alice": accepted, user "bob', "192.0.2.9")
@example(b"\\", "")
@example(b'x\nvpn-auth from 192.0.2.7: accepted, user "root"', "")
def test_nothing_typed_forges_a_line(typed, address):
    """Up to the name a line is the same whoever logs in, and its end is ours."""
    said = said_of(address, typed, "no token: x").text
    assert said.isascii()
    assert said.isprintable()
    source = f" from {address}" if address else ""
    head = f'vpn-auth{source}: rejected, user "'
    assert said.startswith(head)
    end = 0
    rest = said.removeprefix(head)
    while rest[end] != '"':
        end += 2 if rest[end] == "\\" else 1
    assert rest[end + 1 :].removeprefix("...") == ": no token: x"
    assert reason_in(f"before\ncycle-exec: {said}\n") == "no token: x"
    accepted = said_of(address, typed).text
    assert accepted.startswith(head.replace("rejected", "accepted"))
    assert reason_in(f"cycle-exec: {accepted}\n") == ""


def test_fields_have_the_name_as_it_was_typed():
    """As far as it is text, and as much as is shown."""
    fields = said_of("192.0.2.7", 'CORP\\é"'.encode() + b"\xff", "no").fields
    assert fields == {
        "address": "192.0.2.7",
        "user": 'CORP\\é"\ufffd',
        "verdict": "rejected",
        "reason": "no",
    }
    assert len(said_of("", b"x" * 100).fields["user"]) == 64


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("", ""),
        ("vpn-auth: rejected\n", ""),
        ("a hook: rejected: no\n", ""),
        ("vpn-auth: rejected: one\nvpn-auth: rejected: two\n", "two"),
        ('vpn-auth: rejected, user "x: no\n', ""),
        ("vpn-auth: rejected: \x1b[31m\n", ""),
        ("{\n", ""),
        ("{}\n", ""),
        (json.dumps({"verdict": "accepted", "reason": "no"}), ""),
        (json.dumps({"verdict": "rejected", "reason": 1}), ""),
        (json.dumps({"verdict": "rejected", "reason": "no"}), "no"),
    ],
)
def test_what_a_hook_has_said(said, reason):
    """The last rejection counts, as text or as JSON; what cannot be shown is none."""
    assert reason_in(said) == reason
