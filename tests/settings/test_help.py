"""The help pages."""

from __future__ import annotations

import pytest

from cycle_exec.errors import KINDS
from cycle_exec.presentation import help as pages
from cycle_exec.settings.options import OPTIONS
from cycle_exec.settings.verbs import GROUPS, VERBS

PAGES = [
    pages.root_page(),
    *(pages.group_page(name) for name in GROUPS),
    *(pages.verb_page(verb) for verb in VERBS),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.splitlines()[1].strip())
def test_layout(page):
    """A page is printable ASCII in 80 columns, with usage, purpose and examples."""
    assert page.isascii()
    assert max(map(len, page.splitlines())) <= 80
    assert page.startswith("usage:\n  cycle-exec")
    assert "\nexamples:\n" in page
    assert page.endswith("\n")


def test_root_tells_everything():
    """The page of the program shows each option with variable and key, each verb and code."""
    page = " ".join(pages.root_page().split())
    for option in OPTIONS:
        assert option.name in page
        assert option.variable in page
        assert option.key in page
    for verb in VERBS:
        assert f"{verb.name} {verb.summary}" in page
    for kind in KINDS.values():
        assert str(kind.code) in page


def test_dev_env_file():
    """In dev, --env-file is the emulator's alone."""
    (verb,) = (verb for verb in VERBS if verb.name == "dev")
    page = pages.verb_page(verb)
    assert page.count("--env-file FILE") == 1
    assert "CYCLE_EXEC_ENV_FILE" not in page
