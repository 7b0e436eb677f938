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
# It installs what others have already: tests/packaging/test_install_page.py plays it.
PAGES.remove(HOME / "docs" / "install.md")

# All that pages show and this test does not run, with the reason.
#
# Languages of whole blocks:
LANGUAGES = {
    "dockerfile": "tests/packaging/test_dockerfiles.py builds and starts each",
    "sh": "a script of this project, which takes minutes or runs all tests; CI runs each",
}
# Commands, by their beginning:
COMMANDS = {
    "git clone -q https://github.com/cycle-exec/cycle-exec": "the commit that is tested need not "
    "be there: a copy of this tree is put where it would be",
    "apt-get update": "the machine has Debian's programs already; that they are those is tested",
}
# Files that no command and no manifest of their page uses, by their endings:
FILES = {
    "entrypoint.sh": "it is what cycle-exec replaces; tests/examples plays one like it",
    "locked.py": "it needs PostgreSQL, and a project of Django's",
    "test.yml": "it is GitHub's; test_recipes.py plays its steps",
}
# Commands in indented lines, by their beginning:
INDENTED = {
    ".venv/bin/python -m": "the work of contributors",
    "git clone https://github.com/cycleplatform/api-spec": "the platform's document is not ours",
    "npx": "the platform's document is not ours",
    "sh tests/quick.sh -k nothing": "the work of contributors",
    "ssh": "it needs a container with an SSH server",
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
    assert languages - LANGUAGES.keys() == {"console", "toml"}
    assert LANGUAGES.keys() <= languages
    commands = [command for page in PAGES for command in _commands(page)]
    for begin in COMMANDS:
        assert any(command.startswith(begin) for command in commands), begin
    words = r"cycle-exec(?!:)|curl|docker|git|npx|pip|python3?|sh|ssh|[./]\S+"
    text = "\n".join(page.read_text() for page in PAGES)
    indented = re.findall(rf"^ {{4}}((?:{words}) .*)", text, re.MULTILINE)
    assert [line for line in indented if not line.startswith(tuple(INDENTED))] == []
    assert all(any(line.startswith(begin) for line in indented) for begin in INDENTED)


def test_programs_and_settings_of_a_page_are_used_by_it():
    """Manifests are checked, and templates are what manifests name."""
    unused = set()
    for page in PAGES:
        commands = " ".join(_commands(page))
        manifests = " ".join(block.text for block in blocks(page) if block.language == "toml")
        for path in (Path(block.file) for block in blocks(page) if block.file):
            if path.suffix in (".py", ".sh", ".yaml", ".yml") and path.name != "conftest.py":
                name = path.stem if path.suffix == ".py" else path.name
                used = name in commands or f'"{path.name}"' in manifests
                unused |= set() if used else {path.name}
    assert unused == FILES.keys()
