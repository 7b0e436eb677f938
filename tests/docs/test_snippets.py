"""Every block of the README and of the documents does what the page says, pasted on a machine with
nothing: see tests/support/reader.py for what it has, and for the one thing that is supplied.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.support import machine
from tests.support.reader import INSTALL, Reader
from tests.support.story import Block, Story, blocks, steps

HOME = Path(__file__).parent.parent.parent
PAGES = sorted([HOME / "README.md", *(HOME / "docs").glob("*.md")])

# All that pages show and this test does not run, with the reason.
#
# Languages of whole blocks:
LANGUAGES = {
    "dockerfile": "an image needs a base image and what builds it; the examples' Dockerfiles are "
    "played by tests/examples",
    "sh": "a script of this project, which takes minutes or runs all tests; CI runs each",
}
# Commands, by their beginning:
COMMANDS = {
    "git clone -q https://github.com/cycle-exec/cycle-exec": "the commit that is tested need not "
    "be there: a copy of this tree is put where it would be",
    "apt-get update": "the machine has Debian's programs already; that they are those is tested",
}
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
# What the smallest Debian lacks of the programs that pages start, and the package that has it.
PACKAGES = {
    "curl": "curl",
    "envsubst": "gettext-base",
    "git": "git",
    "jq": "jq",
    "nginx": "nginx",
    "node": "nodejs",
    "openssl": "openssl",
    "tini": "tini",
}


def _nothing(_: Reader) -> None:
    """The programs are there."""


DONE_INSTEAD = dict(zip(COMMANDS, (Reader.checkout, _nothing), strict=True))


def _played(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.file or block.language not in LANGUAGES]


def _commands(page: Path) -> list[str]:
    consoles = (block for block in blocks(page) if block.language == "console")
    return [command for block in consoles for command, _ in steps(block)]


@pytest.mark.timeout(1200)  # it installs, on a machine that may be busy
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_shows(page):
    """All blocks of a page in their order, in one shell."""
    found = _played(page)
    from_checkout = any("pip install -q './" in command for command in _commands(page))
    with Story(DONE_INSTEAD, from_checkout=from_checkout) as story:
        for block in found:
            story.play(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_installs_what_it_uses(page):
    """cycle-exec first, all in the same words but where it comes from; Debian's programs by the
    names of their packages.
    """
    commands = _commands(page)
    if any("cycle-exec" in command for command in commands):
        first = [each for each in commands if not each.startswith(tuple(COMMANDS))][:2]
        assert first[0] == INSTALL[0]
        assert re.fullmatch(r"pip install -q '(\./)?cycle-exec\[[a-z,-]+\]'( \w+)*", first[1])
    installed = " ".join(re.findall(r"apt-get install ([\w -]+)", page.read_text())).split()
    started = set(re.findall(r"(?:^|[|;&(]|--|\bdo) ?([\w-]+)", "\n".join(commands), re.MULTILINE))
    for name in sorted(PACKAGES.keys() & started):
        assert PACKAGES[name] in installed, name
        machine.program(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_file_is_called_by_its_name(page):
    """GitHub does not show the name behind the language: the text before the block has it, or its
    first line.
    """
    lines = page.read_text().splitlines()
    for block in blocks(page):
        if block.file:
            section = re.split(r"^##+ ", "\n".join(lines[: block.line - 1]), flags=re.MULTILINE)
            name = block.file.rpartition("/")[2]
            assert name in section[-1] or name in block.text.partition("\n")[0], str(block)


def test_an_image_starts_with_cycle_exec():
    """In the form that needs no shell."""
    shown = [block for page in PAGES for block in blocks(page)]
    images = [block for block in shown if (block.language, block.file) == ("dockerfile", "")]
    assert images
    for block in images:
        [words] = re.findall(r"^ENTRYPOINT (.*)$", block.text, re.MULTILINE)
        program, *_, last = json.loads(words)
        assert (program.rpartition("/")[2], last) == ("cycle-exec", "--"), str(block)
        [words] = re.findall(r"^CMD (.*)$", block.text, re.MULTILINE)
        assert json.loads(words)


def test_the_scripts_that_pages_name_are_there():
    """The blocks of this language name scripts of this project, and only those."""
    shown = [block for page in PAGES for block in blocks(page)]
    named = [block for block in shown if (block.language, block.file) == ("sh", "")]
    assert named
    for block in named:
        for line in block.text.splitlines():
            words = line.partition("#")[0].split()
            script = words[1] if words[0] == "sh" else words[0]
            assert script in SCRIPTS, f"{block}: {line}"
            assert (HOME / script).is_file(), f"{block}: {line}"
            assert words[0] == "sh" or os.access(HOME / script, os.X_OK), f"{block}: {line}"


def test_what_is_not_run_is_shown_somewhere():
    """The list is as short as it can be."""
    languages = {block.language for page in PAGES for block in blocks(page) if not block.file}
    assert LANGUAGES.keys() <= languages
    commands = [command for page in PAGES for command in _commands(page)]
    for begin in COMMANDS:
        assert any(command.startswith(begin) for command in commands), begin
