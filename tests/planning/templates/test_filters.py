"""Filters of config templates, each against a real reader."""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib
import json
import math
import shlex
import subprocess
import sys
import tomllib

import bcrypt
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.planning.templates.filters import quoting, table
from cycle_exec.planning.templates.filters.table import FilterFailed, filter_of
from cycle_exec.planning.templates.filters.table import test_of as named_test

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
    assert filter_of("b64encode")(text) == base64.b64encode(text.encode()).decode()
    assert filter_of("b64decode")(filter_of("b64encode")(text)) == text


@given(PLAIN | st.none())
def test_json_goes_both_ways(value):
    """to_json is read back by json, and from_json reads what json wrote."""
    assert json.loads(filter_of("to_json")(value)) == value
    assert filter_of("from_json")(json.dumps(value)) == value


@given(PLAIN | st.none())
@example(
    [{"k" * 1025: {"n": 1}, "\x01" * 300: "v"}]
)  # YAML's plain keys end after 1,024 characters
def test_yaml_is_read_back(value):
    """PyYAML, a reader of YAML 1.1, gives the same value."""
    assert yaml.safe_load(filter_of("to_yaml")(value)) == value


@given(PLAIN)
def test_toml_is_read_back(value):
    """tomllib gives the same value."""
    assert tomllib.loads(f"a = {filter_of('to_toml')(value)}")["a"] == value


@given(TEXT)
def test_a_quoted_text_is_one_word_of_the_shell(text):
    """quote_shell survives word splitting."""
    if "\0" not in text:
        assert shlex.split(filter_of("quote_shell")(text)) == [text]


@given(TEXT)
def test_sha256_is_that_of_the_utf8_bytes(text):
    """In lower-case hex."""
    assert filter_of("sha256")(text) == hashlib.sha256(text.encode()).hexdigest()


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
        ("bare_word", 8080, "8080"),
        ("quote_nginx", True, '"true"'),
        ("quote_shell", 1.5, "'1.5'"),
        ("to_json", range(2), "[0, 1]"),
        ("to_json", {"a": iter("bc")}, '{"a": ["b", "c"]}'),
        ("to_yaml", {"a": iter("bc"), 5: None}, '{"a": ["b", "c"], 5: null}'),
        ("to_toml", {"a": range(2)}, "{ a = [0, 1] }"),
        ("sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ],
)
def test_a_filter_makes_of_a_value(name, value, made):
    """What a template's author sees of it."""
    assert filter_of(name)(value) == made


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("b64encode", None), ("b64encode", [5]), ("b64decode", "c4n4ry!"), ("b64decode", "/w=="),
        ("from_json", "{c4n4ry"),
        ("from_json", 1), ("to_json", {1, 2}), ("to_json", math.nan), ("to_yaml", math.inf),
        ("to_yaml", {1}), ("to_toml", None), ("to_toml", [None]), ("quote_shell", None),
        ("sha256", ["c4n4ry"]), ("pem_leaf", "c4n4ry"), ("pem_chain", ""),
        ("quote_dotenv", "c4n4ry\0"), ("quote_shell", "c4n4ry\0"), ("quote", "c4n4ry\0"),
        ("bool", "c4n4ry"), ("bool", ""), ("bool", 2), ("bool", 1.0), ("bool", None),
        ("to_json", b"c4n4ry"), ("to_json", object()), ("to_yaml", {(1,): 1}),
        ("from_toml", "c4n4ry"), ("from_yaml", "{c4n4ry"),
        ("from_yaml", "!!c4n4ry x"), ("from_yaml", "[c4n4ry]: x"), ("urlsplit", "//[c4n4ry"),
        ("combine", "c4n4ry"), ("dict2items", ["c4n4ry"]), ("items2dict", ["c4n4ry"]),
        ("items2dict", [{"c4n4ry": 1}]), ("items2dict", [{"key": ["c4n4ry"], "value": 1}]),
        ("zip", "c4n4ry"), ("flatten", 5), ("split", ["c4n4ry"]), ("password_hash", "c4n4ry\0"),
        ("password_hash", ""), ("password_hash", "c4n4ry" * 13), ("quote", ["c4n4ry"]),
    ],
)  # fmt: skip
def test_what_a_filter_cannot_do_it_refuses_without_the_value(name, value):
    """The reason names the filter or the cause, never what was given."""
    with pytest.raises(FilterFailed) as caught:
        filter_of(name)(value)
    assert caught.value.reason
    assert "c4n4ry" not in caught.value.reason


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bare_word", ""), ("bare_word", "c4n4ry b"), ("bare_word", "c4n4ry;"),
        ("bare_word", "c4n4ry\n"), ("bare_word", "c4n4ry\u00e9"), ("bare_word", ["c4n4ry"]),
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
        filter_of(name)(value)
    assert caught.value.reason.startswith(name)
    assert "c4n4ry" not in caught.value.reason


def test_a_bare_word_stays_as_it_is():
    """Ports, addresses and paths need no quotes anywhere."""
    for word in ("443", "[::]:443", "10.0.0.0/8", "http://api:8080/v1/", "/run/a-b_c.d,e"):
        assert filter_of("bare_word")(word) == word


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
    assert filter_of(name)(value) == quoted


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
    assert filter_of("quote_haproxy")("it's $a") == "'it'\\''s $a'"


@pytest.mark.parametrize(
    ("name", "value", "arguments", "named"),
    [
        ("regex_replace", "c4n4ry", ("(", ""), {}),
        ("regex_replace", "c4n4ry", ("c", r"\9"), {}),
        ("regex_replace", "c4n4ry", ("c", r"\g<x>"), {}),
        ("regex_replace", "c4n4ry", ("z", ""), {"mandatory_count": 1}),
        ("regex_search", "c4n4ry", ("c", r"\9"), {}),
        ("regex_search", "c4n4ry", ("c", "c4n4ry"), {}),
        ("regex_search", "c4n4ry", ("c", 1), {}),
        ("regex_findall", "c4n4ry", ("[",), {}),
        ("regex_escape", "c4n4ry", ("c4n4ry",), {}),
        ("split", "c4n4ry", ("",), {}),
        ("hash", "c4n4ry", ("c4n4ry",), {}),
        ("urlsplit", "c4n4ry", ("c4n4ry",), {}),
        ("comment", "c4n4ry", ("c4n4ry",), {}),
        ("combine", {"c4n4ry": 1}, (), {"list_merge": "c4n4ry"}),
        ("zip", ["c4n4ry"], ([],), {"strict": True}),
        ("to_yaml", "c4n4ry", (0,), {}),
        ("to_yaml", "c4n4ry", ("c4n4ry",), {}),
        ("password_hash", "c4n4ry", ("sha512",), {}),
        ("password_hash", "c4n4ry", (), {"rounds": 31}),
        ("password_hash", "c4n4ry", ("bcrypt", "c4n4ry"), {}),
        ("password_hash", "c4n4ry", ("bcrypt", "$" * 22), {}),
        ("password_hash", "c4n4ry", ("bcrypt", None, 8), {}),
        ("password_hash", "c4n4ry", (), {"ident": "c4n4ry"}),
    ],
)
def test_what_an_argument_makes_impossible_is_refused_without_it(name, value, arguments, named):
    """The same of filters with arguments."""
    with pytest.raises(FilterFailed) as caught:
        filter_of(name)(value, *arguments, **named)
    assert caught.value.reason.startswith(f"{name}: ")
    assert "c4n4ry" not in caught.value.reason


@pytest.mark.parametrize(
    ("value", "arguments"),
    [
        ("c4n4ry", ("1", "c4n4ry")),
        ("", ("1",)),
        ("1", ("",)),
        ("1", ("1.x", "lt", True)),
        ("1.c4n4ry", ("1.2", "lt")),
        ("1", ("1", "eq", True, "semver")),
        ("1", ("1", "eq", None, "c4n4ry")),
        ("01.2.3", ("1.2.3", "eq", None, "semver")),
    ],
)
def test_versions_that_cannot_be_compared_are_refused(value, arguments):
    """With the reason, and without the version."""
    with pytest.raises(FilterFailed, match=r"^version: ") as caught:
        named_test("version")(value, *arguments)
    assert "c4n4ry" not in caught.value.reason


def test_the_table_is_that_of_the_modules():
    """Each module has just what the table says, under the names that it says."""
    for what, named in (("FILTERS", table.FILTERS), ("TESTS", table.TESTS)):
        for module in set(named.values()):
            path = f"cycle_exec.planning.templates.filters.{module}"
            has = getattr(importlib.import_module(path), what)
            assert set(has) == {name for name, where in named.items() if where == module}
        assert list(named) == list(dict.fromkeys(named))


@pytest.mark.parametrize("value", ["1", 1, True, "true", "TRUE", "yes", "Yes", "on", "oN"])
def test_a_word_that_says_yes(value):
    """In any case; and what is a number or a boolean already."""
    assert filter_of("bool")(value) is True


@pytest.mark.parametrize("value", ["0", 0, False, "false", "False", "no", "NO", "off"])
def test_a_word_that_says_no(value):
    """The same of the others."""
    assert filter_of("bool")(value) is False


@given(PLAIN | st.none(), st.integers(1, 9))
@example([{"k" * 1025: {"n": [[1], {}, []]}, "a": [[[{"b": 1}]]]}], 2)
@example([{"a": {1: "x", False: [None]}}], 3)
@example({"yes": 1, "a: b": 2, "": {"-": [None]}, "1": "x", "a-b/c.d": "no"}, 4)
def test_block_style_is_read_back(value, indent):
    """With any indent; to_nice_yaml sorts and ends its last line."""
    assert yaml.safe_load(filter_of("to_yaml")(value, indent)) == value
    nice = filter_of("to_nice_yaml")(value, indent=indent, width=1000)
    assert yaml.safe_load(nice) == value
    assert nice.endswith("\n")


def test_a_way_to_match_that_there_is_not_refuses():
    """Only those of Python's module."""
    with pytest.raises(FilterFailed, match="match_type is search, match or fullmatch"):
        named_test("regex")("x", "x", match_type="__class__")


def test_block_style_is_for_people():
    """Bare keys, one line for each leaf, lists below their key."""
    value = {"b": [1, {"c": "x", "d": []}], "a b": None}
    assert filter_of("to_nice_yaml")(value, indent=2) == (
        '"a b": null\nb:\n  - 1\n  - c: "x"\n    d: []\n'
    )
    assert filter_of("to_yaml")(value, indent=2, sort_keys=True) == (
        '"a b": null\nb:\n  - 1\n  - c: "x"\n    d: []'
    )
    assert filter_of("to_yaml")(value, default_flow_style=False).startswith("b:\n  - 1\n")
    assert filter_of("to_yaml")(value, 2, default_flow_style=True).startswith('{"b": [1, ')


@given(PLAIN)
def test_what_was_written_is_read_again(value):
    """from_yaml and from_toml read what to_yaml and to_toml made."""
    assert filter_of("from_yaml")(filter_of("to_yaml")(value)) == value
    assert filter_of("from_toml")(f"a = {filter_of('to_toml')(value)}") == {"a": value}


def test_a_hash_of_a_password_is_checked_by_bcrypt():
    """It is the same each time, another one for another template, and a server takes it."""
    hashed = filter_of("password_hash")
    one = hashed("s3cret", "bcrypt", rounds=4, template="users")
    assert one.startswith("$2b$04$")
    assert bcrypt.checkpw(b"s3cret", one.encode())
    assert not bcrypt.checkpw(b"secret", one.encode())
    assert hashed("s3cret", rounds=4, template="users") == one
    salts = {one[:29], hashed("s3cret", rounds=4, template="others")[:29]}
    salts.add(hashed("other", rounds=4, template="users")[:29])
    assert len(salts) == 3
    assert hashed("s3cret", rounds=4, ident="2a", template="users").startswith("$2a$04$")
    assert hashed("s3cret").startswith("$2b$10$")
    salt = "abcdefghijklmnopqrstuu"
    given = hashed("s3cret", "bcrypt", salt, None, 4, template="users")
    assert given.startswith(f"$2b$04${salt}")
    assert bcrypt.checkpw(b"s3cret", given.encode())


@pytest.mark.parametrize(
    ("name", "package", "value"), [("password_hash", "bcrypt", "x"), ("from_yaml", "yaml", "x")]
)
def test_an_extra_that_is_not_installed_is_named(monkeypatch, name, package, value):
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(FilterFailed, match=rf"pip install cycle-exec\[{package}\]"):
        filter_of(name)(value)


def test_what_must_be_there():
    """mandatory refuses what is undefined, required what is empty as well."""
    for name in ("mandatory", "required"):
        with pytest.raises(FilterFailed, match="why"):
            filter_of(name)(table.MISSING, "why")
    assert filter_of("mandatory")("") == ""
    assert filter_of("required")("x") == "x"
    for value in ("", None):
        with pytest.raises(FilterFailed):
            filter_of("required")(value)


def test_a_filters_module_is_loaded_when_a_template_names_it():
    """Not before, whatever else the template has."""
    code = (
        "import sys; from cycle_exec.planning.templates import rendering as t; "
        "shown = lambda: print(*sorted(m for m in sys.modules if '.filters.' in m)); "
        "prepared = t.prepare({'x': '{% if a %}{{ a | upper }}{% endif %}'}, {}); "
        "t.render(prepared, 'x', {'a': 'b'}); shown(); "
        "prepared = t.prepare({'x': '{{ a | map(\"b64encode\") | list }}'}, {}); "
        "t.render(prepared, 'x', {'a': 'b'}); shown()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    base = "cycle_exec.planning.templates.filters."
    assert done.stdout.splitlines() == [
        f"{base}table {base}values",
        f"{base}encoding {base}table {base}values",
    ]
