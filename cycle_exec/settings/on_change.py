"""What is done when a target or the environment has changed while the app runs: [..] on_change.

In Records it is a tuple: ("none",), ("restart",), ("signal", "HUP") or ("command", WORD...).
"""

from __future__ import annotations

from cycle_exec.settings.rules import Rule
from cycle_exec.settings.signal_names import PATTERN, bare, is_signal

_SIGNAL = "signal:"


def _accepts(text: str) -> bool:
    return text in ("none", "restart") or (
        text.startswith(_SIGNAL) and is_signal(text.removeprefix(_SIGNAL))
    )


def _made(text: str) -> tuple[str, ...]:
    kind, colon, name = text.partition(":")
    return (kind, bare(name)) if colon else (kind,)


RULE = Rule(
    expected='"none", "restart", "signal:NAME" or { command = ["WORD", ...] }',
    accepts=_accepts,
    pattern=f"^none$|^restart$|^signal:{PATTERN.removeprefix('^')}",
    make=_made,
)
