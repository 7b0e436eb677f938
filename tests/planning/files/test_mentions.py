"""Paths in texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cycle_exec.planning.files import mentions


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (b"", []),
        (b"include /etc/a/*.conf;", [b"/etc/a/*.conf"]),
        (b'crt "/c/x.pem" key=/c/k.pem', [b"/c/x.pem", b"/c/k.pem"]),
        (b"unix:/run/a.sock, b:/run/b", [b"/run/a.sock", b"/run/b"]),
        (b"files: [/sd/a.json, '/sd/b.json']", [b"/sd/a.json", b"/sd/b.json"]),
        (b"-c/etc/a.conf", [b"/etc/a.conf"]),
        (b"file:///etc/a sqlite:////srv/b", [b"///etc/a", b"////srv/b"]),
        (b"curl -d @/etc/a", [b"/etc/a"]),
        (b"caf\xc3\xa9 /etc/caf\xc3\xa9.conf", [b"/etc/caf\xc3\xa9.conf"]),
        (b"see /etc/a.", [b"/etc/a.", b"/etc/a"]),
        # No absolute paths.
        (b"http://app/etc/a ${base}/etc/a $base/etc/a etc/a ~/a ../a $(b)/a", []),
    ],
)
def test_absolute_paths(text, paths):
    """However a config writes them; what only ends like one is none."""
    assert list(mentions.absolute(text)) == paths


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (b"include conf.d/*.conf;", [b"conf.d/*.conf"]),
        (b"rule_files: [rules/*.yml]", [b"[rules/*.yml]", b"rules/*.yml"]),
        (b"-f ./a ../b c.d plain 10.0.0.1 1/2 *", [b"./a", b"../b", b"c.d"]),
        (b"/etc/a ${base}/conf.d $x/y", []),
        (b"-----BEGIN X-----\nab/cd\n-----END X-----\na/b", [b"a/b"]),
    ],
)
def test_relative_paths(text, paths):
    """Words with a slash, a dot or a pattern, and a letter."""
    assert list(mentions.relative(text)) == paths


MOVED = {b"/etc/a": b"/M/etc/a", b"///etc/a": b"/M/etc/a", b"/odd name": b"/M/odd name"}


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (b"x /etc/a;/etc/a\n", b"x /M/etc/a;/M/etc/a\n"),
        (b"/etc/a. /etc/ab /x/etc/a", b"/M/etc/a. /etc/ab /x/etc/a"),
        (b"file:///etc/a", b"file:///M/etc/a"),
        (b"[/etc/a]", b"[/M/etc/a]"),
        (b"'/odd name' /odd names", b"'/M/odd name' /odd names"),
    ],
)
def test_paths_that_are_replaced(text, seen):
    """As a whole, and nothing else."""
    assert mentions.replaced(text, MOVED.get, [b"/odd name"]) == seen


def test_relative_paths_that_are_replaced():
    """By absolute ones."""
    moved = {b"conf.d/*": b"/M/conf.d/*"}.get
    text = b"include conf.d/*; other/conf.d/* [conf.d/*]"
    seen = b"include /M/conf.d/*; other/conf.d/* [/M/conf.d/*]"
    assert mentions.relative_replaced(text, moved) == seen


@given(st.binary(), st.lists(st.sampled_from([b"/a", b"b/c", b" ", b"[", b"-c", b"\n", b"\xff"])))
def test_nothing_else_is_changed(noise, parts):
    """A text without such a path stays as it is."""
    text = noise + b"".join(parts)
    assert mentions.replaced(text, lambda _: None, [b"/odd name"]) == text
    assert mentions.relative_replaced(text, lambda _: None) == text
