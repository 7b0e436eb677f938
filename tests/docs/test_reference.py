"""The pages' tables are those of the program."""

from __future__ import annotations

import base64
import re
import tomllib
from pathlib import Path

import pytest

from cycle_exec.errors import KINDS, STOPPED
from cycle_exec.planning.templates import rendering
from cycle_exec.planning.templates.filters import table
from tests.docs import reference

HOME = Path(__file__).parent.parent.parent
EVERY_CODE = {kind.code for kind in KINDS.values()} | set(STOPPED)


def rows(path: Path, first: str, after: str = "") -> list[list[str]]:
    """The cells of the first table, behind a text, whose first column has this title."""
    lines = iter(
        path.read_text().partition(after)[2].splitlines()
        if after
        else path.read_text().splitlines()
    )
    for line in lines:
        if line.startswith(f"| {first} |"):
            break
    next(lines)
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        cells = re.split(r"(?<!\\)\|", line.strip("|"))
        found.append([cell.strip().replace("\\|", "|") for cell in cells])
    return found


def test_the_page_of_settings_is_that_of_the_tables():
    """Every option and every key, with its default and help."""
    written = (HOME / "docs" / "settings.md").read_text()
    assert written == reference.page(), "python -m tests.docs.reference > docs/settings.md"


@pytest.mark.parametrize("page", ["README.md", "docs/exit-codes.md"])
def test_the_tables_of_exit_codes_are_whole(page):
    """Each code that the program can end with, and no other."""
    cells = [row[0] for row in rows(HOME / page, "code")]
    assert {int(code) for cell in cells for code in re.findall(r"\d+", cell)} == EVERY_CODE


def test_each_kind_stands_at_its_code():
    """What messages have in brackets can be looked up."""
    found = {
        kind: int(row[0])
        for row in rows(HOME / "docs" / "exit-codes.md", "code")
        for kind in re.findall(r"`([a-z-]+)`", row[3])
    }
    assert found == {name: kind.code for name, kind in KINDS.items()}


def test_every_page_is_linked_and_every_link_leads_somewhere():
    """From the index, and between pages."""
    pages = [HOME / "README.md", *(HOME / "docs").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
    index = (HOME / "docs" / "index.md").read_text()
    for page in (HOME / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name


def test_links_of_the_readme_work_on_a_package_index_too():
    """They are absolute, below the address of the project, and lead to files that are there."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    base = f"{project['urls']['Source']}/blob/main/"
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", (HOME / "README.md").read_text())
    ours = [target.removeprefix(base) for target in targets if target.startswith(base)]
    assert len(ours) > 10
    assert all((HOME / path).is_file() for path in ours)
    assert all(target.startswith("https://") for target in targets)


TEMPLATES = HOME / "docs" / "templates.md"


@pytest.mark.parametrize(("first", "named"), [("filter", table.FILTERS), ("test", table.TESTS)])
def test_the_page_of_templates_has_every_filter_and_test(first, named):
    """In its tables, in the order of the alphabet."""
    assert [row[0].strip("`") for row in rows(TEMPLATES, first)] == sorted(named)


# Of 446 bytes, in base64.
A_SEQUENCE = base64.b64encode(bytes.fromhex("308201ba") + bytes(442)).decode()


@pytest.mark.parametrize(
    "row", [*rows(TEMPLATES, "filter"), *rows(TEMPLATES, "test")], ids=lambda row: row[0].strip("`")
)
def test_an_example_of_a_filter_makes_what_the_page_says(row):
    """Each is a template that names its filter."""
    name, *_, example, expected = (cell.strip("`") for cell in row)
    assert re.search(rf"(\| |is ){name}\b", example)
    templates = {"t": "{{ " + example + " }}"}
    fullchain = "".join(
        f"-----BEGIN CERTIFICATE-----\n{A_SEQUENCE}\n-----END CERTIFICATE-----\n" for _ in range(2)
    )
    context = {"certificates": {"www.example.com": {"fullchain": fullchain}}}
    prepared = rendering.prepare(templates, {})
    assert rendering.render(prepared, "t", context) == expected
