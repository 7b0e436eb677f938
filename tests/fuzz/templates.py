"""Templates: any of them is rendered or refused, and no refusal shows a secret."""

from __future__ import annotations

import re

from cycle_exec.errors import Refused
from cycle_exec.planning.templates import rendering
from cycle_exec.planning.templates.filters import table
from cycle_exec.sources.needs import mentions
from tests.fuzz import substitution
from tests.fuzz.context import CANARY, CONTEXT
from tests.fuzz.wording import assert_told

# What takes too long or too much is its author's own doing: no long numbers, no loops in loops.
_HEAVY = re.compile(rb"\d{4}|(range|lipsum|for|macro|\*).*(range|lipsum|for|macro|\*)", re.DOTALL)

_FILTERS = (*table.FILTERS, "default", "required", "map", "list", "join", "sort", "first", "int")
WORDS = (
    *substitution.WORDS,
    *(f"|{name}".encode() for name in _FILTERS),
    *(b"{% if a %}", b"{% else %}", b"{% endif %}", b"{% for x in ", b"{% endfor %}", b"{% set x"),
    *(b"{% macro m(x) %}", b"{% endmacro %}", b"{% raw %}", b"{% endraw %}", b"{% block b %}"),
    *(b"{% filter ", b"{% call ", b"{% with ", b"{% include ", b"{% import ", b"{%- ", b" -%}"),
    *(b"(", b")", b",", b"=", b"==", b"~", b" in ", b" not ", b" is defined", b" is ", b"|attr("),
    *(b"variables.SECRET", b"variables.JSON|from_json", b"variables[", b"variables.SECRET)", b"{}"),
    *(b"[variables.SECRET]", b"|e", b"x=1", b"**", b"*", b"'%s' % ", b"namespace()", b"range(3)"),
)


def target(data: bytes) -> None:
    """A name that is used is a name that was found before anything was fetched, too."""
    if _HEAVY.search(data) or CANARY.encode() in data.lower():
        return
    text = data.decode("utf-8", "replace")
    try:
        prepared = rendering.prepare({"t": text}, {})
        known = CONTEXT.keys()
        assert prepared.used & known <= mentions(text, known)
        rendering.render(prepared, "t", CONTEXT)
    except Refused as refused:
        assert_told(refused.problems, hidden=CANARY)
