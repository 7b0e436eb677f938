"""The page's table of operations is that of the program."""

from __future__ import annotations

from pathlib import Path

from tests.docs.operations import DOES, table

PAGE = Path(__file__).parent.parent.parent / "docs" / "client.md"


def test_the_table_of_operations():
    """python -m tests.docs.operations prints it; 34 rows and the notifications."""
    assert PAGE.read_text().endswith(table())
    assert len(table().splitlines()) == 2 + 34 + 1
    assert set(DOES) <= {line.split(" | ")[0].removeprefix("| ") for line in table().splitlines()}
