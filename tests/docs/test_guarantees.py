"""docs/guarantees.md: a row for each promise, whose tests are there and whose figures are true."""

import re
from pathlib import Path

import pytest

from tests.hostile.model import Refuses
from tests.hostile.scenarios import REPRESENTATIVE, SCENARIOS
from tests.hostile.surroundings import SURROUNDINGS

HOME = Path(__file__).parents[2]
PAGE = (HOME / "docs/guarantees.md").read_text()
PROMISED = [f"G{number}" for number in range(1, 21)]
ROWS = {
    row[0]: row[1:]
    for line in PAGE.splitlines()
    if (row := [cell.strip() for cell in line.strip("|").split(" | ")])[0].strip() in PROMISED
}


def test_every_promise_is_explained_and_has_a_row():
    """G1 to G20, in their order."""
    assert [name.strip() for name in ROWS] == PROMISED
    for name in PROMISED:
        assert f"({name}).**" in PAGE


@pytest.mark.parametrize("name", PROMISED)
def test_the_tests_that_a_row_names_are_there(name):
    """Files and folders, and the guarantee's own file."""
    [where] = [cells[0] for key, cells in ROWS.items() if key.strip() == name]
    named = re.findall(r"`([^`]+)`", where)
    assert f"test_g{int(name[1:]):02d}" in named
    for each in named:
        if each.startswith("python -m "):
            module = each.split()[2].replace(".", "/")
            assert (HOME / f"{module}.py").is_file()
        elif each.startswith("tests/"):
            assert (HOME / each).exists(), each
        else:
            assert list((HOME / "tests/guarantees").glob(f"{each}_*.py")), each


def test_the_figures_of_scenarios_are_true():
    """They grow with the tests."""
    refusing = sum(isinstance(scenario.outcome, Refuses) for scenario in SCENARIOS.values())
    assert f"{refusing} refused starts" in PAGE
    assert f"{refusing} refusals with their exact messages" in PAGE
    assert f"{len(REPRESENTATIVE)} scenarios in {len(SURROUNDINGS)} surroundings" in PAGE
