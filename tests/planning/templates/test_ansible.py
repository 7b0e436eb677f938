"""Filters and tests that have Ansible's names: their results are those of ansible-core itself."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible.plugins.filter import core, mathstuff, urls, urlsplit
from ansible.plugins.test import core as tests_of_ansible
from ansible.plugins.test import mathstuff as sets_of_ansible
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from cycle_exec.planning.templates.filters import table
from cycle_exec.planning.templates.filters.table import FilterFailed, filter_of
from cycle_exec.planning.templates.filters.table import test_of as named_test

THEIRS = {
    **core.FilterModule().filters(),
    **mathstuff.FilterModule().filters(),
    **urls.FilterModule().filters(),
    **urlsplit.FilterModule().filters(),
}
THEIR_TESTS = {**tests_of_ansible.TestModule().tests(), **sets_of_ansible.TestModule().tests()}
WITH_ENVIRONMENT = {"union", "intersect", "difference", "symmetric_difference"}
# Those that refuse, or write, on purpose otherwise; each has tests of its own.
ON_PURPOSE = {
    "bool",  # refuses every other word
    "password_hash",  # another salt
    "to_nice_yaml", "to_yaml", "from_yaml", "to_json", "from_json",  # compared as data, below
    "to_nice_json",  # non-ASCII characters as they are
    "mandatory",  # takes what stands for an undefined name
    "b64decode",  # strict
}  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
KEYS = st.text("abcxyz", max_size=3)
SCALARS = TEXT | st.integers(-99, 99) | st.booleans() | st.none()
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=10,
)


def theirs(name, value, *arguments, **named):
    if name in WITH_ENVIRONMENT:
        return THEIRS[name](Environment(autoescape=True), value, *arguments, **named)
    return THEIRS[name](value, *arguments, **named)


def assert_same(name, value, *arguments, **named):
    """The result is Ansible's; of what is iterated over, as a list; sets in any order."""
    ours = filter_of(name)(value, *arguments, **named)
    expected = theirs(name, value, *arguments, **named)
    if name in WITH_ENVIRONMENT:
        assert sorted(map(repr, ours)) == sorted(map(repr, expected))
        return
    assert ours == (list(expected) if name.startswith("zip") else expected)


CASES = [
    ("b64encode", "é", (), {}),
    ("b64encode", 5, (), {}),
    ("b64encode", True, (), {}),
    ("basename", "/a/b.c", (), {}),
    ("dirname", "//a", (), {}),
    ("urldecode", "a%20b+c%C3%A9", (), {}),
    ("checksum", "x", (), {}),
    ("md5", "é", (), {}),
    ("sha1", "é", (), {}),
    ("hash", "x", (), {}),
    ("hash", "x", ("sha512",), {}),
    ("hash", "x", ("blake2b",), {}),
    ("split", "a b  c", (), {}),
    ("split", "a,b,c", (",",), {}),
    ("split", "a,b,c", (",", 1), {}),
    ("regex_replace", "foobar", ("^f.*o(.*)$", r"\1-x"), {}),
    ("regex_replace", "a\nA", ("^a", "-"), {"multiline": True, "ignorecase": True}),
    ("regex_replace", "aaa", ("a", "b"), {"count": 2}),
    ("regex_replace", "localhost:80", (r"^(?P<host>.+):(?P<port>\d+)$", r"\g<port>"), {}),
    ("regex_replace", 5, ("5", "6"), {}),
    ("regex_search", "server1/db42", (r"db(\d+)",), {}),
    ("regex_search", "server1/db42", (r"(\w+)/db(\d+)", r"\1", r"\2"), {}),
    ("regex_search", "server1", (r"(?P<n>\d)", r"\g<n>"), {}),
    ("regex_search", "x", ("y",), {}),
    ("regex_search", "x", ("y", r"\1"), {}),
    ("regex_search", "a\nB", ("^b",), {"multiline": True, "ignorecase": True}),
    ("regex_findall", "a1b22", (r"\d+",), {}),
    ("regex_findall", "a=1 b=2", (r"(\w)=(\d)",), {}),
    ("regex_findall", "A\na", ("^a$",), {"multiline": True, "ignorecase": True}),
    ("regex_escape", "^a.*b c$", (), {}),
    ("regex_escape", "^a.*b]$", ("posix_basic",), {}),
    ("ternary", True, ("a", "b"), {}),
    ("ternary", "", ("a", "b"), {}),
    ("ternary", None, ("a", "b", "c"), {}),
    ("ternary", None, ("a", "b"), {}),
    ("quote", None, (), {}),
    ("quote", 5, (), {}),
    ("urlsplit", "http://u:p@h.example:90/d/i?q=1#f", (), {}),
    ("urlsplit", "http://u:p@h.example:90/d/i?q=1#f", ("port",), {}),
    ("urlsplit", "a", ("hostname",), {}),
    ("to_nice_json", {"b": [1, {}], "a": "x"}, (), {}),
    ("to_nice_json", {"b": [1, {}], "a": "x"}, (), {"indent": 2, "sort_keys": False}),
    ("combine", {"a": {"x": 1}}, ({"a": {"y": 2}},), {}),
    ("combine", {"a": {"x": 1}}, ({"a": {"y": 2}},), {"recursive": True}),
    ("combine", [{"a": 1}, {"b": 2}], (), {}),
    ("combine", {}, (), {}),
    ("combine", [], (), {}),
    ("combine", {"a": [1]}, ({"a": [1]},), {"list_merge": "append"}),
    ("combine", {"a": [1, 2]}, ({"a": [2, 3]},), {"list_merge": "append_rp"}),
    ("dict2items", {"a": 1}, (), {"key_name": "k", "value_name": "v"}),
    ("items2dict", [{"k": "a", "v": 1}], (), {"key_name": "k", "value_name": "v"}),
    ("flatten", [1, [2, [3, [None, "null"]]]], (), {}),
    ("flatten", [1, [2, [3, [None]]]], (), {"levels": 1, "skip_nulls": False}),
    ("flatten", [[[1]]], (0,), {}),
    ("zip", [1, 2], (["a", "b", "c"], [True, False]), {}),
    ("zip_longest", [1], ([2, 3],), {"fillvalue": "x"}),
    ("comment", "a\n\nb", (), {}),
    ("comment", "a\n\nb", ("cblock",), {}),
    ("comment", "a", ("xml",), {}),
    ("comment", "a", ("erlang",), {}),
    ("comment", "a", ("c",), {"prefix_count": 2, "postfix_count": 0, "prefix": "\n"}),
    ("comment", "a\nb", ("plain",), {"beginning": "<", "end": ">", "decoration": "! "}),
    ("comment", "a|b", (), {"newline": "|", "postfix": "="}),
]


@pytest.mark.parametrize(("name", "value", "arguments", "named"), CASES)
def test_a_filter_of_ansible(name, value, arguments, named):
    """With the arguments that its documentation has."""
    assert_same(name, value, *arguments, **named)


def test_every_filter_of_ansibles_names_is_compared():
    """Or stands in the list of those that differ on purpose."""
    compared = {case[0] for case in CASES} | WITH_ENVIRONMENT
    assert compared | ON_PURPOSE == set(THEIRS) & set(table.FILTERS)
    assert set(table.TESTS) <= set(THEIR_TESTS)


@given(TEXT, st.sampled_from("basename dirname md5 sha1 b64encode regex_escape quote".split()))
def test_a_filter_of_text(text, name):
    """On any text; what no shell can have is refused."""
    if name != "quote" or "\0" not in text:
        assert_same(name, text)


@given(st.text("/ab.", max_size=8))
def test_parts_of_a_path(path):
    """With slashes in any number."""
    assert_same("basename", path)
    assert_same("dirname", path)


@given(TEXT, st.sampled_from(["plain", "c", "cblock", "xml", "erlang"]))
def test_a_comment(text, style):
    """In each style."""
    assert_same("comment", text, style)


@given(st.lists(SCALARS, max_size=6), st.lists(SCALARS, max_size=6))
def test_lists_as_sets(one, other):
    """Of values that a set takes; True is 1, as in Python."""
    for name in WITH_ENVIRONMENT:
        ours = filter_of(name)(one, other)
        assert set(ours) == set(theirs(name, one, other))
        assert len(ours) == len(set(ours))


@given(st.lists(st.lists(KEYS, max_size=2), max_size=5), st.lists(st.lists(KEYS), max_size=5))
def test_lists_of_lists_as_sets(one, other):
    """Of what no set takes."""
    for name in WITH_ENVIRONMENT:
        assert_same(name, one, other)


@given(st.lists(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=8)))
def test_lists_flattened(value):
    """To any depth, and to one."""
    assert_same("flatten", value)
    assert_same("flatten", value, 1)
    assert_same("flatten", value, skip_nulls=False)


MAPPINGS = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=3),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        max_leaves=6,
    ),
)


@given(
    st.lists(MAPPINGS, min_size=1, max_size=3),
    st.booleans(),
    st.sampled_from(["replace", "keep", "append", "prepend", "append_rp", "prepend_rp"]),
)
def test_mappings_combined(mappings, recursive, list_merge):
    """In every way that there is."""
    given_mappings = json.dumps(mappings)
    assert_same("combine", *mappings, recursive=recursive, list_merge=list_merge)
    assert json.dumps(mappings) == given_mappings
    pairs = filter_of("dict2items")(mappings[0])
    assert pairs == theirs("dict2items", mappings[0])
    assert filter_of("items2dict")(pairs) == theirs("items2dict", pairs) == mappings[0]


@given(PLAIN)
def test_data_is_read_as_what_ansible_writes(value):
    """JSON and YAML of both say the same; each reads what the other writes."""
    assert json.loads(filter_of("to_json")(value)) == json.loads(theirs("to_json", value))
    assert json.loads(filter_of("to_nice_json")(value)) == value
    for name in ("to_yaml", "to_nice_yaml"):
        written = theirs(name, value, indent=2)
        assert filter_of("from_yaml")(written) == yaml.safe_load(written)
        assert theirs("from_yaml", filter_of(name)(value, indent=2)) == value
        assert theirs("from_yaml", filter_of(name)(value, width=1000, sort_keys=False)) == value
    assert filter_of("from_json")(theirs("to_json", value)) == value


@pytest.mark.parametrize("word", "true True yes ON 1 false no Off 0".split())
def test_a_boolean(word):
    """The words that both know."""
    assert filter_of("bool")(word) is theirs("bool", word)


@pytest.mark.parametrize("url", ["a b", "", "//h", "mailto:x@y", "http://[::1]:80/", "?q", "#f"])
def test_an_address(url):
    """Of any kind."""
    assert_same("urlsplit", url)


PATTERNS = st.sampled_from(["a", "^a", "A+", "b$", "(?i)B", ".", "x*", r"\d"])


@given(st.text("abAB1\n", max_size=6), PATTERNS, st.booleans(), st.booleans())
def test_a_regular_expression(text, pattern, ignorecase, multiline):
    """As filter and as test, with both flags."""
    flags = {"ignorecase": ignorecase, "multiline": multiline}
    assert_same("regex_replace", text, pattern, "-", **flags)
    assert_same("regex_search", text, pattern, **flags)
    assert_same("regex_findall", text, pattern, **flags)
    for name in ("match", "search", "regex"):
        assert named_test(name)(text, pattern, **flags) is THEIR_TESTS[name](text, pattern, **flags)


@pytest.mark.parametrize("convert_bool", [True, False])
@pytest.mark.parametrize("value", ["", "x", "false", "No", "0", "1", "on", 0, 1, None, [], [0]])
def test_a_value_as_a_boolean(value, convert_bool):
    """Truthy and falsy, with words taken for what they say."""
    for name in ("truthy", "falsy"):
        assert named_test(name)(value, convert_bool) is THEIR_TESTS[name](value, convert_bool)


MEMBERS = st.lists(st.integers(0, 3) | st.booleans() | st.none(), max_size=4)


@given(MEMBERS, MEMBERS)
def test_lists_tested(one, other):
    """Whether any, whether all, whether one is in the other."""
    for name in ("any", "all"):
        assert named_test(name)(one) is THEIR_TESTS[name](one)
    for name in ("subset", "issubset", "superset", "issuperset"):
        assert named_test(name)(one, other) is THEIR_TESTS[name](one, other)
    assert named_test("contains")(one, 1) is THEIR_TESTS["contains"](one, 1)
    assert named_test("contains")({"a": 1}, "a") is THEIR_TESTS["contains"]({"a": 1}, "a")
    assert named_test("contains")("abc", "bc") is THEIR_TESTS["contains"]("abc", "bc")
    assert named_test("subset")([[1]], [[1], 2])
    assert not named_test("subset")([[1]], [1])


VERSIONS = {
    "loose": st.from_regex(r"\A[0-3](\.[0-3]){0,3}(rc[0-3]|b)?\Z"),
    "strict": st.from_regex(r"\A[0-3]\.[0-3](\.[0-3])?([ab][0-3])?\Z"),
    "semver": st.from_regex(r"\A[0-3]\.[0-3]\.[0-3](-(rc|1|a-b|0a)(\.[0-3])?)?(\+[a0]{1,2})?\Z"),
}


@pytest.mark.parametrize("kind", VERSIONS)
@given(st.data())
def test_a_version(kind, data):
    """Compared in every way, or refused by both."""
    left, right = data.draw(VERSIONS[kind]), data.draw(VERSIONS[kind])
    operator = data.draw(st.sampled_from("== = eq < lt <= le > gt >= ge != <> ne".split()))
    named = {"version_type": kind}
    try:
        expected = THEIR_TESTS["version"](left, right, operator, **named)
    except Exception:  # noqa: BLE001 - whatever Ansible raises for it
        with pytest.raises(FilterFailed):
            named_test("version")(left, right, operator, **named)
        return
    assert named_test("version")(left, right, operator, **named) is expected
    assert named_test("version_compare")(left, right, operator, **named) is expected
    if kind == "strict":
        assert named_test("version")(left, right, operator, strict=True) is expected
