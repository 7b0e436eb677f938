"""The context that templates are tried with: every kind of value, and secrets in many places."""

from __future__ import annotations

from cycle_exec.errors import Problem, Refused
from cycle_exec.planning.templates import rendering, substitution

CANARY = "c4n4ry"

CONTEXT = {
    "env": {"A": "one", "B": "{{ env.A }}\r\n", "items": "key", "empty": "", "n": 7, "f": 1.5},
    "variables": {
        "SECRET": CANARY,
        "JSON": f'{{"{CANARY}": ["{CANARY}", {{"a": "{CANARY}"}}]}}',
        "LONG": f"{CANARY} " * 5,
        "NUMBER": "12",
    },
    "integrations": {"s3-x.y": {"secret": CANARY, "none": None, "yes": True, "list": [CANARY]}},
    "gone": Problem(kind="unavailable", subject="server", reason="it is down"),
    "a": "text",
}


def outcome(text: str, *, plain: bool) -> tuple[str, frozenset[str]] | tuple[Problem, ...]:
    """The text and the names that it used, or every problem. Raises nothing."""
    sources = {"t": text}
    try:
        prepared = rendering.prepare(sources, substitution.parsed(sources) if plain else {})
        return rendering.render(prepared, "t", CONTEXT), prepared.used
    except Refused as refused:
        return refused.problems
