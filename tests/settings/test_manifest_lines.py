"""On which line each key of a TOML document stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.settings.manifest import toml
from tests.fuzz.toml import located, paths

DOCUMENT = '''\
# [not] = "a table"
top = """
[fake]
x = 1 \\""" still
""""

[a]
b.c = 1   # comment = 2
"quoted key" = 'x # no comment'
"tab\\t\\u00e9" = 1
'literal\\n' = 2
list = [
  "one", # first
  [ "two", """
three = 3""" ],
  { k = 1, "l.m" = { n = 2 } },
]
[a.d]
when = 1979-05-27 07:32:00
[[items]]
x = 1
[items.sub]
y = 2
[[items]]
x = 3
[[items.inner]]
z = 4
[[items.inner]]
z = 5
'''


def lines(text):
    """Return the line of each path of a document that was scanned to its end."""
    scanned = toml.scan(text)
    return {path: scanned.line(path) for path in located(scanned)}


def test_lines():
    """Tables, array tables, dotted and quoted keys, long strings, arrays and inline tables."""
    assert lines(DOCUMENT) == {
        ("top",): 2,
        ("a",): 7,
        ("a", "b"): 8,
        ("a", "b", "c"): 8,
        ("a", "quoted key"): 9,
        ("a", "tab\t\u00e9"): 10,
        ("a", "literal\\n"): 11,
        ("a", "list"): 12,
        ("a", "list", 0): 13,
        ("a", "list", 1): 14,
        ("a", "list", 1, 0): 14,
        ("a", "list", 1, 1): 14,
        ("a", "list", 2): 16,
        ("a", "list", 2, "k"): 16,
        ("a", "list", 2, "l.m"): 16,
        ("a", "list", 2, "l.m", "n"): 16,
        ("a", "d"): 18,
        ("a", "d", "when"): 19,
        ("items",): 20,
        ("items", 0): 20,
        ("items", 0, "x"): 21,
        ("items", 0, "sub"): 22,
        ("items", 0, "sub", "y"): 23,
        ("items", 1): 24,
        ("items", 1, "x"): 25,
        ("items", 1, "inner"): 26,
        ("items", 1, "inner", 0): 26,
        ("items", 1, "inner", 0, "z"): 27,
        ("items", 1, "inner", 1): 28,
        ("items", 1, "inner", 1, "z"): 29,
    }


def test_windows_line_ends():
    """CRLF counts as one line end."""
    assert lines('a = """\r\nx"""\r\nb = 1\r\n') == {("a",): 1, ("b",): 3}


def test_nearest_line():
    """What is not there itself is told by the line of what is around it."""
    scanned = toml.scan("\n[a]\nb = 1\nc = [\n1]\n")
    assert scanned.line(("a", "missing")) == 2
    assert scanned.line(("a", "b", "below")) == 3
    assert scanned.line(("a", "c", 0)) == 5
    assert scanned.line(("a", "c", 1)) == 4
    assert scanned.line(("other",)) == 1
    assert scanned.line(()) == 1


def test_a_text_is_scanned_once():
    """What is plain has its values and its lines from the same scan."""
    text = "a = [\n{ e = 1 },\n{ f = 1 },\n]\n[b]\n[[b.c]]\n[b.c.d]\ny = 2\n[[b.c]]\n"
    scanned = toml.scan(text)
    assert scanned.values == {"a": [{"e": 1}, {"f": 1}], "b": {"c": [{"d": {"y": 2}}, {}]}}
    assert scanned.line(("a", 1, "f")) == 3
    assert scanned.line(("b", "c", 0, "d")) == 7
    assert scanned.line(("b", "c", 1)) == 9


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a.b = 1\na.c = 2\n", ("a", "c"), 2),
        ("[a]\nb.c = 1\n[a.b.d]\ne = 1\n", ("a", "b", "d", "e"), 4),
        ("[a.b]\n[a]\nx = 1\n", ("a",), 2),
        ("x = -1\ny = 1.5e3\nz = 1979-05-27 07:32:00Z\nw = inf\nv = 1\n", ("v",), 5),
        ("x = '''\ny = 1\n'''''\nz = 1\n", ("z",), 4),
        ("x = { a = 1, b = { c.d = [ {}, { e = 1 } ] } }\ny = 1\n", ("y",), 2),
        ('"\\U0001F600" = 1\n"\\u00e9" = 2\n', ("\u00e9",), 2),
        ("a = " + "[" * 50 + "1" + "]" * 50 + "\nb = 1\n", ("b",), 2),
        ("a = '\u2028\x85'\r\nb = 1\r\n", ("b",), 2),
    ],
)
def test_what_tomllib_has_to_read_is_located(text, path, line):
    """Dotted keys, odd values, long strings, deep ones, line ends of other systems."""
    assert path in set(paths(tomllib.loads(text)))
    scanned = toml.scan(text)
    assert scanned.values is None
    assert scanned.line(path) == line


def test_the_lines_of_toml_1_1():
    """Tables in braces over more than one line, with a comma at their end."""
    text = "a = { # here\n  b = 1,\n  c = 2,\n}\nd = 1\n"
    assert lines(text) == {("a",): 1, ("a", "b"): 2, ("a", "c"): 3, ("d",): 5}
    assert toml.scan(text).values is None


_KEYS = st.text("ab-_ .\"'\\\n\u00e9#=", max_size=4)
_STRINGS = st.text("ab#[]{}=,\"'\\\n", max_size=6)


def _quoted(text):
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'


def _long(text):
    return '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'


_VALUES = st.recursive(
    _STRINGS.map(_quoted) | _STRINGS.map(_long) | st.sampled_from(["1", "true", "1979-05-27"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[\n" + ",#]\n".join(items) + "\n]")
        | st.dictionaries(_KEYS.map(_quoted), inner, max_size=2).map(
            lambda table: (
                "{ " + ", ".join(f"{key} = {value}" for key, value in table.items()) + " }"
            )
        )
    ),
    max_leaves=5,
)
_PAIRS = st.dictionaries(_KEYS.map(_quoted), _VALUES, max_size=3).map(
    lambda table: "".join(f"{key} = {value} # c\n" for key, value in table.items())
)
_HEADERS = st.lists(st.sampled_from(["[t0]", "[[l]]", '[[l."x y"]]', "[ t . u ]"]), max_size=4)


@st.composite
def _documents(draw):
    parts = [draw(_PAIRS)]
    seen = set()
    for header in draw(_HEADERS):
        if header in seen and not header.startswith("[["):
            continue
        seen.add(header)
        parts.append(f"{header}\n{draw(_PAIRS)}")
    return "".join(parts)


@given(_documents())
def test_complete(text):
    """Every key that tomllib finds has a line, and nothing else has."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        toml.scan(text)  # lost, perhaps, but it comes back
        return
    assert set(lines(text)) == set(paths(document))


@given(st.text("[]{}=\"'\\\n#.,a ", max_size=30))
@example("a=[}")
@example("a={]")
@example("a=[,,")
@example("a='''")
@example('"\\')
@example('"\\x')
@example('"\\q" = 1')
def test_never_fails(text):
    """Text that is no TOML ends the scan without an exception, and nothing has a line beyond it."""
    scanned = toml.scan(text)
    assert 1 <= scanned.line(("a", 0, "a")) <= text.count("\n") + 1
