"""What a plan says of itself."""

from __future__ import annotations

import pytest

from cycle_exec.planning.model import (
    CERTIFICATE,
    DOTENV,
    INHERITED,
    TEMPLATE,
    CertificateSummary,
    FileWrite,
    Plan,
    counted,
)


def write(path: str, kind: str) -> FileWrite:
    return FileWrite(path=path, content=b"", mode=0o600, kind=kind)


def test_a_plan_counts_what_it_brings():
    """Nothing that was inherited, each certificate once, and of all targets the templates."""
    plan = Plan(
        environ={"A": "1", "B": "2", "C": "3"},
        sources={"A": INHERITED, "B": "scoped variable B", "C": "environment.set"},
        writes=(
            write("/a", TEMPLATE),
            write("/c/a.test/cert.pem", CERTIFICATE),
            write("/d", DOTENV),
        ),
        certificates=(
            CertificateSummary(
                domains=("a.test", "b.test"),
                issuer="CA",
                not_before=0,
                not_after=1,
                key_type="EC P-256",
            ),
        ),
    )
    assert plan.counts() == {"variable": 2, "certificate": 1, "template": 1}
    assert counted(plan.counts()) == "2 variables, 1 certificate, 1 template"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, ""),
        ({"variable": 0, "certificate": 0, "template": 0}, ""),
        ({"variable": 12, "certificate": 0, "template": 1}, "12 variables, 1 template"),
        ({"file written": 2, "folder made": 1}, "2 files written, 1 folder made"),
    ],
)
def test_counts_are_words_without_the_zeros(counts, words):
    """The line of a start, and of a render."""
    assert counted(counts) == words
