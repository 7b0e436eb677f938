"""Rules for texts: the predicate and the JSON Schema pattern mean the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.settings import duration, rules

_RULES = [rule for rule in vars(rules).values() if isinstance(rule, rules.Rule)]
_WORDS = st.lists(
    st.sampled_from(
        [
            *"//aZ_9078:= .*5-\0\t\x7f\u00e9",
            "auth",
            "extra",
            "s",
            "ms",
            "777",
            "600",
            "root",
            "A1",
            "SIG",
            "TERM",
            "RTMIN",
            "+",
            "3",
            "NONE",
            "none",
            "restart",
            "signal:",
            "tcp://",
            "http://",
            "https://",
            "unix:",
            "file:",
            "dns://",
            "container://",
            "[::1]",
            "?instances=",
            "all",
            "5432",
            "65536",
            "{{",
            "%",
            "#",
        ]
    ),
    max_size=6,
).map("".join)


@pytest.mark.parametrize(
    "rule",
    [rule for rule in _RULES if rule is not rules.DURATION],
    ids=lambda rule: rule.pattern,
)
@given(text=_WORDS | st.text(st.characters(exclude_characters="\n"), max_size=6))
def test_pattern(rule, text):
    """A rule accepts what its pattern matches."""
    assert rule.accepts(text) == (re.search(rule.pattern, text) is not None)


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (rules.NAME_GLOB, ["A", "PIP_*", "*", "?_A"], ["", "1A*", "A-B", "*\n"]),
        (rules.NAME, ["A", "_a1"], ["", "1A", "A-B", "A B", "\u00c9T\u00c9", "A\n"]),
        (rules.MODE, ["600", "0600", "0777", "000"], ["", "60", "4755", "1777", "0o600", "888"]),
        (rules.UMASK, ["022", "0027", "000", "0777"], ["", "22", "0", "1022", "888", "0o22"]),
        (rules.LIMIT, ["nofile", "as", "locks"], ["", "NOFILE", "files", "nofile "]),
        (rules.OWNER, ["app", "app:app", ":app", "0:0"], ["", ":", "app:", "a b", "a:b:c", "a:b "]),
        (rules.TARGET, ["/a", "/a/b/"], ["", "/", "//", "a/b", "./a", "/a\0"]),
        (rules.FIELD, ["auth.key_id", "extra.a.b"], ["", "auth.", "key", "other.x", "auth"]),
        (rules.INHERITED_NAME, ["*", "node.name"], ["", "A=B", "A\0"]),
    ],
)
def test_examples(rule, good, bad):
    """Names, modes, owners and targets are judged as documented."""
    assert [text for text in good if not rule.accepts(text)] == []
    assert [text for text in bad if rule.accepts(text)] == []


def test_duration_pattern():
    """The rule of durations has the pattern of durations."""
    assert rules.DURATION.pattern == duration.PATTERN
