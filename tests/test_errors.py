"""Problems, refusals and their exit codes."""

from __future__ import annotations

import pytest

from cycle_exec.errors import KINDS, Problem, Refused, Stopped, refuse

# sysexits.h, and the shell's 126 and 127.
CODES = {64, 65, 69, 70, 73, 77, 78, 126, 127}


def test_every_kind_has_a_code_of_the_table():
    """No kind ends with a code that is not documented, and every code has a kind."""
    assert {kind.code for kind in KINDS.values()} == CODES


@pytest.mark.parametrize("name", list(KINDS))
def test_every_kind_speaks_in_one_printable_line(name):
    """Sentences and fixes are lower case, printable ASCII, without a full stop."""
    kind = KINDS[name]
    for words in (kind.sentence, kind.fix):
        assert words.isascii()
        assert words.isprintable()
        assert not words.endswith(".")
        assert 10 < len(words) < 110


def test_the_earliest_stage_gives_the_code():
    """Problems are sorted by stage, and the first decides."""
    late = Problem(kind="check-failed", subject="b", reason="r")
    early = Problem(kind="file-missing", subject="a", reason="r")
    refused = Refused([late, early])
    assert refused.problems == (early, late)
    assert refused.code == 78


def test_a_problem_without_a_fix_takes_that_of_its_kind():
    """The way out is the problem's own, else its kind's."""
    assert Problem(kind="usage", subject="s", reason="r").way_out == KINDS["usage"].fix
    assert Problem(kind="usage", subject="s", reason="r", fix="so").way_out == "so"


def test_an_exception_text_holds_no_reason():
    """str() of a refusal, which a traceback would show, says how many problems there are."""
    assert str(refuse("usage", "subject", "canary")) == "1 problems"


def test_a_stop_ends_with_128_and_the_signal():
    """The shell's convention."""
    assert (Stopped(15, "SIGTERM").code, Stopped(15, "SIGTERM").name) == (143, "SIGTERM")
    assert (Stopped(13).code, Stopped(13).name) == (141, "")
