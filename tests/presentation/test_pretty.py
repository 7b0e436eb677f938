"""JSON for people."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.presentation.pretty import line, pretty

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_members_and_items_have_a_line_each():
    """Two blanks deeper than what holds them; what is empty stays on its line."""
    value = {"id": "1", "tags": ["a", None], "meta": {"n": 1.5, "ok": True}, "none": {}, "no": []}
    assert pretty(value, colour=False) == (
        "{\n"
        '  "id": "1",\n'
        '  "tags": [\n'
        '    "a",\n'
        "    null\n"
        "  ],\n"
        '  "meta": {\n'
        '    "n": 1.5,\n'
        '    "ok": true\n'
        "  },\n"
        '  "none": {},\n'
        '  "no": []\n'
        "}"
    )


@pytest.mark.parametrize("value", ["text", 5, None, [], {}])
def test_a_value_alone_is_one_line(value):
    """Without a line end of its own."""
    assert pretty(value, colour=False) == line(value) == json.dumps(value)


@given(VALUES)
def test_it_is_json_as_python_indents_it(value):
    """Read back as the same; only DEL and the C1 controls are spelt out beyond that."""
    shown = pretty(value, colour=False)
    assert json.loads(shown) == value
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown) is None
    usual = json.dumps(value, indent=2, ensure_ascii=False)
    assert re.sub(r"[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", usual) == shown


def test_no_terminal_obeys_a_value():
    """Escape, DEL and the one-byte CSI stay escaped; other text is shown as it is."""
    assert pretty("\x1b[31m \x7f \x9b31m é €", colour=False) == (
        '"\\u001b[31m \\u007f \\u009b31m é €"'
    )


def test_colours_tell_keys_texts_and_the_rest_apart():
    """Without them it is the same text."""
    value = {"key": ["text", 5, None, True]}
    shown = pretty(value, colour=True)
    blue, green, yellow = "\x1b[34m", "\x1b[32m", "\x1b[33m"
    for paint, word in ((blue, '"key"'), (green, '"text"'), (yellow, "5"), (yellow, "null")):
        assert f"{paint}{word}\x1b[0m" in shown
    assert re.sub(r"\x1b\[\d*m", "", shown) == pretty(value, colour=False)


def test_a_line_for_programs_has_no_blanks():
    """One answer of a stream is one line."""
    assert line({"a": [1, "b c\n"], "é": None}) == '{"a":[1,"b c\\n"],"é":null}'
