"""The plain reader of TOML: equal to tomllib in all that it accepts."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.settings.manifest import toml

ROOT = Path(__file__).parent.parent.parent
WHOLE = """\
# a manifest
[api]
socket = "/run/api.sock" # here
timeout = '5s'

[variables]
only = [
    "DATABASE_*",   # with a comment
    'SECRET_KEY',
]
exclude = []
defaults = { LOG_LEVEL = "info", "quoted key" = "grüße" }
files = { KEY = { target = "/run/key", decode = "base64" }, }
[variables.other]
x = 1
[[integrations]]
identifier = "a"
optional = true
[integrations.files."/run/x"]
field = "auth.secret"
[[integrations]]
identifier = "b"
minimum = 0
list = [["a"], [1, 2], [{ a = false }]]
"""


def both(text):
    """What the plain reader says, after tomllib has agreed with it if it says anything."""
    found = toml.scan(text).values
    if found is not None:
        expected = tomllib.loads(text)
        assert repr(found) == repr(expected)
    return found


def test_manifests_as_people_write_them_need_nothing_else():
    """All of it but the trailing comma, which inline tables may not have."""
    assert both(WHOLE) is None
    assert both(WHOLE.replace("}, }", "} }")) is not None


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/**/*.toml")), ids=lambda p: p.name)
def test_the_examples_need_nothing_else(path):
    """Examples are what people copy."""
    assert both(path.read_text()) is not None


_KEYS = st.sampled_from(["a", "b", "a-b", "1", '"a"', "'b c'", '"/x.y"', "a.b", "a . b", "", '"é"'])
_VALUES = st.recursive(
    st.sampled_from(
        [
            *(
                '"x"',
                "'y'",
                '""',
                "''",
                '"a # b"',
                "'\"'",
                '"\\n"',
                "'\\n'",
                '"""x"""',
                '"""',
                "''''''",
            ),
            *(
                "0",
                "7",
                "00",
                "07",
                "+1",
                "-1",
                "1_000",
                "1.5",
                "1e5",
                "0x1f",
                "9" * 19,
                "12:00:00",
            ),
            *("2026-01-01", "true", "false", "True", "inf", "nan", "x", "", '"\t"', '"\x7f"'),
        ]
    ),
    lambda inner: st.one_of(
        st.builds(
            lambda items, gap, end: "[" + gap + ("," + gap).join(items) + end + "]",
            st.lists(inner, max_size=3),
            st.sampled_from(["", " ", "\n", " # note\n\t"]),
            st.sampled_from(["", ",", " ,", "\n", ",\n# end\n"]),
        ),
        st.builds(
            lambda pairs, end: "{ " + ", ".join(f"{k} = {v}" for k, v in pairs) + end + "}",
            st.lists(st.tuples(_KEYS, inner), max_size=3),
            st.sampled_from(["", " ", ",", "\n"]),
        ),
    ),
    max_leaves=6,
)
_LINES = st.one_of(
    st.builds("{}{} = {}{}".format, st.sampled_from(["", " ", "\t"]), _KEYS, _VALUES,
              st.sampled_from(["", " ", " # note", "#", " x", "\r"])),
    st.builds("[{}]{}".format, _KEYS, st.sampled_from(["", " # note", " ]"])),
    st.builds("[[{}]]".format, _KEYS),
    st.sampled_from(["", "  ", "# note", "\t# [x]", "[", "]", "[[a]", "[ [a]]", "=", "a ="]),
)  # fmt: skip


@given(st.lists(_LINES, max_size=8).map("\n".join))
@example("a = [[1]]\n[[a]]\n")
@example("[[a]]\n[a]\n")
@example("[a.b]\n[a]\nx = 1\n")
@example("[[a.b]]\n[a]\n")
@example("[a]\nb = {}\n[a.b]\n[a.b.c]\n")
@example("a = {}\n[a.c]\n")
@example("[a]\n[[a.b]]\nx = 1\n[a.b.c]\ny = 2\n[[a.b]]\n")
@example("a = []\n[[a]]\n")
def test_what_it_accepts_is_what_tomllib_reads(text):
    """Nothing that tomllib would refuse or read otherwise, in the same order of keys."""
    both(text)


@given(st.text("ab\"'\\[]{}=,.#\n\t 01-_\r\x00é\u2028", max_size=30))
def test_any_text_is_read_alike_or_left_to_tomllib(text):
    """The same with noise."""
    both(text)


@pytest.mark.parametrize("depth", [10, 50, 100_000])
def test_depth_is_left_to_tomllib(depth):
    """It has the words for it."""
    text = "a = " + "[" * depth + "]" * depth
    assert (toml.scan(text).values is not None) == (depth == 10)


def test_a_plain_manifest_never_imports_tomllib():
    """That is what it is for."""
    code = (
        "import sys; from cycle_exec.settings.manifest import manifest; "
        "manifest.parse('[api]\\ntimeout = \"1s\"', 'm'); "
        "assert not {'tomllib', 're', 'typing'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
