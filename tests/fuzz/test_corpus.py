"""Every input of the corpus, by hand or found by a run, keeps the properties of its target."""

from __future__ import annotations

import pytest

from tests.fuzz import inputs
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_keeps_the_properties(name):
    """Each input of a target, one after the other."""
    known = inputs.of(name)
    assert 5 <= len(known) <= inputs.MOST
    for file, content in known.items():
        try:
            TARGETS[name].run(content)
        except Exception as error:
            error.add_note(f"input {inputs.folder(name) / file}")
            raise


def test_there_is_a_corpus_for_each_target_and_no_other():
    """A target that is gone takes its inputs along."""
    assert {path.name for path in inputs.HOME.iterdir()} == TARGETS.keys()
