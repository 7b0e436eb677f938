"""What every message has to be."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cycle_exec.errors import KINDS, Problem

# No word of ours is longer; keys, tokens and base64 are.
_LONGEST_WORD = 20


def assert_ours(reason: str) -> None:
    """One line of printable ASCII in words of a sentence: nothing of what was read."""
    assert reason.isascii()
    assert reason.isprintable()
    assert reason
    assert max(map(len, reason.split(" "))) <= _LONGEST_WORD


def assert_told(
    problems: Iterable[Problem], kinds: Collection[str] = KINDS, hidden: str = ""
) -> None:
    """A refusal has problems, each of a known kind, with a subject and a reason.

    hidden: a secret that is in none of them.
    """
    told = list(problems)
    assert told
    assert not hidden or hidden.lower() not in repr(told).lower()
    for problem in told:
        assert problem.kind in kinds
        assert problem.subject
        assert problem.reason
