"""Every block of the README and of the documents does what the page says."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.story import Block, Story, blocks

HOME = Path(__file__).parent.parent.parent
PAGES = sorted([HOME / "README.md", *(HOME / "docs").glob("*.md")])
SCRIPTS = (
    "examples/demo.sh",
    "tests/run.sh",
    "tests/quick.sh",
    "tests/bench/run.sh",
    "tests/bench/folder.sh",
    "tests/fuzz/run.sh",
    ".ci/audit",
    ".ci/build",
    ".ci/folder",
    ".ci/lock",
    ".ci/run",
)
# Of what the blocks start, that which an image of Debian need not have.
PROGRAMS = {"curl", "envsubst", "git", "jq", "node", "openssl", "tini"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_shows(page):
    """All blocks of a page in their order, on one machine."""
    found = [block for block in blocks(page) if not _runs_the_project(block)]
    lines = " ".join(block.text for block in found if block.language in ("console", "sh"))
    for name in sorted(PROGRAMS.intersection(re.findall(r"[\w-]+", lines))):
        machine.program(name)
    with Story() as story:
        for block in found:
            story.play(block)


def test_the_scripts_that_pages_name_are_there():
    """The blocks that no story plays name scripts of this project, and only those."""
    named = [block for page in PAGES for block in blocks(page) if _runs_the_project(block)]
    assert named
    for block in named:
        for line in block.text.splitlines():
            words = line.partition("#")[0].split()
            script = words[1] if words[0] == "sh" else words[0]
            assert script in SCRIPTS, f"{block}: {line}"
            assert (HOME / script).is_file(), f"{block}: {line}"
            assert words[0] == "sh" or os.access(HOME / script, os.X_OK), f"{block}: {line}"


def _runs_the_project(block: Block) -> bool:
    return block.language == "sh" and any(script in block.text for script in SCRIPTS)
