"""A config as its check sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.planning.files.preview import preview

STAGED = {"/c/cert.pem": "/c/.cert.pem.x", "/c/cert": "/c/.cert.y", "/c": "/.c.z"}


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"", b""),
        (b"/c/cert.pem", b"/c/.cert.pem.x"),
        (b"a /c/cert.pem;/c/cert.pem\n", b"a /c/.cert.pem.x;/c/.cert.pem.x\n"),
        (b'"/c/cert"', b'"/c/.cert.y"'),
        (b"/c/cert.pem.old /c/cert2 /mnt/c/cert x/c/cert", None),
        (b"/c/cert/c/cert", None),
        (b"file:/c/cert", b"file:/c/.cert.y"),
        (b"/c /c/ /c/other", b"/.c.z /c/ /c/other"),
    ],
)
def test_whole_paths_alone_are_replaced(content, seen):
    """Not the beginning of another, nor its end."""
    assert preview(content, STAGED) == (content if seen is None else seen)


@given(st.lists(st.sampled_from(["/c/cert.pem", "/c/cert", "/c", "/d", " ", ";", "x", "\n"])))
def test_the_way_back_gives_the_content(parts):
    """Nothing else is changed: replacing the staged paths again gives what was there."""
    content = "".join(parts).encode()
    seen = preview(content, STAGED)
    for target, staged in STAGED.items():
        seen = seen.replace(staged.encode(), target.encode())
    assert seen == content


def test_nothing_staged_is_nothing_changed():
    """The very content."""
    assert preview(b"/c/cert.pem", {}) == b"/c/cert.pem"
