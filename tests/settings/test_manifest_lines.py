"""On which line each key of a TOML document stands."""

from __future__ import annotations

import tomllib

from hypothesis import example, given
from hypothesis import strategies as st

from cycle_exec.settings.manifest.lines import line_of, lines

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
    found = lines("\n[a]\nb = 1\n")
    assert line_of(found, ("a", "missing")) == 2
    assert line_of(found, ("other",)) == 1


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


def _paths(value, path=()):
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _paths(inner, (*path, index))


@given(_documents())
def test_complete(text):
    """Every key that tomllib finds has a line, and nothing else has."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        lines(text)  # lost, perhaps, but it comes back
        return
    assert set(lines(text)) == set(_paths(document))


@given(st.text("[]{}=\"'\\\n#.,a ", max_size=30))
@example("a=[}")
@example("a={]")
@example("a=[,,")
def test_never_fails(text):
    """Text that is no TOML ends the scan without an exception."""
    lines(text)
