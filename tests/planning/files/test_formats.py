"""Each format of `env` comes back unchanged from a real reader."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle_exec.planning.files import dotenv, formats
from cycle_exec.planning.files.dotenv import NotCarried

NAME = st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,8}\Z").filter(
    lambda name: name not in dotenv._SHELLS_OWN | {"_", "PATH", "IFS", "SHLVL"}
)
CONTROLS = "\x01\x1b\x7f\x80\x85\xa0\xad\ufeff\ufffe\uffff\u2028\u2029\U0001f600\U0010ffff"
HARD = CONTROLS + "'\"\\\r\n\t #:-&*!|>%@`{}[],?$~"
TEXT = st.one_of(
    st.text(HARD, max_size=15),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["yes", "no", "null", "~", "", "1e3", "0x1F", "2020-01-01", "=", "<<", "- a"]),
)
WORDS = ["yes", "no", "on", "null", "~", "1", "<<", "=", "a: b", "", "ü", "\x85", "A" * 3000]
VALUES = st.dictionaries(st.one_of(NAME, st.sampled_from(WORDS)), TEXT, max_size=6)
# What an inherited environment can hold: any bytes but NUL, surrogateescape'd.
BYTES = st.binary(max_size=30).map(
    lambda value: value.replace(b"\0", b"").decode("utf-8", "surrogateescape")
)
NO_NUL = TEXT.map(lambda value: value.replace("\0", ""))


@given(VALUES)
def test_json_comes_back(values):
    """One object of strings, in order, UTF-8 and not escaped."""
    text = formats.write(values, "json")
    assert json.loads(text.encode()) == values
    assert list(json.loads(text)) == list(values)
    assert text.endswith("\n")


@settings(deadline=None)
@given(VALUES)
def test_yaml_comes_back(values):
    """Strings stay strings for YAML 1.1, names like `yes` too; the text is plain ASCII."""
    text = formats.write(values, "yaml")
    assert yaml.safe_load(text.encode()) == values
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_yaml_of_nothing_is_an_empty_mapping():
    """And not the null that an empty text stands for."""
    assert yaml.safe_load(formats.write({}, "yaml")) == {}


def test_a_long_name_is_a_key_of_yaml():
    """Which stands behind a question mark, where YAML has keys of over 1,024 characters."""
    text = formats.write({"A" * 1030: "x", "B": "y"}, "yaml")
    assert text == f'? "{"A" * 1030}"\n: "x"\n"B": "y"\n'
    assert yaml.safe_load(text) == {"A" * 1030: "x", "B": "y"}


def test_json_is_readable():
    """A line for each variable, UTF-8 as it is."""
    assert formats.write({"B": "é\n", "A": ""}, "json") == '{\n  "B": "é\\n",\n  "A": ""\n}\n'


def test_yaml_is_readable():
    """Plain text stands as it is, between quotes."""
    assert formats.write({"A": 'x "y" \\ é€😀'}, "yaml") == (
        '"A": "x \\"y\\" \\\\ \\xe9\\u20ac\\U0001f600"\n'
    )


@settings(deadline=None, max_examples=40)
@given(st.dictionaries(NAME, st.one_of(NO_NUL, BYTES), max_size=6))
@pytest.mark.parametrize("shell", ["sh", pytest.param("bash", marks=pytest.mark.needs("bash"))])
def test_a_shell_that_evaluates_it_has_the_values(shell, values):
    """`eval "$(cycle-exec env --format shell)"`, byte for byte, non-UTF-8 bytes too."""
    text = formats.write(values, "shell").encode("utf-8", "surrogateescape")
    script = 'eval "$(cat)"; ' + "".join(f'/usr/bin/printf "%s\\0" "${name}"; ' for name in values)
    ran = subprocess.run([shell, "-c", script], input=text, capture_output=True, check=False)
    expected = b"".join(os.fsencode(value) + b"\0" for value in values.values())
    assert (ran.stdout, ran.stderr) == (expected, b"")


def test_dotenv_is_written_for_the_reader_that_is_named():
    """python-dotenv unless another is."""
    values = {"A": "x y"}
    assert formats.write(values, "dotenv") == 'A="x y"\n'
    assert formats.write(values, "dotenv", "docker") == "A=x y\n"
    assert formats.write(values, "dotenv", "shell") == "export A='x y'\n"
    assert formats.write(values, "shell") == "export A='x y'\n"


@pytest.mark.parametrize("format", ["json", "yaml", "dotenv"])
def test_bytes_that_are_not_utf8_refuse_with_the_name(format):
    """Only a shell can carry them."""
    with pytest.raises(NotCarried) as caught:
        formats.write({"FINE": "x", "BAD": "c4n4ry\udcff"}, format)
    assert caught.value.name == "BAD"
    assert caught.value.reason.startswith("it is not UTF-8")
