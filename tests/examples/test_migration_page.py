"""docs/migrate.md shows the files of examples/migration as they are."""

from __future__ import annotations

import re

from tests.examples.entrypoints import EXAMPLE
from tests.support.image import EXAMPLES
from tests.support.story import blocks

PAGE = EXAMPLES.parent / "docs" / "migrate.md"


def _quoted(page: str) -> list[str]:
    """The lines of a page that are indented, and so neither text nor run."""
    fenced, found = False, []
    for line in page.splitlines():
        fenced ^= line.startswith("```")
        if not fenced and line.startswith("    "):
            found.append(line[4:])
    return found


def _meat(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not re.match(r"#(?!!)", line)]


def test_the_page_quotes_the_files_as_they_are():
    """Every line of both sides, in order; the page's old lines are indented, the new ones run."""
    script = _meat((EXAMPLE / "before.sh").read_text())
    template = _meat((EXAMPLE / "app.conf.tmpl").read_text())
    quoted = [line for line in _quoted(PAGE.read_text()) if line]
    # The script's last line comes after the template.
    assert quoted == [*script[:-1], *template, script[-1]]
    parts = {kind: "" for kind in ("toml", "jinja")}
    for block in blocks(PAGE):
        if block.language in parts and block.file != "state.toml":
            parts[block.language] += block.text
    assert _meat(parts["toml"]) == _meat((EXAMPLE / "cycle-exec.toml").read_text())
    assert parts["jinja"] == (EXAMPLE / "app.conf.j2").read_text()
