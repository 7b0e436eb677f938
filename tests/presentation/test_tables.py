"""Tables that a person reads."""

import re

from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.presentation.model import Style
from cycle_exec.presentation.tables import heading, table

ROWS = [("+", "DATABASE_URL", "scoped variable database-url"), (" ", "A", "inherited")]


def test_columns_are_aligned():
    """Two blanks apart, no blanks at the end."""
    assert table(ROWS) == (
        "  +  DATABASE_URL  scoped variable database-url\n     A             inherited\n"
    )


def test_a_narrow_terminal_cuts_the_middle_of_the_widest_cells():
    """The beginning and the end of a path say the most."""
    rows = [("+", "/etc/nginx/conf.d/very/long/path/to/nginx.conf", "template nginx.conf.j2")]
    [line] = table(rows, Style(width=60)).splitlines()
    assert len(line) <= 60
    assert line.startswith("  +  /etc/nginx/conf")
    assert "nginx.conf  template nginx.conf.j2" in line
    assert "\N{HORIZONTAL ELLIPSIS}" in line


def test_marks_have_colours_and_words_do_not():
    """Only where they are wanted; the columns stay where they are."""
    marks = [("+", "new"), ("~", "changed"), ("-", "gone"), ("=", "same"), ("!", "look")]
    shown = table(marks, Style(colours=True))
    assert re.findall(r"\x1b\[(\d+)m.\x1b\[0m", shown) == ["32", "33", "31", "33"]
    assert re.sub(r"\x1b\[\d*m", "", shown) == table(marks)
    assert heading("targets", Style(colours=True)) == "\x1b[1mtargets\x1b[0m\n"


def test_what_a_terminal_would_obey_is_spelt_out():
    """A name from the platform is data."""
    assert table([("+", "a\x1b[31mb\nc")]) == "  +  a\\x1b[31mb\\nc\n"


@given(
    st.lists(st.tuples(st.sampled_from("+~- "), st.text(max_size=40), st.text(max_size=90))),
    st.integers(40, 200),
)
def test_no_line_is_wider_than_the_terminal(rows, width):
    """Whatever is in it; one line for each row."""
    lines = table(rows, Style(width=width)).split("\n")
    assert len(lines) == len(rows) + 1
    assert all(len(line) <= width for line in lines)
