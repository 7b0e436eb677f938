"""Filters of config templates, each against a real reader."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import math
import shlex
import tomllib

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.planning.templates import filters, quoting
from cycle_exec.planning.templates.filters import FilterFailed

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    TEXT | NUMBERS | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(TEXT)
def test_base64_goes_both_ways(text):
    """b64encode is the standard alphabet in one line, b64decode its inverse."""
    assert filters.b64encode(text) == base64.b64encode(text.encode()).decode()
    assert filters.b64decode(filters.b64encode(text)) == text


@given(PLAIN | st.none())
def test_json_goes_both_ways(value):
    """to_json is read back by json, and from_json reads what json wrote."""
    assert json.loads(filters.to_json(value)) == value
    assert filters.from_json(json.dumps(value)) == value


@given(PLAIN | st.none())
@example(
    [{"k" * 1025: {"n": 1}, "\x01" * 300: "v"}]
)  # YAML's plain keys end after 1,024 characters
def test_yaml_is_read_back(value):
    """PyYAML, a reader of YAML 1.1, gives the same value."""
    assert yaml.safe_load(filters.to_yaml(value)) == value


@given(PLAIN)
def test_toml_is_read_back(value):
    """tomllib gives the same value."""
    assert tomllib.loads(f"a = {filters.to_toml(value)}")["a"] == value


@given(TEXT)
def test_a_quoted_text_is_one_word_of_the_shell(text):
    """quote_shell survives word splitting."""
    if "\0" not in text:
        assert shlex.split(filters.quote_shell(text)) == [text]


@given(TEXT)
def test_sha256_is_that_of_the_utf8_bytes(text):
    """In lower-case hex."""
    assert filters.sha256(text) == hashlib.sha256(text.encode()).hexdigest()


DOCUMENT = {"a-b": [1, True, None, "é\n"], "x y": {"n": 1e22, "s": 'q"\\'}, "e": {}, "l": []}


@pytest.mark.parametrize(
    ("name", "value", "made"),
    [
        ("b64encode", "é", "w6k="),
        ("b64decode", " w6k=\n", "é"),
        ("from_json", '{"a": [1]}', {"a": [1]}),
        ("to_json", DOCUMENT, json.dumps(DOCUMENT, ensure_ascii=False)),
        (
            "to_yaml",
            DOCUMENT,
            '{"a-b": [1, true, null, "\\xe9\\x0a"], "x y": {"n": 1.0e+22, "s": "q\\"\\\\"}, '
            '"e": {}, "l": []}',
        ),
        (
            "to_toml",
            {"a-b": [1, False, 1.5], "x y": {"n": 1e22, "s": 'q"\\\x7f\n'}, "": {}},
            '{ a-b = [1, false, 1.5], "x y" = { n = 1.0e+22, s = "q\\"\\\\\\u007f\\u000a" }, '
            '"" = {} }',
        ),
        ("quote_shell", "it's $a", "'it'\\''s $a'"),
        ("quote_dotenv", "x y", '"x y"'),
        ("sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ],
)
def test_a_filter_makes_of_a_value(name, value, made):
    """What a template's author sees of it."""
    assert filters.ALL[name](value) == made


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("b64encode", 5), ("b64decode", "c4n4ry!"), ("b64decode", "/w=="), ("from_json", "{c4n4ry"),
        ("from_json", 1), ("to_json", {1, 2}), ("to_json", math.nan), ("to_yaml", math.inf),
        ("to_yaml", {1}), ("to_toml", None), ("to_toml", [None]), ("quote_shell", None),
        ("sha256", ["c4n4ry"]), ("pem_leaf", "c4n4ry"), ("pem_chain", ""),
        ("quote_dotenv", "c4n4ry\0"), ("quote_shell", "c4n4ry\0"),
    ],
)  # fmt: skip
def test_what_a_filter_cannot_do_it_refuses_without_the_value(name, value):
    """The reason names the filter or the cause, never what was given."""
    with pytest.raises(FilterFailed) as caught:
        filters.ALL[name](value)
    assert caught.value.reason
    assert "c4n4ry" not in caught.value.reason


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bare_word", ""), ("bare_word", "c4n4ry b"), ("bare_word", "c4n4ry;"),
        ("bare_word", "c4n4ry\n"), ("bare_word", "c4n4ry\u00e9"), ("bare_word", 443),
        ("quote_haproxy", "c4n4ry\nb"), ("quote_haproxy", "c4n4ry\r"),
        ("quote_haproxy", "c4n4ry\0"), ("quote_nginx", "c4n4ry $b"), ("quote_nginx", "c4n4ry\0"),
        ("quote_nginx", "c4n4ry" * 1000), ("quote_postgres", "c4n4ry\0"),
        ("quote_properties", "c4n4ry ${b}"), ("quote_properties", "c4n4ry #{b}"),
        ("quote_properties", "c4n4ry\udc80"), ("quote_redis", None),
        ("quote_userlist", "c4n4ry\n"), ("quote_userlist", "\u00e9" * 1024),
    ],
)  # fmt: skip
def test_what_a_format_cannot_carry_refuses(name, value):
    """In the words of the filter, never what was given."""
    with pytest.raises(FilterFailed) as caught:
        filters.ALL[name](value)
    assert caught.value.reason.startswith(name)
    assert "c4n4ry" not in caught.value.reason


def test_a_bare_word_stays_as_it_is():
    """Ports, addresses and paths need no quotes anywhere."""
    for word in ("443", "[::]:443", "10.0.0.0/8", "http://api:8080/v1/", "/run/a-b_c.d,e"):
        assert filters.ALL["bare_word"](word) == word


@pytest.mark.parametrize(
    ("name", "value", "quoted"),
    [
        ("quote_nginx", 'a "b" \\ c; #é', '"a \\"b\\" \\\\ c; #é"'),
        ("quote_nginx", "x" * 4000, f'"{"x" * 4000}"'),
        ("quote_postgres", "it's \\ a\r\nb", "'it''s \\\\ a\\r\\nb'"),
        ("quote_properties", " a=b: #!é", "\\ a=b: #!\\u00e9"),
        ("quote_redis", '"a\\b"\n\0é', '"\\"a\\\\b\\"\\x0a\\x00é"'),
        ("quote_userlist", 'a "b" \\ c', '"a ""b"" \\ c"'),
    ],
)
def test_a_value_is_quoted_for_its_program(name, value, quoted):
    """As the program reads it; tests/templates asks the programs themselves."""
    assert filters.ALL[name](value) == quoted


@given(TEXT)
@example("\\ \t\n\U0001f600é")
def test_a_property_is_read_back(text):
    """By Java's rules: escapes are those of Python's strings, in units of UTF-16."""
    if "${" in text or "#{" in text:
        return
    quoted = quoting.quote_properties(text)
    assert quoted.isascii()
    assert not quoted.startswith(" ")
    units = quoted.removeprefix("\\" if text.startswith(" ") else "").encode()
    pairs = units.decode("unicode_escape").encode("utf-16", "surrogatepass")
    assert pairs.decode("utf-16") == text


@given(TEXT)
def test_an_argument_of_redis_is_read_back(text):
    """Its escapes are those of Python's strings."""
    quoted = quoting.quote_redis(text)
    assert "\n" not in quoted
    assert quoted[0] == quoted[-1] == '"'
    assert ast.literal_eval(quoted) == text


def test_haproxys_quotes_are_those_of_a_shell():
    """Strong quotes, and a quote of the value between them."""
    assert filters.ALL["quote_haproxy"]("it's $a") == "'it'\\''s $a'"
