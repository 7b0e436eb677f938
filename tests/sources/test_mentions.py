"""Names that a template mentions, found without Jinja2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, TemplateSyntaxError, meta

from cycle_exec.sources.needs import FETCHED_NAMES, mentions

KNOWN = frozenset(("server", "hub", "instances"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("server", set()),
        ("{{ server }}", {"server"}),
        ("{{server.id}}", {"server"}),
        ("{% for i in instances %}{{ i }}{% endfor %}", {"instances"}),
        ("{%- if hub -%}x{%- endif -%}", {"hub"}),
        ("{{ variables.server }}", set()),
        ("{{ variables['server'] }}", set()),
        ('{{ "}}" ~ server }}', {"server"}),
        ("{% if '%}' ~ hub %}x{% endif %}", {"hub"}),
        ("{% raw %}{{ it's }}{% endraw %}{{ server }}{{ '}}' ~ hub }}", {"server", "hub"}),
        ("{# {{ server }} #}", set()),
        ("{{ my_server }} {{ servers }} {{ server2 }}", set()),
        ("{{ f(hub) ~ server|upper }}", {"hub", "server"}),
        ("{{ 'it\\'s' ~ server }}", {"server"}),
        ("{{ server", {"server"}),
        ("{% raw %}{{ server }}{% endraw %}", {"server"}),
        ("{% set server = 1 %}", set()),
        ("{% set server = hub %}", {"hub"}),
        ("{{ dict(server=hub) }}", {"hub"}),
        ("{{ a == server }} {{ (server == b) }}", {"server"}),
        ("", set()),
    ],
)
def test_names_in_expression_blocks_are_found(text, found):
    """Plain text, comments, strings, attributes, parts of words and keywords do not count."""
    assert mentions(text, KNOWN) == found


PIECES = st.sampled_from(
    [
        "server", "hub", "instances", "x", "variables", ".", "['server']", '"hub"', "|", "upper",
        "(", ")", ",", "=", "==", "~", "+", "[", "]", "1", " ", "\n", "{{", "}}", "{%", "%}", "{#",
        "#}", "for i in", "endfor", "if", "endif", "set", "{%-", "-%}", "'", '"', "\\", "{", "}",
        "raw", "endraw", "is defined", "not", "and", '"}}"', "'%}'",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25).map("".join))
def test_no_used_name_is_missed(text):
    """Whatever Jinja2 takes from the context is among the mentions."""
    try:
        used = meta.find_undeclared_variables(Environment().parse(text))
    except TemplateSyntaxError:
        return
    assert used & FETCHED_NAMES <= mentions(text, FETCHED_NAMES)
