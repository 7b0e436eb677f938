"""The page's table of dangerous names is that of the program."""

from __future__ import annotations

from pathlib import Path

from tests.docs.names import table

PAGE = Path(__file__).parent.parent.parent / "docs" / "variables.md"


def test_the_table_of_dangerous_names():
    """python -m tests.docs.names prints it; it is the end of the page."""
    assert PAGE.read_text().endswith("lower case.\n\n" + table())
