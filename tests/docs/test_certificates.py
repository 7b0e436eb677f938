"""The page's tables of certificates are those of the program and of its tests."""

from __future__ import annotations

from pathlib import Path

from cycle_exec.planning.certificates.rules import RULES
from tests.docs.certificates import WORDS, differences, rules

PAGE = Path(__file__).parent.parent.parent / "docs" / "certificates.md"


def test_the_tables_are_those_of_the_code():
    """python -m tests.docs.certificates prints them; one row for each rule."""
    page = PAGE.read_text()
    assert rules() in page
    assert differences() in page
    assert WORDS.keys() == {rule.name for rule in RULES}
