"""The same targets on inputs made of their own words, and of pieces of their corpus."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import inputs
from tests.fuzz.targets import TARGETS

_bounded = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def _sentences(name: str) -> st.SearchStrategy[bytes]:
    """Words of the target's language, with noise between them."""
    word = st.sampled_from(TARGETS[name].words)
    return st.lists(st.one_of(word, word, word, st.binary(max_size=2)), max_size=12).map(b"".join)


def _changed(name: str) -> st.SearchStrategy[bytes]:
    """The beginning of one input, words, and the end of another one."""
    known = st.sampled_from(sorted(inputs.of(name).values()))
    piece = st.tuples(known, st.floats(0, 1))
    return st.tuples(piece, _sentences(name), piece).map(lambda parts: _joined(*parts))


def _joined(first: tuple[bytes, float], between: bytes, second: tuple[bytes, float]) -> bytes:
    (head, until), (tail, since) = first, second
    return head[: round(len(head) * until)] + between + tail[round(len(tail) * since) :]


@pytest.mark.parametrize("name", TARGETS)
def test_sentences_of_its_language_keep_the_properties(name):
    """What looks right, and mostly is not."""

    @_bounded
    @given(_sentences(name))
    def holds(data: bytes) -> None:
        TARGETS[name].run(data)

    holds()


@pytest.mark.parametrize("name", TARGETS)
def test_changed_inputs_keep_the_properties(name):
    """What was right until something was put into it."""

    @_bounded
    @given(_changed(name))
    def holds(data: bytes) -> None:
        TARGETS[name].run(data)

    holds()
